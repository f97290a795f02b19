"""Whether the pages can be served: for a supervisor, which learns no more than that."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.core.audience import PUBLIC
from hub.core.query import Query, StoreUnavailable
from hub.web.context import PRIVATE, Context


def answer(context: Context, _: Request) -> Response:
    """200 ``{"status": "ok"}``, or 503 when the store cannot answer."""
    try:
        now = context.now()
        context.gate.read(Query(since=now, until=now + 1, newest=True), PUBLIC)
    except StoreUnavailable:
        return JSONResponse({"status": "unavailable"}, 503, headers={"Cache-Control": PRIVATE})
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": PRIVATE})
