"""Saying something to whoever measures, without saying who one is.

Rule: no cookie, no name, no address is kept; how often one may write is counted without keeping who wrote. The words
reach all whom they concern, and neither side is shown to the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.actions import ActionRefused
from hub.web.context import PRIVATE, Context
from hub.web.page import Visible
from hub.web.pages import card

LONGEST = 1000
_MANY = "Much was written from here in the last hour. Your words are still below: try again in an hour."


def answer(context: Context, request: Request) -> Response:
    """The form."""
    return _form(context, request, "", "", 200)


def act(context: Context, request: Request, form: Mapping[str, str]) -> Response:
    """Let the words reach whoever measures, and go to where the answer will be."""
    words = form.get("words", "")
    card.card_of(context, request)
    if not context.turns.taken(request.client.host if request.client else ""):
        return _form(context, request, words, _MANY, 429)
    try:
        handle = context.own.object_to(request.path_params["key"], words)
    except ActionRefused as refused:
        if refused.code == "unknown":
            raise
        return _form(context, request, words, refused.text, 422)
    return RedirectResponse(f"/objection/{handle}", 303, headers={"Cache-Control": PRIVATE})


def paths(shown: Visible) -> Sequence[str]:
    """The form of every card."""
    return [f"{path}/object" for path in card.paths(shown)]


def _form(context: Context, request: Request, words: str, refused: str, status: int) -> Response:
    return context.page(
        request, "card_object.html", status=status, keep=PRIVATE, m=card.card_of(context, request), said=words,
        refused=refused, longest=LONGEST, properties=context.shown_properties(),
    )  # fmt: skip
