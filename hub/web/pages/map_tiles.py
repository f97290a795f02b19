"""The operator's own map tiles, one PMTiles file read in ranges (RFC 9110 §14)."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from hub.web.context import Context


def answer(context: Context, _: Request) -> Response:
    """The file, or the part of it that a ``Range`` asks for; a 404 when the operator has none."""
    tiles = context.ground.tiles
    if tiles is None:
        raise HTTPException(404)
    return FileResponse(tiles, media_type="application/vnd.pmtiles", headers={"Cache-Control": "max-age=86400"})
