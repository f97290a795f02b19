"""The map page's numbers as CSV: the rows of the last closed hour, and the newest of each public instrument."""

from __future__ import annotations

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.core.disclosed import Disclosed
from hub.core.grade import DAY, HOUR, Kind
from hub.core.query import Query
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
    street = _of_kind(hours, Kind.NOBODY)
    last = street.time.max() if len(street) else 0
    parts = (street.where(street.time >= max(last, now - 4 * HOUR)), _of_kind(newest, Kind.NAMED))
    return numbers(parts, context.properties, f"{observed.id}-now")


def _of_kind(shown: Disclosed, kind: Kind) -> Disclosed:
    return shown.where(np.array([f.kind is kind for f in shown.faces] or [False])[shown.face])
