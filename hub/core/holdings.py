"""What is whose: the registry's state at one revision, as plain data for the core.

Rule: complete or absent. A datastream without an owner, a cap or a history does not appear, so it shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct

from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import Grade
from hub.core.history import History, grade_at
from hub.core.places import Partition, Place


class Party(Struct, frozen=True):
    """Who can own (STAplus Party)."""

    id: int
    kind: PartyKind
    name: str


class Thing(Struct, frozen=True):
    """A sensor-enabled object (SensorThings): `name` as it calls itself, `title` and `description` as its owner does.

    `handle` is the random public name by which its page is found; `last_heard` µs or None.
    """

    id: int
    handle: str
    name: str
    owner: int
    title: str = ""
    description: str = ""
    exposure: Exposure | None = None
    place: Place | None = None
    place_grade: Grade | None = None
    since: int = 0


class Datastream(Struct, frozen=True, kw_only=True):
    """One property of one thing; owner and grade live here.

    `property` is a catalogue id or empty when unknown, `named` what the device calls it; `unit` as stored, with
    `scale` and `shift` to the property's own unit; `household` the parties that see it exactly; `home` the number of
    the home it counts for (None: it never counts); `commons` the one commons it shows itself to.
    """

    id: int
    thing: int
    owner: int
    property: str
    named: str
    unit: str | None
    scale: float = 1.0
    shift: float = 0.0
    household: frozenset[int]
    home: int | None
    cap: Grade
    history: History = History()
    commons: int | None = None
    pseudonym: str | None = None

    def grade(self, now: int) -> Grade:
        """The grade in force: what its people wish, under its cap."""
        return min(grade_at(self.history.steps, now), self.cap)


class Commons(Struct, frozen=True):
    """A shared project (STAplus Project): purpose, the properties it asks for."""

    id: int
    handle: str
    name: str
    purpose: str
    properties: tuple[str, ...] = ()


class Rest(Struct, frozen=True):
    """A cell in which nothing of a property is shown from `since` until `until` (µs): somebody leaves."""

    property: str
    cell: str
    until: int
    since: int = 0


class Holdings(Struct, frozen=True):
    """Everything the gate needs to know, at one `revision` of the registry."""

    revision: int
    parties: Mapping[int, Party] = MappingProxyType({})
    things: Mapping[int, Thing] = MappingProxyType({})
    datastreams: tuple[Datastream, ...] = ()
    commons: Mapping[int, Commons] = MappingProxyType({})
    rests: tuple[Rest, ...] = ()
    street: Partition = Partition((), 8)
    shared: Partition = Partition((), 9)


def homes(links: Iterable[tuple[object, object]]) -> dict[object, int]:
    """Number the homes: whatever is linked, directly or through others, is one home.

    In: pairs (party, adult or guardian or dwelling or voucher). Out: each named object → the number of its home.
    """
    parent: dict[object, object] = {}

    def root(x: object) -> object:
        while parent.setdefault(x, x) != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for a, b in links:
        parent[root(a)] = root(b)
    numbers: dict[object, int] = {}
    return {x: numbers.setdefault(root(x), len(numbers)) for x in list(parent)}
