"""The rows of a property as CSV: what the page's medians are made of."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.core.grade import DAY, HOUR
from hub.core.query import Query
from hub.web.asked import asked
from hub.web.context import Context
from hub.web.numbers import numbers

ROWS_FOR = 31 * DAY
"""For so long every reading of a public instrument is given; of longer stretches its hours."""


def answer(context: Context, request: Request) -> Response:
    """The same stretches as the page."""
    observed = context.properties.get(request.path_params["property"])
    if observed is None:
        raise HTTPException(404)
    stretch = asked(request.query_params, context.now(), context.zone)
    window = HOUR if stretch.until - stretch.since > ROWS_FOR else 0
    query = Query(properties=frozenset({observed.id}), since=stretch.since, until=stretch.until, window=window)
    return numbers((context.gate.read(query, PUBLIC),), context.properties, observed.id, window)
