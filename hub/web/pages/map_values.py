"""What the map draws: areas with their value, public instruments with theirs, as GeoJSON."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.web.context import SHARED, Context
from hub.web.inside import side_of
from hub.web.picture import take
from hub.web.values import map_values


def answer(context: Context, request: Request) -> Response:
    """One property of the whole place."""
    observed = context.properties.get(request.path_params["property"])
    if observed is None:
        raise HTTPException(404)
    side = side_of(context, request, observed)
    picture = take(context.gate, observed, context.now(), context.zone, context.ground, inside=side.inside)
    told = map_values(side.observed, picture, context.zone)
    return JSONResponse(told, headers={"Cache-Control": SHARED}, media_type="application/geo+json")
