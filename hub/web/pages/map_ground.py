"""What lies under the values: the operator's streets and houses."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.web.context import SHARED, Context


def answer(context: Context, _: Request) -> Response:
    """The same for everybody, until the hub is started again."""
    return Response(context.ground.body, media_type="application/geo+json", headers={"Cache-Control": SHARED})
