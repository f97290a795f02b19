"""Who looked, in an owner's words.

Rule: she is told who (or in which role), what for, at what of hers, how many values, and when; of somebody who looked
as a member only the name that exists in that commons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import h3
from msgspec import Struct

from hub.core.catalogue import Catalogue
from hub.core.holdings import Datastream, Holdings
from hub.core.look import Entry, Looker, Values, missing
from hub.core.places import COARSEST, Place
from hub.core.regions import CITY

_FINEST = 9
_WHO = {
    Looker.MEMBER: "a member of a commons",
    Looker.STAFF: "somebody of the city",
    Looker.OPERATOR: "the operator of this hub",
}


class Told(Struct, frozen=True):
    """An entry as it is kept: its number in the hub, its owner (None: of averages), and whether it is as written.

    `entry` is None when somebody has made it unreadable; `closed`: its hour is over, it stands in the tree.
    """

    look: int
    owner: int | None
    entry: Entry | None
    sound: bool
    closed: bool


class Looked(Struct, frozen=True, kw_only=True):
    """One look as its owner reads it.

    `at`, `since`, `until` are µs (a member's `at` is the beginning of a quarter of an hour; None: no bound was asked);
    `what` says each thing in a line; `sound` is False when the entry is not what was written; `closed`: it stands in
    the tree already. `look` is its number in the hub, by which its proof is found.
    """

    look: int
    at: int
    who: str
    purpose: str | None
    what: tuple[str, ...]
    since: int | None = None
    until: int | None = None
    sound: bool = True
    closed: bool = False


class WhoLooked(Struct, frozen=True):
    """The newest looks first, and how many entries between them are gone (erased, or taken away)."""

    looks: tuple[Looked, ...]
    gone: int


def who_looked(kept: Sequence[Told], regions: Sequence[Told], holdings: Holdings, catalogue: Catalogue) -> WhoLooked:
    """What an owner's own entries, and those about the averages around her, say; the newest first."""
    streams = {d.id: d for d in holdings.datastreams}
    numbers: dict[int | None, list[int]] = {}
    for one in kept:
        numbers.setdefault(one.owner, []).append(one.entry.number if one.entry else 0)
    told = [_looked(one, streams, holdings, catalogue) for one in (*kept, *regions)]
    told.sort(key=lambda one: (-one.at, -one.look))
    return WhoLooked(tuple(told), sum(len(missing([n for n in own if n])) for own in numbers.values()))


def regions_around(streams: Iterable[Datastream], holdings: Holdings) -> set[tuple[str, str]]:
    """(property, region) for every average in which one of these datastreams can have counted, ``@indoor`` included."""
    around = set()
    for d in streams:
        place = holdings.things[d.thing].place
        for region in (CITY, *(_cells(place) if place else ())):
            around |= {(d.property, region), (f"{d.property}@indoor", region)}
    return around


def _cells(place: Place) -> list[str]:
    finest = h3.latlng_to_cell(place.lat, place.lon, _FINEST)
    return [h3.cell_to_parent(finest, resolution) for resolution in range(COARSEST, _FINEST + 1)]


def _looked(one: Told, streams: dict[int, Datastream], holdings: Holdings, catalogue: Catalogue) -> Looked:
    e = one.entry
    if e is None:
        return Looked(look=one.look, at=0, who="unreadable", purpose=None, what=(), sound=False, closed=one.closed)
    what = tuple(_what(v, streams, holdings, catalogue) for v in e.values)
    if e.observed is not None:
        what = (f"averages of {_name(e.observed.partition('@')[0], catalogue)} of several homes around you",)
    return Looked(
        look=one.look, at=e.at, who=_who(e, holdings), purpose=e.purpose, what=what, since=e.since, until=e.until,
        sound=one.sound, closed=one.closed,
    )  # fmt: skip


def _who(e: Entry, holdings: Holdings) -> str:
    commons = next((c.name for c in holdings.commons.values() if c.handle == e.commons), None)
    if e.role is not Looker.MEMBER or e.commons is None:
        return _WHO[e.role]
    return f"{e.who or 'a member'} of {commons or 'a commons that has ended'}"


def _what(v: Values, streams: dict[int, Datastream], holdings: Holdings, catalogue: Catalogue) -> str:
    d = streams.get(v.datastream)
    values = "no values" if v.rows == 0 else f"{v.rows} value{'s' if v.rows > 1 else ''}"
    if d is None:
        return f"something that is no longer yours: {values} ({v.grade})"
    thing = holdings.things[d.thing]
    return f"{_name(d.property, catalogue) or d.named} of {thing.title or thing.name}: {values} ({v.grade})"


def _name(observed: str, catalogue: Catalogue) -> str:
    known = catalogue.get(observed)
    return known.name if known is not None else observed
