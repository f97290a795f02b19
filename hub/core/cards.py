"""Public cards: what measures the space that everybody shares, why, and how to speak to whoever measures.

Rule: a card is made of faces that the public sees anyway, so it can tell no more than they do. There is one for every
`open` thing and one for every property of a `street` cell; a cell that shows nothing has none.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from hub.core.face import Face
from hub.core.grade import Kind
from hub.core.holdings import Holdings
from hub.core.places import Place
from hub.core.scope import Scope


class Card(Struct, frozen=True, kw_only=True):
    """One card; `key` is its address.

    An instrument (`NAMED`) has a name, several properties and perhaps a `place`; somebody around here (`NOBODY`) has
    one property and a `cell`. `since`: µs, public since then; `homes`: so many at least show it.
    """

    key: str
    kind: Kind
    properties: tuple[str, ...]
    name: str | None = None
    owner: str | None = None
    description: str | None = None
    place: Place | None = None
    cell: str | None = None
    since: int | None = None
    homes: int = 1


class Objection(Struct, frozen=True, kw_only=True):
    """What somebody who is measured said, as one of those sees it whom it reaches.

    `day`: µs, its beginning, UTC; `answer`: what he himself answered (empty: nothing yet).
    """

    id: int
    day: int
    card: str
    words: str
    answer: str


class Said(Struct, frozen=True):
    """The same as the one who said it finds it again: all that was answered, in no order that tells anything."""

    day: int
    card: str
    words: str
    answers: tuple[str, ...]


def card_key(face: Face) -> str | None:
    """The key of the card that a face of the public is on; None when it is on none."""
    match face.kind:
        case Kind.NAMED:
            return face.thing
        case Kind.NOBODY:
            return f"{face.property}-{face.cell}"
        case _:
            return None


def cards(faces: Iterable[Face]) -> tuple[Card, ...]:
    """The cards of the faces that the public sees: instruments by name, then areas by property and cell."""
    together: dict[str, list[Face]] = {}
    for face in faces:
        key = card_key(face)
        if key is not None:
            together.setdefault(key, []).append(face)
    return tuple(sorted((_card(key, some) for key, some in together.items()), key=_by_name))


def owners_of_card(key: str, public: Scope, holdings: Holdings) -> frozenset[int]:
    """Whom words to a card reach: the owners of all that is shown on it. Nobody outside the hub learns who they are.

    In: the public's scope of the same `holdings`. Out: parties; none when there is no such card.
    """
    shown = {i for i, face in enumerate(public.faces) if card_key(face) == key}
    if not shown:
        return frozenset()
    mine = {int(m["datastream"]) for m in public.members if int(m["face"]) in shown}
    return frozenset(d.owner for d in holdings.datastreams if d.id in mine)


def _card(key: str, faces: list[Face]) -> Card:
    first = faces[0]
    since = [f.since for f in faces if f.since is not None]
    return Card(
        key=key, kind=first.kind, properties=tuple(dict.fromkeys(f.property for f in faces)), name=first.name,
        owner=first.owner, description=first.description, place=first.place, cell=first.cell,
        since=min(since, default=None), homes=first.homes,
    )  # fmt: skip


def _by_name(card: Card) -> tuple[bool, str, str]:
    return card.kind is not Kind.NAMED, card.name or card.properties[0], card.key
