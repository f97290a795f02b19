"""What a public instrument measured, as CSV."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.core.grade import HOUR
from hub.core.query import Query
from hub.web.asked import asked
from hub.web.context import Context
from hub.web.numbers import numbers
from hub.web.pages.property_numbers import ROWS_FOR
from hub.web.pages.thing import named


def answer(context: Context, request: Request) -> Response:
    """The same stretches as a property's page; a day when none is asked for."""
    handle = request.path_params["handle"]
    stretch = asked(request.query_params, context.now(), context.zone)
    window = HOUR if stretch.until - stretch.since > ROWS_FOR else 0
    query = Query(things=frozenset({handle}), since=stretch.since, until=stretch.until, window=window)
    shown = context.gate.read(query, PUBLIC)
    named(shown)
    return numbers((shown,), context.properties, "instrument", window)
