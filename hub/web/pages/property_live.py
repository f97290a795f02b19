"""Word that something new is shown of a property, as server-sent events.

Rule: the stream carries no values; whoever hears it asks the page again. It speaks when something is added, and is
silent when something goes: no update tells of a removal.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hub.core.audience import PUBLIC, Audience
from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR
from hub.core.query import Query
from hub.web.cache import LENIENT
from hub.web.context import PRIVATE, Context

_STILL_THERE = 15.0
_LONGEST = 3600.0


async def answer(context: Context, request: Request) -> Response:
    """An event ``changed`` for every addition, at most one a second; the browser comes back when an hour is over."""
    observed = context.properties.get(request.path_params["property"])
    if observed is None:
        raise HTTPException(404)
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    since = context.now() // HOUR * HOUR - 2 * HOUR
    query = Query(properties=frozenset({observed.id}), since=since)
    return stream(context, query, PUBLIC)


def stream(context: Context, query: Query, audience: Audience, token: str | None = None) -> Response:
    """The events of what an audience may see of this; it ends with the link by which somebody is that audience."""
    events = _events(context, query, audience, token)
    headers = {"Cache-Control": PRIVATE, "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(context: Context, query: Query, audience: Audience, token: str | None) -> AsyncIterator[str]:
    answers = context.live.watch(query, audience, token)
    coming = asyncio.ensure_future(anext(answers, None))
    over = asyncio.get_running_loop().time() + _LONGEST
    before: dict[str, tuple[int, int]] | None = None
    yield "retry: 3000\n\n"
    try:
        while asyncio.get_running_loop().time() < over:
            done, _ = await asyncio.wait({coming}, timeout=_STILL_THERE)
            if not done:
                yield ": still there\n\n"
                continue
            shown = coming.result()
            if shown is None:
                return
            coming = asyncio.ensure_future(anext(answers, None))
            now = _newest(shown)
            if before is not None and any(now[key] > before.get(key, (0, 0)) for key in now):
                await asyncio.sleep(LENIENT)  # until then a page may still be the old one
                yield "event: changed\ndata: changed\n\n"
            before = now
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await answers.aclose()


def _newest(shown: Disclosed) -> dict[str, tuple[int, int]]:
    """Of every face the time of its last row and how many it has."""
    rows = {face.key: shown.of(i)[0] for i, face in enumerate(shown.faces)}
    return {key: (int(time[-1]), len(time)) for key, time in rows.items() if len(time)}
