"""Leaving her page at once: the link is forgotten on this device, and the map stands there instead."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.web.context import PRIVATE, Context
from hub.web.pages.mine_link import COOKIE


def answer(_: Context, __: Request) -> Response:
    """Nothing is ended: the link itself holds until it expires, on any other device too."""
    page = RedirectResponse("/", 303, headers={"Cache-Control": PRIVATE})
    page.delete_cookie(COOKIE, path="/mine", httponly=True, samesite="strict")
    return page
