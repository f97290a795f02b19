"""The link an owner was given: it turns into a cookie, so that her address does not stay in the window.

Rule: the cookie holds the link itself and nothing else; the gate decides at every look who that is. An unknown link
and one that has expired answer alike.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.web.context import PRIVATE, Context

COOKIE = "barrio_link"


def answer(context: Context, request: Request) -> Response:
    """Take the link, keep it for this window, go on to my things.

    The page goes on by itself (a refresh) instead of a redirect: a browser that came here from a letter would not
    send a `SameSite=Strict` cookie along with a redirect.
    """
    token = request.path_params["token"]
    if context.gate.audience_of_link(token) is None:
        return expired(context, request)
    page = context.page(request, "welcome.html", keep=PRIVATE)
    address = context.settings.web.address or ""
    page.set_cookie(COOKIE, token, path="/mine", httponly=True, samesite="strict", secure=address.startswith("https:"))
    return page


def expired(context: Context, request: Request) -> Response:
    """What everybody sees who has no link that holds."""
    page = context.page(request, "expired.html", status=403, keep=PRIVATE)
    page.delete_cookie(COOKIE, path="/mine", httponly=True, samesite="strict")
    return page
