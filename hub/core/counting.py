"""What counts in releases: whose datastreams may be enrolled, with whom they are alike, and what undoes it.

Rule: who is enrolled in an epoch was as he is when it began; whatever changes afterwards silences his block until it
ends. Nothing measured enters here, only whether a thing is heard at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import h3
from msgspec import Struct

from hub.core.blocks import Chain, Epoch, Home, Where, resting
from hub.core.catalogue import Exposure
from hub.core.grade import DAY, Grade
from hub.core.holdings import Datastream, Fragment, Holdings, Thing, fragment_at
from hub.core.regions import FINEST
from hub.core.scope import street_cells

SILENT = 7 * DAY
"""What was not heard for so long before an epoch is not enrolled in it: it would only silence its block."""
LOOKED_BACK, LIVE = 6, 4
"""Who comes new is enrolled if he was heard in so many (`LIVE`) of the last windows (`LOOKED_BACK`) before."""
_COUNTS = (Grade.COUNTED, Grade.COMMONS, Grade.STREET)


class Mark(Struct, frozen=True, array_like=True):
    """What of a datastream must stay as it is while it is enrolled, besides its grade."""

    home: int | None
    owner: int
    commons: int | None
    cell: str | None
    where: str


class Enrolled(Struct, frozen=True):
    """An epoch as it is kept: enrolled `at` (µs), each datastream's mark, and the blocks silenced since then."""

    epoch: Epoch
    at: int
    marks: dict[int, Mark]
    silent: frozenset[int] = frozenset()


class Register(Struct, frozen=True):
    """What is known at `now` (µs): the holdings, the open datastreams, when each was last heard, the chains."""

    now: int
    holdings: Holdings
    open: Collection[int]
    heard: Mapping[int, int]
    chains: Mapping[int, Chain]


def register(holdings: Holdings, open_ones: Collection[int], heard: Mapping[int, int], now: int) -> Register:
    """Everything that enrolment looks at, taken together once."""
    return Register(now, holdings, open_ones, heard, _chains(holdings, now))


def where_of(thing: Thing) -> Where:
    """Indoors unless somebody said outdoors."""
    return "outdoor" if thing.exposure in (Exposure.OUTDOOR, Exposure.STATION) else "indoor"


def countable(known: Register, since: int) -> dict[tuple[str, Where], list[Home]]:
    """The homes to enrol in an epoch that begins at `since` (µs), by property and exposure class.

    One record a home: it counts under the strictest of its grades, with those of its datastreams that are alike in it
    and stand in the same place. Left out is what changed since the epoch began, what has no place that averages may
    use, and what has long been silent.
    """
    found: dict[tuple[str, Where], dict[int, list[tuple[Chain, int, str]]]] = defaultdict(lambda: defaultdict(list))
    for d in known.holdings.datastreams:
        thing = known.holdings.things[d.thing]
        if d.home is not None and d.id in known.chains and _stands(d, thing, known, since):
            cell = mark_of(d, thing).cell
            if cell is not None:
                found[d.property, where_of(thing)][d.home].append((known.chains[d.id], d.id, cell))
    return {
        key: [_home(home, records) for home, records in sorted(homes.items())] for key, homes in sorted(found.items())
    }


def mark_of(stream: Datastream, thing: Thing) -> Mark:
    """The mark of a datastream now; its cell is None where averages may not use its place."""
    withheld = thing.place_grade is not None and thing.place_grade < Grade.COUNTED
    place = None if withheld else thing.place
    cell = None if place is None else str(h3.latlng_to_cell(place.lat, place.lon, FINEST))
    return Mark(stream.home, stream.owner, stream.commons, cell, where_of(thing))


def silenced(enrolled: Enrolled, known: Register, withdrawn: Collection[int]) -> frozenset[int]:
    """The blocks that say nothing from now on: those that rested already, those that changed, those not alike now.

    `withdrawn`: datastreams of which readings were erased since the enrolment.
    """
    streams = {d.id: d for d in known.holdings.datastreams if d.id in enrolled.marks}
    left = set(withdrawn)
    for i, mark in enrolled.marks.items():
        d = streams.get(i)
        gone = d is None or i not in known.open or mark_of(d, known.holdings.things[d.thing]) != mark
        if d is None or gone or changed(d, enrolled.at, known.now):
            left.add(i)
    unlike = {
        block.number
        for block in enrolled.epoch.blocks
        if len({known.chains.get(d) for member in block.members for d in member}) > 1
    }
    return resting(enrolled.epoch, left) | enrolled.silent | unlike


def changed(stream: Datastream, since: int, now: int) -> bool:
    """Whether its grade, a tick or a pause has changed anything in (`since`, `now`]."""
    history = stream.history
    return (
        any(since < s.since <= now for s in history.steps)
        or any(since < tick.at <= now for tick in history.ticks)
        or any(p.since <= now and p.until > since for p in history.pauses)
        or _partly_named(stream.fragments, since, now)
    )


def _chains(holdings: Holdings, now: int) -> dict[int, Chain]:
    """With whom each datastream that counts is alike to every audience."""
    visible = street_cells(holdings, now)
    chains: dict[int, Chain] = {}
    for d in holdings.datastreams:
        grade = d.grade(now)
        if grade is Grade.COUNTED:
            chains[d.id] = Chain(grade)
        elif grade in _COUNTS:
            chains[d.id] = Chain(grade, _commons(d, holdings, now), visible.get(d.id, ""))
    return chains


def _commons(stream: Datastream, holdings: Holdings, now: int) -> int:
    """The commons that sees it; 0 while it has no name there: then it is not like those that are seen."""
    running = stream.commons is not None and stream.commons in holdings.running([stream.commons], now)
    return (stream.commons or 0) if running and fragment_at(stream.fragments, now) is not None else 0


def _stands(stream: Datastream, thing: Thing, known: Register, since: int) -> bool:
    """Whether a datastream is heard, and is what it was when the epoch began."""
    heard = known.heard.get(stream.id)
    alive = heard is not None and heard >= since - SILENT and stream.id in known.open
    return alive and thing.since <= since and not changed(stream, since, known.now)


def _partly_named(fragments: Sequence[Fragment], since: int, now: int) -> bool:
    """Whether it had a name in its commons for a part of [`since`, `now`] only: some rows were seen, others not."""
    named = since
    for f in fragments:
        if f.since <= named < f.until:
            named = f.until
    return named <= now and any(f.since <= now and f.until > since for f in fragments)


def _home(home: int, records: list[tuple[Chain, int, str]]) -> Home:
    chain, _, cell = min(records)
    return Home(home, cell, chain, tuple(sorted(d for c, d, at in records if (c, at) == (chain, cell))))
