"""What search engines are asked: not to follow links to owners' pages, nor to copy numbers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.web.context import SHARED, Context

_TEXT = "User-agent: *\nDisallow: /mine\nDisallow: /*.csv$\nDisallow: /*/live$\n"


def answer(_: Context, __: Request) -> Response:
    """The Robots Exclusion Protocol (RFC 9309)."""
    return PlainTextResponse(_TEXT, headers={"Cache-Control": SHARED})
