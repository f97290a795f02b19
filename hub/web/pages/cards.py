"""What measures here: a card for every public instrument and for everything that somebody around here shows.

Rule: whoever is measured without owning finds here what, why, and how to speak to whoever measures.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.core.grade import SOMEBODY, Kind
from hub.web.context import Context
from hub.web.measured import Measured, measured
from hub.web.words import counted


def answer(context: Context, request: Request) -> Response:
    """Instruments by name; areas by what is measured there."""
    every = measured(context)
    instruments = [m for m in every if m.card.kind is Kind.NAMED]
    around: dict[str, list[Measured]] = {}
    for m in every:
        if m.card.kind is Kind.NOBODY:
            around.setdefault(m.observed[0].name if m.observed else "", []).append(m)
    places = {m.card.cell for m in every if m.card.kind is Kind.NOBODY}
    return context.page(
        request, "cards.html", instruments=instruments, around=around, street_homes=SOMEBODY.homes,
        properties=context.shown_properties(),
        sentence=_sentence(context.place, len(instruments), len(places)),
    )  # fmt: skip


def _sentence(place: str, instruments: int, areas: int) -> str:
    """What somebody who walks through the neighbourhood wants to know first."""
    told = []
    if instruments:
        told.append(f"{_many(instruments, 'public instrument')} for everybody to see")
    if areas:
        told.append(f"homes in {_many(areas, 'area')} without being named")
    if not told:
        return f"Nothing outdoors in {place} is measured for everybody to see."
    return f"What everybody shares in {place} is measured by {', and by '.join(told)}."


def _many(number: int, what: str) -> str:
    return f"{counted(number)} {what}{'' if number == 1 else 's'}"
