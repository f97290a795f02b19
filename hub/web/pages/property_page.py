"""One property over time: a sentence, a chart, the numbers as a table, and how it is known."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.core.grade import Kind
from hub.web.asked import RANGES, Asked, asked, form_time
from hub.web.between import of_kind
from hub.web.context import Context
from hub.web.inside import side_of
from hub.web.over_time import instants_as_series, read_over_time
from hub.web.page import Visible, each_property
from hub.web.picture import instruments
from hub.web.sentences import over_time_sentence
from hub.web.tables import instant_rows, window_rows


def answer(context: Context, request: Request) -> Response:
    """``?range=hour|day|week``, or ``?from=…&to=…`` in local time."""
    observed = context.properties.get(request.path_params["property"])
    if observed is None:
        raise HTTPException(404)
    now, zone = context.now(), context.zone
    stretch = asked(request.query_params, now, zone)
    side = side_of(context, request, observed)
    observed = side.observed
    shown, series = read_over_time(context.gate, observed, stretch, zone, inside=side.inside)
    rows = instant_rows(shown, observed, zone) if series is None else window_rows(series, observed, zone)
    whole = instants_as_series(shown, stretch) if series is None else series
    return context.page(
        request, "property.html", observed=observed, properties=context.shown_properties(), stretch=stretch, now=now,
        ranges=tuple(RANGES), sentence=over_time_sentence(observed, whole, stretch.name, zone), rows=rows,
        instruments=() if side.inside else instruments(context.gate, observed, now, zone), side=side,
        parameters=_parameters(stretch, context) + side.parameter,
        averages_shown=bool(of_kind(shown, Kind.RELEASE).any()), rows_shown=bool(of_kind(shown, Kind.NOBODY).any()),
        since=form_time(stretch.since, zone), until=form_time(stretch.until, zone),
    )  # fmt: skip


def paths(shown: Visible) -> list[str]:
    """Every property, over every stretch."""
    each = each_property("/property/{}")(shown)
    own = "from=2026-11-20&to=2026-11-22T10:00"
    return [*each, *(f"{p}?range={r}" for p in each for r in RANGES), *(f"{p}?{own}" for p in each)]


def _parameters(stretch: Asked, context: Context) -> str:
    """The same stretch as an address has it."""
    if stretch.name in RANGES:
        return f"range={stretch.name}"
    since, until = (form_time(moment, context.zone) for moment in (stretch.since, stretch.until))
    return f"from={since}&to={until}"
