"""The map page's numbers as CSV: the rows of the last closed hour, and the newest of each public instrument."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.core.disclosed import Disclosed
from hub.core.grade import DAY, HOUR, Kind
from hub.core.query import Query
from hub.web.between import of_kind
from hub.web.context import Context
from hub.web.numbers import numbers
from hub.web.pages.now import chosen


def answer(context: Context, request: Request) -> Response:
    """``?property=`` chooses what is shown."""
    observed = chosen(context, request, context.shown_properties())
    now = context.now()
    one = frozenset({observed.id})
    hours = context.gate.read(Query(properties=one, since=now - DAY), PUBLIC)
    newest = context.gate.read(Query(properties=one, since=now - 7 * DAY, newest=True), PUBLIC)
    homes = (_last(hours.where(of_kind(hours, kind)), now) for kind in (Kind.RELEASE, Kind.NOBODY))
    parts = (*homes, newest.where(of_kind(newest, Kind.NAMED)))
    return numbers(parts, context.properties, f"{observed.id}-now")


def _last(shown: Disclosed, now: int) -> Disclosed:
    """The rows of the last hour that there is, if that is not long ago."""
    last = shown.time.max() if len(shown) else 0
    return shown.where(shown.time >= max(last, now - 4 * HOUR))
