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

    `handle` is the random public name by which its page is found. From `since` to `closed` (µs, None: to this day) it
    has been its owner's: it was handed over then, or given up.
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
    closed: int | None = None


class Fragment(Struct, frozen=True, order=True):
    """A part of somebody in one commons: for what is measured from `since` to `until` (µs) he is `nym` there.

    `nym` is his pseudonym (`hub.core.fragments`), which nobody has anywhere else; `name` is how it is shown.
    """

    since: int
    until: int
    nym: str
    name: str


class Datastream(Struct, frozen=True, kw_only=True):
    """One property of one thing; owner and grade live here.

    `property` is a catalogue id or empty when unknown, `named` what the device calls it; `unit` as stored, with
    `scale` and `shift` to the property's own unit; `household` the parties that see it exactly; `home` the number of
    the home it counts for (None: it never counts); `commons` the one commons it shows itself to, under the names of
    `fragments`, in order of time and without overlap; for a time without one it is not shown there.
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
    fragments: tuple[Fragment, ...] = ()

    def grade(self, now: int) -> Grade:
        """The grade in force: what its people wish, under its cap."""
        return min(grade_at(self.history.steps, now), self.cap)


def fragment_at(fragments: Iterable[Fragment], moment: int) -> Fragment | None:
    """The fragment under which is shown what is measured at a moment (µs); None: it is not shown."""
    return next((f for f in fragments if f.since <= moment < f.until), None)


class Commons(Struct, frozen=True):
    """A shared project (STAplus Project): its charter, as anybody may read it.

    `properties` it asks for (none: any); `since` and `ends` µs; `homes`: so many at least a release of its data stands
    for (0: as many as any); a pseudonym lasts `epoch_days`; its members see `retention_days` back (None: as long as
    their owners keep it); `members` how many there are, in words and never exactly.
    """

    id: int
    handle: str
    name: str
    purpose: str
    properties: tuple[str, ...] = ()
    since: int = 0
    ends: int | None = None
    homes: int = 0
    epoch_days: int = 90
    retention_days: int | None = None
    members: str = "fewer than five"

    def runs(self, now: int) -> bool:
        """Whether it has not ended yet."""
        return self.ends is None or now < self.ends


class Rest(Struct, frozen=True):
    """A cell in which nothing of a property is shown from `since` until `until` (µs): somebody leaves."""

    property: str
    cell: str
    until: int
    since: int = 0


class Holdings(Struct, frozen=True):
    """Everything the gate needs to know, at one `revision` of the registry.

    `fragments`: (commons, member) → the names he has there through time.
    """

    revision: int
    parties: Mapping[int, Party] = MappingProxyType({})
    things: Mapping[int, Thing] = MappingProxyType({})
    datastreams: tuple[Datastream, ...] = ()
    commons: Mapping[int, Commons] = MappingProxyType({})
    fragments: Mapping[tuple[int, int], tuple[Fragment, ...]] = MappingProxyType({})
    rests: tuple[Rest, ...] = ()
    street: Partition = Partition((), 8)
    shared: Partition = Partition((), 9)

    def running(self, commons: Iterable[int], now: int) -> frozenset[int]:
        """Those of these commons that exist and have not ended; whoever was a member of others is none any more."""
        return frozenset(i for i in commons if i in self.commons and self.commons[i].runs(now))

    def called(self, parties: Iterable[int], now: int) -> dict[int, str]:
        """What somebody who acts as these parties is called in each commons of which he is a member now."""
        acting = frozenset(parties)
        names = {c: fragment_at(f, now) for (c, member), f in self.fragments.items() if member in acting}
        return {c: f.name for c, f in names.items() if f is not None}


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
