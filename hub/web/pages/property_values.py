"""What the chart of a property draws, as JSON."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.web.asked import asked
from hub.web.context import SHARED, Context
from hub.web.inside import side_of
from hub.web.over_time import read_over_time
from hub.web.values import chart_hours, chart_instants


def answer(context: Context, request: Request) -> Response:
    """The same stretches as the page."""
    observed = context.properties.get(request.path_params["property"])
    if observed is None:
        raise HTTPException(404)
    stretch = asked(request.query_params, context.now(), context.zone)
    inside = side_of(context, request, observed).inside
    shown, series = read_over_time(context.gate, observed, stretch, context.zone, inside=inside)
    if series is None:
        told = chart_instants(observed, shown, stretch, context.zone)
    else:
        told = chart_hours(observed, series, stretch, context.zone)
    return JSONResponse(told, headers={"Cache-Control": SHARED})
