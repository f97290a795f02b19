"""One public card: what is measured, why, how far it is told, and whom to ask. Made to be printed, too."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.core.cards import card_key
from hub.core.grade import SOMEBODY
from hub.web.context import Context
from hub.web.measured import Measured, one_measured
from hub.web.page import Visible
from hub.web.views import in_words


def answer(context: Context, request: Request) -> Response:
    """The card of a key."""
    return context.page(
        request, "card.html", m=card_of(context, request), properties=context.shown_properties(),
        somebody=in_words(SOMEBODY),
    )  # fmt: skip


def card_of(context: Context, request: Request) -> Measured:
    """The card that an address names; a 404 when there is none."""
    found = one_measured(context, request.path_params["key"])
    if found is None:
        raise HTTPException(404)
    return found


def paths(shown: Visible) -> Sequence[str]:
    """Every card there is."""
    return [f"/card/{key}" for key in sorted({k for k in map(card_key, shown.faces) if k is not None})]
