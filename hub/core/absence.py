"""Why others see nothing of what an owner lets them see: which kind of absence it is, for her alone.

Rule: to everybody else all absences are one ("nothing is shown here"). What is told here is about her own values, goes
as far as the registry knows, and names no number and nobody.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from hub.core.blocks import Block, span
from hub.core.catalogue import ObservedProperty
from hub.core.counting import Enrolled, changed, mark_of, where_of
from hub.core.grade import HOUR, Grade, Kind, Role, view
from hub.core.holdings import Datastream, Holdings, fragment_at

RECENT = 4 * HOUR
"""What others see of her is looked for so far back (µs); a thing that was heard in that time is not called silent."""


class Why(Enum):
    """The kinds of absence."""

    FEW = "few"
    RESTS = "rests"
    HELD = "held"
    SILENT = "silent"
    PAUSED = "paused"
    PLACE = "place"
    HOME = "home"
    NAMELESS = "nameless"
    LATER = "later"


class Absent(Struct, frozen=True):
    """Why nothing is seen, and until when (µs; None: that is not known, or depends on people)."""

    why: Why
    until: int | None = None


class Absences(Struct, frozen=True):
    """Why her project and why everybody sees nothing of one datastream; None where its grade already says so."""

    project: Absent | None
    public: Absent | None


class Known(Struct, frozen=True):
    """What is known at `now` (µs) of one datastream: last `heard`, seen on the `street`, who is `enrolled` with it.

    `erased`: something of it was erased since the enrolment.
    """

    now: int
    holdings: Holdings
    observed: ObservedProperty
    heard: int | None
    street: bool
    enrolled: Enrolled | None
    erased: bool = False


def why_absent(stream: Datastream, role: Role, known: Known) -> Absent | None:
    """The reason why a role sees nothing of a datastream now; None when its grade shows it nothing anyway.

    Of averages: why there is none for everybody; who is nearer may see one.
    """
    kind = view(stream.grade(known.now), role).kind
    if kind in (Kind.NOTHING, Kind.EXACT):
        return None
    return _standing(stream, kind, known) or _quiet(stream, known) or _passing(stream, kind, known)


def _standing(stream: Datastream, kind: Kind, known: Known) -> Absent | None:
    """What stays so until somebody changes it."""
    if kind not in (Kind.NOBODY, Kind.RELEASE):
        return None
    thing = known.holdings.things[stream.thing]
    if stream.home is None:
        return Absent(Why.HOME)
    least = Grade.STREET if kind is Kind.NOBODY else Grade.COUNTED
    if thing.place is None or (thing.place_grade is not None and thing.place_grade < least):
        return Absent(Why.PLACE)
    if kind is Kind.NOBODY and known.holdings.street.cell_of(thing.place) is None:
        return Absent(Why.FEW)
    return None


def _quiet(stream: Datastream, known: Known) -> Absent | None:
    """What lies with the thing itself."""
    paused = [p.until for p in stream.history.pauses if p.since <= known.now < p.until]
    if paused:
        return Absent(Why.PAUSED, max(paused))
    if known.heard is None or known.heard < known.now - RECENT:
        return Absent(Why.SILENT)
    return None


def _passing(stream: Datastream, kind: Kind, known: Known) -> Absent:
    """What passes by itself, or when others come."""
    if kind is Kind.PSEUDONYM and fragment_at(stream.fragments, known.now) is None:
        return Absent(Why.NAMELESS)
    if kind is Kind.NOBODY:
        return _on_the_street(stream, known)
    return _in_averages(stream, known) if kind is Kind.RELEASE else Absent(Why.LATER)


def _on_the_street(stream: Datastream, known: Known) -> Absent:
    cell = known.holdings.street.cell_of(known.holdings.things[stream.thing].place)
    rests = [
        r.until
        for r in known.holdings.rests
        if (r.property, r.cell) == (stream.property, cell) and r.since <= known.now < r.until
    ]
    if rests:
        return Absent(Why.RESTS, max(rests))
    return Absent(Why.LATER if known.street else Why.FEW)


def _in_averages(stream: Datastream, known: Known) -> Absent:
    thing = known.holdings.things[stream.thing]
    since, until = span(known.observed, where_of(thing), known.now)
    enrolled = known.enrolled
    block = None if enrolled is None else _block_of(enrolled, stream)
    if enrolled is not None and block is not None:
        silent = block.number in enrolled.silent or block.number in enrolled.epoch.resting
        moved = mark_of(stream, thing).cell != enrolled.marks[stream.id].cell
        if silent or moved or known.erased or changed(stream, enrolled.at, known.now):
            return Absent(Why.RESTS, until)
        return Absent(Why.FEW if block.public is None else Why.LATER)
    if thing.since > since or changed(stream, since, known.now):
        return Absent(Why.HELD, until)
    return Absent(Why.HELD if enrolled is not None and _waits(enrolled, stream, known.now) else Why.FEW)


def _waits(enrolled: Enrolled, stream: Datastream, now: int) -> bool:
    """Whether it waits to come to blocks that there are, until a batch of homes comes together."""
    alike = any(b.chain.floor is stream.grade(now) for b in enrolled.epoch.blocks)
    return alike and stream.id in enrolled.epoch.waiting


def _block_of(enrolled: Enrolled, stream: Datastream) -> Block | None:
    blocks = (b for b in enrolled.epoch.blocks if any(stream.id in member for member in b.members))
    return next(blocks, None) if stream.id in enrolled.marks else None
