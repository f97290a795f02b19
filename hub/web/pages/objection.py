"""What somebody said to whoever measures, and what was answered; found by a random handle and by nothing else.

Rule: never kept by anybody on the way, never looked for by search engines; an unknown handle is a page that is not
there.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.web.context import PRIVATE, Context
from hub.web.measured import one_measured


def answer(context: Context, request: Request) -> Response:
    """The words, the day, and the answers in no order that tells anything."""
    said = context.gate.said(request.path_params["handle"])
    if said is None:
        raise HTTPException(404)
    about = one_measured(context, said.card)
    return context.page(
        request, "objection.html", keep=PRIVATE, said=said, about=about, properties=context.shown_properties(),
    )  # fmt: skip
