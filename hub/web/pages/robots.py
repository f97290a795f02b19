"""What search engines are asked: not to follow links to owners' pages and letters, nor to copy numbers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hub.web.context import SHARED, Context

_NOT = ("/mine", "/objection", "/card/*/object", "/*.csv$", "/*/live$")
_TEXT = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in _NOT)


def answer(_: Context, __: Request) -> Response:
    """The Robots Exclusion Protocol (RFC 9309)."""
    return PlainTextResponse(_TEXT, headers={"Cache-Control": SHARED})
