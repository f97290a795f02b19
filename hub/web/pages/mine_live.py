"""Word that a thing of one's own has said something, as server-sent events.

Rule: the stream carries no values, and it ends with the link: whoever left, or whose link was ended, hears no more.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import Audience
from hub.core.grade import HOUR
from hub.core.query import Query
from hub.web.context import Context
from hub.web.pages.mine_link import COOKIE, expired
from hub.web.pages.property_live import stream


async def answer(context: Context, request: Request) -> Response:
    """An event ``changed`` for every addition, at most one a second."""
    token = request.cookies.get(COOKIE)
    audience, things = await asyncio.to_thread(_who, context, token)
    if audience is None:
        return expired(context, request)
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    query = Query(things=things, since=context.now() // HOUR * HOUR - 2 * HOUR)
    return stream(context, query, audience, token)


def _who(context: Context, token: str | None) -> tuple[Audience | None, frozenset[str]]:
    audience = context.gate.audience_of_link(token) if token else None
    if audience is None:
        return None, frozenset()
    return audience, frozenset(thing.handle for thing in context.gate.mine(audience))
