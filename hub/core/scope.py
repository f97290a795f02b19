"""An audience compiled for a store: which rows of which datastreams, in which windows, and under which face.

Rule: a scope only permits. A row that no slice admits does not exist for whoever asks. Scopes are made here and
nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple, Self

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.audience import PUBLIC, Audience
from hub.core.catalogue import Catalogue
from hub.core.face import Face, exact_face, named_face, pseudonym_face, somebody_face
from hub.core.grade import DAY, HOUR, MINUTE, Grade, Kind, Role, View, view
from hub.core.history import BEGINNING, END, bands, next_change
from hub.core.holdings import Datastream, Fragment, Holdings
from hub.core.query import Query

_SEAL = object()
SLICE = np.dtype([
    ("datastream", np.int32),
    ("since", np.int64),
    ("until", np.int64),
    ("least_grade", np.uint8),
    ("least_wish", np.uint8),
    ("window", np.int64),
    ("watermark", np.int64),
    ("earliest", np.int64),
    ("before", np.int64),
])  # fmt: skip
"""One slice: readings of `datastream` that arrived in [since, until) with at least this grade at arrival and this
wish, whose time lies in [earliest, before). With a `window` (µs; windows start at its multiples since 1970) a row
counts only if it arrived before the end of its window plus `watermark`: a window, once shown, stays as it is."""
MEMBER = np.dtype([
    ("datastream", np.int32),
    ("face", np.int32),
    ("home", np.int32),
    ("scale", np.float64),
    ("shift", np.float64),
    ("since", np.int64),
])  # fmt: skip
"""One datastream of a scope: the face it is shown under, its home's number (-1: none), its unit's conversion; that
face is for rows from `since` (µs) to the next member's of the same datastream. Ordered by both."""


class Scope:
    """What one audience may see, of the registry's `revision`, until `valid_until` (µs)."""

    __slots__ = ("faces", "members", "revision", "slices", "valid_until")

    def __new__(cls, seal: object = None, *_: object) -> Self:
        """Only with this module's own seal."""
        if seal is not _SEAL:
            raise TypeError("a Scope is made by scope_for or release_scope, nowhere else")
        return super().__new__(cls)

    def __init__(
        self, _: object, faces: tuple[Face, ...], members: NDArray[np.void], slices: NDArray[np.void],
        revision: int, valid_until: int,
    ) -> None:  # fmt: skip
        self.faces = faces
        self.members = members
        self.slices = slices
        self.revision = revision
        self.valid_until = valid_until
        members.flags.writeable = slices.flags.writeable = False

    def narrow(self, query: Query) -> Scope:
        """The part of this scope that a query asks about; never more."""
        if query.properties is None and query.things is None:
            return self
        asked = [
            (query.properties is None or f.property in query.properties)
            and (query.things is None or f.thing in query.things)
            for f in self.faces
        ]
        return self._keeping(asked)

    def without_others(self, own: Container[int]) -> Scope:
        """This scope without the pseudonyms behind which there is any datastream but these."""
        others = {int(m["face"]) for m in self.members if int(m["datastream"]) not in own}
        return self._keeping([f.kind is not Kind.PSEUDONYM or n not in others for n, f in enumerate(self.faces)])

    def _keeping(self, asked: list[bool]) -> Scope:
        if all(asked):
            return self
        members = self.members[np.array(asked, bool)[self.members["face"]]]
        slices = self.slices[np.isin(self.slices["datastream"], members["datastream"])]
        number = np.cumsum(asked) - 1
        members = members.copy()
        members["face"] = number[members["face"]]
        faces = tuple(f for f, yes in zip(self.faces, asked, strict=True) if yes)
        return Scope(_SEAL, faces, members, slices, self.revision, self.valid_until)


_FLOOR = {
    Kind.EXACT: Grade.SEALED,
    Kind.PSEUDONYM: Grade.COMMONS,
    Kind.NOBODY: Grade.STREET,
    Kind.NAMED: Grade.OPEN,
}
"""The least effective grade of a reading under each kind of face: one face a datastream, and nothing less in it."""


class _Sight(Struct):
    """One datastream as one audience stands to it."""

    stream: Datastream
    grade: Grade
    view: View
    cell: str | None


class _Part(Struct):
    """A stretch of time (µs) in which one datastream is shown, under one fragment if it is a pseudonym's."""

    since: int
    until: int
    fragment: Fragment | None = None


def scope_for(audience: Audience, holdings: Holdings, catalogue: Catalogue, now: int) -> Scope:
    """Compile what `audience` may see at `now` (µs).

    Out: a scope whose slices cover exactly the readings whose effective grade shows them to this audience as itself;
    what is shown only in releases is not in it.
    """
    audience = msgspec.structs.replace(audience, memberships=holdings.running(audience.memberships, now))
    sights = [s for s in (_sight(d, audience, holdings, now) for d in holdings.datastreams) if s is not None]
    sights = _in_company(sights, holdings, now)
    shown: list[tuple[Face, Datastream, int]] = []
    slices: list[tuple[int, ...]] = []
    for s in sights:
        for part in _parts(s, holdings, catalogue, now):
            shown.append((_face(s, holdings, part.fragment), s.stream, part.since))
            slices.extend(_slices(s, part, catalogue, now))
    faces = _in_order(f for f, _, _ in shown)
    members = [(d.id, faces[f], -1 if d.home is None else d.home, d.scale, d.shift, since) for f, d, since in shown]
    valid = min([*_changes(sights, holdings, now), *_closings(slices, now)], default=END)
    ordered = np.sort(np.array(members, MEMBER), order=["datastream", "since"])
    return Scope(_SEAL, tuple(faces), ordered, np.array(slices, SLICE), holdings.revision, valid)


class Counted(NamedTuple):
    """The datastreams of one home that count, in readings of at least this grade."""

    floor: Grade
    home: int
    datastreams: tuple[int, ...]


def release_scope(
    counted: Iterable[Counted], holdings: Holdings, watermark: int, now: int, since: int, until: int
) -> Scope:  # fmt: skip
    """What the releaser may read to close windows: for it alone, and never to be shown.

    In: whole hours that begin in [`since`, `until`) and are closed at `now` (µs). Out: a scope without faces whose
    members are these datastreams, each with its home's number; a reading is in it only if its effective grade is at
    least the floor.
    """
    streams = {d.id: d for d in holdings.datastreams}
    before = min(until, (now - watermark) // HOUR * HOUR)
    members: list[tuple[float, ...]] = []
    slices: list[tuple[int, ...]] = []
    for floor, home, datastreams in counted:
        for d in (streams[i] for i in datastreams):
            members.append((d.id, -1, home, d.scale, d.shift, BEGINNING))
            slices.extend(
                (d.id, first, last, least, floor, HOUR, watermark, since, before)
                for first, last, least in _reaching(d, floor, now)
            )
    ordered = np.sort(np.array(members, MEMBER), order="datastream")
    return Scope(_SEAL, (), ordered, np.array(slices, SLICE), holdings.revision, END)


def street_cells(holdings: Holdings, now: int) -> dict[int, str]:
    """The datastreams whose rows everybody sees without a name at `now`, each with the cell it is seen in."""
    sights = [s for s in (_sight(d, PUBLIC, holdings, now) for d in holdings.datastreams) if s is not None]
    company = _in_company((s for s in sights if s.view.kind is Kind.NOBODY), holdings, now)
    return {s.stream.id: s.cell for s in company if s.cell is not None}


def role_of(stream: Datastream, audience: Audience) -> Role:
    """How near an audience stands to a datastream; staff who state no purpose are like anybody."""
    if not audience.parties.isdisjoint(stream.household):
        return Role.HOUSEHOLD
    if stream.commons is not None and stream.commons in audience.memberships:
        return Role.MEMBER
    return Role.STAFF if audience.staff and audience.purpose else Role.PUBLIC


def _sight(stream: Datastream, audience: Audience, holdings: Holdings, now: int) -> _Sight | None:
    role, grade = role_of(stream, audience), stream.grade(now)
    sees = view(grade, role)
    if sees.kind in (Kind.NOTHING, Kind.RELEASE):
        return None
    thing = holdings.things[stream.thing]
    cells = holdings.street if sees.kind is Kind.NOBODY else holdings.shared
    cell = cells.cell_of(thing.place)
    if sees.kind is Kind.NOBODY and (cell is None or stream.home is None or _place_withheld(stream, holdings)):
        return None
    return _Sight(stream, grade, sees, cell)


def _place_withheld(stream: Datastream, holdings: Holdings) -> bool:
    wish = holdings.things[stream.thing].place_grade
    return wish is not None and wish < Grade.STREET


def _in_company(sights: Iterable[_Sight], holdings: Holdings, now: int) -> list[_Sight]:
    """Leave out what would be `street` in a cell that rests or in which too few homes show the property so."""
    sights = list(sights)
    company: dict[tuple[str, str | None], set[int | None]] = defaultdict(set)
    for s in sights:
        if s.view.kind is Kind.NOBODY:
            company[s.stream.property, s.cell].add(s.stream.home)
    resting = {(r.property, r.cell) for r in holdings.rests if r.since <= now < r.until}
    return [
        s
        for s in sights
        if s.view.kind is not Kind.NOBODY
        or (
            len(company[s.stream.property, s.cell]) >= s.view.homes and (s.stream.property, s.cell or "") not in resting
        )
    ]


def _in_order(faces: Iterable[Face]) -> dict[Face, int]:
    """Number the faces; pseudonyms by their keys, as standing beside each other would say whose they are."""
    ordered = sorted(dict.fromkeys(faces), key=lambda f: f.key if f.kind is Kind.PSEUDONYM else "")
    return {face: number for number, face in enumerate(ordered)}


def _changes(sights: Iterable[_Sight], holdings: Holdings, now: int) -> Iterator[int]:
    """The moments after `now` at which by itself something of this becomes different."""
    yield from (next_change(d.history, now) for d in holdings.datastreams)
    moments = [m for r in holdings.rests for m in (r.since, r.until)]
    moments += [c.ends for c in holdings.commons.values() if c.ends is not None]
    named = (s.stream.fragments for s in sights if s.view.kind is Kind.PSEUDONYM)
    moments += [m for fragments in named for f in fragments for m in (f.since, f.until)]
    yield from (m for m in moments if m > now)


def _face(s: _Sight, holdings: Holdings, fragment: Fragment | None) -> Face:
    thing, stream = holdings.things[s.stream.thing], s.stream
    match s.view.kind:
        case Kind.EXACT:
            return exact_face(stream, thing, s.grade)
        case Kind.NAMED:
            place = thing.place_grade if thing.place_grade is not None else s.grade
            return named_face(stream, thing, place, holdings)
        case Kind.PSEUDONYM if fragment is not None:
            cell = None if _place_withheld(stream, holdings) else s.cell
            return pseudonym_face(stream, fragment, s.view, s.grade, cell)
        case _:
            return somebody_face(stream.property, s.view, s.cell)


def _parts(s: _Sight, holdings: Holdings, catalogue: Catalogue, now: int) -> list[_Part]:
    """The time of which an audience sees something, cut where a pseudonym changes."""
    window, lasts = s.view.window, s.view.lasts
    before = END if window == 0 else (now - _watermark(s, catalogue)) // window * window
    if s.view.kind is not Kind.PSEUDONYM:
        return [_Part(_back(now, lasts, window), before)]
    commons = holdings.commons.get(s.stream.commons or 0)
    earliest = _back(now, 0 if commons is None else (commons.retention_days or 0) * DAY, window)
    parts = [_Part(max(f.since, earliest), min(f.until, before), f) for f in s.stream.fragments]
    return [p for p in parts if p.since < p.until]


def _back(now: int, lasts: int, window: int) -> int:
    """The first whole window (µs) of what lasts so long (0: for ever)."""
    earliest = BEGINNING if lasts == 0 else now - lasts
    return max(BEGINNING, -(-earliest // window) * window) if window else earliest


def _watermark(s: _Sight, catalogue: Catalogue) -> int:
    observed = catalogue.get(s.stream.property)
    return 30 * MINUTE if observed is None else observed.watermark


def _slices(s: _Sight, part: _Part, catalogue: Catalogue, now: int) -> Iterator[tuple[int, ...]]:
    window, watermark = s.view.window, _watermark(s, catalogue)
    floor = _FLOOR[s.view.kind]
    for since, until, least_grade in _reaching(s.stream, floor, now):
        yield s.stream.id, since, until, least_grade, floor, window, watermark, part.since, part.until


def _reaching(stream: Datastream, floor: Grade, now: int) -> Iterator[tuple[int, int, Grade]]:
    """When what can still be known as `floor` arrived (from, until), and the least grade it must have got then."""
    for band in bands(stream.history, now):
        if min(band.ceiling, stream.cap) >= floor and not (band.ticked and floor is Grade.STREET):
            yield band.since, band.until, Grade.SEALED if band.ticked else floor


def _closings(slices: Iterable[tuple[int, ...]], now: int) -> Iterator[int]:
    """When the next window of each kind closes."""
    kinds = {(s[5], s[6]) for s in slices if s[5]}
    return ((now - watermark) // window * window + window + watermark for window, watermark in kinds)
