"""What people who are measured wrote to an owner, as her page shows it."""

from __future__ import annotations

from msgspec import Struct

from hub.core.audience import Audience
from hub.core.cards import Objection
from hub.web.context import Context
from hub.web.measured import measured


class Letter(Struct, frozen=True):
    """One letter; `about` names the card it was written to, empty when that is not shown any more."""

    said: Objection
    about: str


def letters(context: Context, audience: Audience) -> list[Letter]:
    """All that reached whoever asks, the newest first."""
    written = context.gate.objections(audience)
    cards = {m.card.key: m for m in measured(context)} if written else {}
    return [Letter(o, _about(cards[o.card].title, cards[o.card].where) if o.card in cards else "") for o in written]


def _about(title: str, where: str) -> str:
    return f"{title} {where}".strip()
