"""Shared projects: what each is for, and what it asks of whoever joins."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.core.audience import PUBLIC
from hub.web.context import Context
from hub.web.words import counted


def answer(context: Context, request: Request) -> Response:
    """Every project that runs."""
    every = context.gate.charters(PUBLIC)
    return context.page(
        request, "commons.html", charters=every, properties=context.shown_properties(),
        sentence=_sentence(context.place, len(every)),
    )  # fmt: skip


def _sentence(place: str, number: int) -> str:
    if not number:
        return f"No shared project runs in {place} now."
    many = f"{counted(number)} shared project{' runs' if number == 1 else 's run'}"
    return (
        f"{many[0].upper()}{many[1:]} in {place}: people measure something together, and nobody needs to say who he is."
    )
