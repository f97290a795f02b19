"""The charter of a shared project: its purpose, what it asks for, what members see, and until when.

Rule: everybody reads the same; how many belong to it is told as a band, who they are to nobody.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.core.grade import SHARED
from hub.web.context import Context
from hub.web.views import in_words
from hub.web.words import listed, lower


def answer(context: Context, request: Request) -> Response:
    """The charter of a handle."""
    handle = request.path_params["handle"]
    found = next((c for c in context.gate.charters(PUBLIC) if c.handle == handle), None)
    if found is None:
        raise HTTPException(404)
    asked = [p for p in context.properties.values() if p.id in found.properties]
    return context.page(
        request, "charter.html", c=found, asked=asked, asks=listed([lower(p.name) for p in asked]),
        sees=in_words(SHARED), properties=context.shown_properties(),
    )  # fmt: skip
