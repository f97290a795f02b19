"""Public cards in words: what measures what everybody shares, where it is, and what is told of it.

Rule: a card says what the public sees anyway, in the order in which somebody asks who finds himself measured: what,
why, how far it is told, whom to ask.
"""

from __future__ import annotations

from msgspec import Struct

from hub.core.cards import Card
from hub.core.grade import Grade, Kind
from hub.settings import PropertySettings
from hub.web.around import Area, areas, home_cell
from hub.web.context import Context
from hub.web.words import counted, listed, lower


class Measured(Struct, frozen=True):
    """One card as a page shows it; `area` is empty when its owner does not tell."""

    card: Card
    title: str
    sentence: str
    observed: tuple[PropertySettings, ...]
    area: str

    @property
    def where(self) -> str:
        """Its area inside a sentence: ``in the middle``, ``in the north-east``."""
        return f"in the {self.area}" if self.area else ""

    @property
    def grade(self) -> Grade:
        """How far it is told."""
        return Grade.OPEN if self.card.kind is Kind.NAMED else Grade.STREET

    @property
    def what(self) -> str:
        """Its properties inside a sentence."""
        return listed([lower(p.short) for p in self.observed])


def measured(context: Context) -> tuple[Measured, ...]:
    """All cards: public instruments by name, then what somebody around here measures, by area."""
    cards = context.gate.cards()
    around = areas(context.ground.cells, {c.cell for c in cards if c.cell is not None}, context.ground.middle)
    every = [_measured(context, card, around) for card in cards]
    order = {area.where: i for i, area in enumerate(around)}
    return tuple(sorted(every, key=lambda m: (m.card.kind is not Kind.NAMED, m.title, order.get(m.area, 0))))


def one_measured(context: Context, key: str) -> Measured | None:
    """The card of a key; None when there is none."""
    return next((m for m in measured(context) if m.card.key == key), None)


def _measured(context: Context, card: Card, around: tuple[Area, ...]) -> Measured:
    observed = tuple(p for p in context.properties.values() if p.id in card.properties)
    cell = card.cell if card.place is None else home_cell(card.place, [a.cell for a in around])
    area = next((a.where for a in around if a.cell == cell), "")
    where = f"in the {area}" if area else ""
    what = listed([lower(p.name) for p in observed])
    if card.kind is Kind.NAMED:
        title = card.name or "Public instrument"
        sentence = f"{title} measures {what} {where or 'here'}, for everybody to see."
        return Measured(card, title, sentence, observed, area)
    homes = f"at least {counted(card.homes)} homes {where or 'around here'}"
    sentence = f"{homes[0].upper()}{homes[1:]} measure {what} outdoors. Nobody is told which."
    return Measured(card, observed[0].short if observed else "", sentence, observed, area)
