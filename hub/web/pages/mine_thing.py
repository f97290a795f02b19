"""How one of an owner's things has been: when it spoke, when it was silent, what was late, doubtful or refused.

From here it is handed over, too.

Rule: for its household alone, and nobody is told that they look. What is another's, what is not there and what nobody
may see answer alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.web import joining
from hub.web.context import PRIVATE, Context
from hub.web.pages.mine import holder
from hub.web.pages.mine_join import shown_once
from hub.web.pages.mine_link import expired
from hub.web.record import MOST_SILENCES, told


def answer(context: Context, request: Request) -> Response:
    """The record of the thing of a handle."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    record = context.gate.record(request.path_params["handle"], audience)
    if record is None:
        raise HTTPException(404)
    return context.page(
        request, "record.html", keep=PRIVATE, told=told(record, context.properties, context.now(), context.zone),
        record=record, most=MOST_SILENCES, properties=context.shown_properties(),
    )  # fmt: skip


def act(context: Context, request: Request, form: Mapping[str, str]) -> Response:
    """Make the token by which the thing is handed over."""
    audience = holder(context, request)
    if audience is None:
        return expired(context, request)
    handle = request.path_params["handle"]
    titles = {its: title for estate in context.gate.estates(audience) for its, title in estate.things}
    if handle not in titles or form.get("do") != "offer":
        raise HTTPException(404)
    return shown_once(context, request, joining.offer(context, audience, handle, titles[handle]))
