"""The mark of the hub: the `open` ring."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.web.context import SHARED, Context

_RING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M15.1 3.54A9 9 0 1 0 20.46 8.9" fill="none" '
    b'stroke="#7a756b" stroke-width="3" stroke-linecap="round"/></svg>'
)


def answer(_: Context, __: Request) -> Response:
    """An SVG, readable on light and dark tabs."""
    return Response(_RING, media_type="image/svg+xml", headers={"Cache-Control": SHARED})
