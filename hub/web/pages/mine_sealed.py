"""What an owner's things have sealed: how much there is, how to get it, and how to open it at home.

Rule: the hub cannot read it and says so; nothing here asks for a key.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.web.context import PRIVATE, Context
from hub.web.pages.mine_link import COOKIE, expired


def answer(context: Context, request: Request) -> Response:
    """The page of whoever holds the link in the cookie."""
    token = request.cookies.get(COOKIE)
    audience = context.gate.audience_of_link(token) if token else None
    if audience is None:
        return expired(context, request)
    boxes = context.gate.letter_boxes(audience)
    return context.page(
        request, "sealed.html", keep=PRIVATE, boxes=boxes, keys=context.gate.sealing_keys(audience),
        properties=context.shown_properties(),
    )  # fmt: skip
