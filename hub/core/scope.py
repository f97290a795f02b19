"""An audience compiled for a store: which rows of which datastreams, in which windows, and under which face.

Rule: a scope only permits. A row that no slice admits does not exist for whoever asks. Scopes are made here and
nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.audience import Audience
from hub.core.catalogue import Catalogue
from hub.core.face import Face, exact_face, named_face, pseudonym_face, somebody_face
from hub.core.grade import MINUTE, Grade, Kind, Role, View, view
from hub.core.history import BEGINNING, END, bands, next_change
from hub.core.holdings import Datastream, Holdings
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
])  # fmt: skip
"""One datastream of a scope: the face it is shown under, its home's number (-1: none), its unit's conversion."""


class Scope:
    """What one audience may see, of the registry's `revision`, until `valid_until` (µs)."""

    __slots__ = ("faces", "members", "revision", "slices", "valid_until")

    def __new__(cls, seal: object = None, *_: object) -> Self:
        """Only with this module's own seal."""
        if seal is not _SEAL:
            raise TypeError("a Scope is made by scope_for, nowhere else")
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


def scope_for(audience: Audience, holdings: Holdings, catalogue: Catalogue, now: int) -> Scope:
    """Compile what `audience` may see at `now` (µs).

    Out: a scope whose slices cover exactly the readings whose effective grade shows them to this audience as itself;
    what is shown only in releases is not in it.
    """
    sights = [s for s in (_sight(d, audience, holdings, now) for d in holdings.datastreams) if s is not None]
    sights = _in_company(sights, holdings, now)
    faces: dict[Face, int] = {}
    members: list[tuple[float, ...]] = []
    slices: list[tuple[int, ...]] = []
    for s in sights:
        face = faces.setdefault(_face(s, holdings), len(faces))
        d = s.stream
        members.append((d.id, face, -1 if d.home is None else d.home, d.scale, d.shift))
        slices.extend(_slices(s, catalogue, now))
    valid = min((next_change(d.history, now) for d in holdings.datastreams), default=END)
    valid = min([valid, *(m for r in holdings.rests for m in (r.since, r.until) if m > now), *_closings(slices, now)])
    ordered = np.sort(np.array(members, MEMBER), order="datastream")
    return Scope(_SEAL, tuple(faces), ordered, np.array(slices, SLICE), holdings.revision, valid)


def role_of(stream: Datastream, audience: Audience) -> Role:
    """How near an audience stands to a datastream."""
    if not audience.parties.isdisjoint(stream.household):
        return Role.HOUSEHOLD
    if stream.commons is not None and stream.commons in audience.memberships:
        return Role.MEMBER
    return Role.STAFF if audience.staff else Role.PUBLIC


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


def _face(s: _Sight, holdings: Holdings) -> Face:
    thing, stream = holdings.things[s.stream.thing], s.stream
    match s.view.kind:
        case Kind.EXACT:
            return exact_face(stream, thing, s.grade)
        case Kind.NAMED:
            place = thing.place_grade if thing.place_grade is not None else s.grade
            return named_face(stream, thing, place, holdings)
        case Kind.PSEUDONYM:
            return pseudonym_face(stream, s.view, s.grade, None if _place_withheld(stream, holdings) else s.cell)
        case _:
            return somebody_face(stream.property, s.view, s.cell)


def _slices(s: _Sight, catalogue: Catalogue, now: int) -> Iterator[tuple[int, ...]]:
    observed = catalogue.get(s.stream.property)
    watermark = 30 * MINUTE if observed is None else observed.watermark
    window = s.view.window
    before = END if window == 0 else (now - watermark) // window * window
    earliest = BEGINNING if s.view.lasts == 0 else now - s.view.lasts
    if window:
        earliest = max(BEGINNING, -(-earliest // window) * window)
    floor = _FLOOR[s.view.kind]
    for band in bands(s.stream.history, now):
        ceiling = min(band.ceiling, s.stream.cap)
        if ceiling < floor or (band.ticked and s.view.kind is Kind.NOBODY):
            continue
        least_grade = Grade.SEALED if band.ticked else floor
        yield s.stream.id, band.since, band.until, least_grade, floor, window, watermark, earliest, before


def _closings(slices: Iterable[tuple[int, ...]], now: int) -> Iterator[int]:
    """When the next window of each kind closes."""
    kinds = {(s[5], s[6]) for s in slices if s[5]}
    return ((now - watermark) // window * window + window + watermark for window, watermark in kinds)
