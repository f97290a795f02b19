"""What may be shown: the only thing the web and API layers can hold.

Rule: made here and nowhere else, from rows a store found under a scope; a row without a face is dropped. Everything
works on whole columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.catalogue import Catalogue
from hub.core.face import Face
from hub.core.grade import Grade, Kind
from hub.core.observations import Ints, Times, Values
from hub.core.published import NOTHING_PUBLISHED, Homes, Published
from hub.core.scope import Scope
from hub.core.shuffled import Numbers, row_numbers
from hub.core.store import Rows

_SEAL = object()
_DECIMALS = 9
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


class Disclosed:
    """Faces, and rows under them: `face` (a number into `faces`), `time` (µs), `value` in the property's own unit.

    `homes` is how many homes a row tells of: 1 on its own, of a release the least of its band, of a `street` row how
    many there are at least to which it could belong. `row` numbers the `street` rows of a window (0: others).
    Rows are ordered by face and time; those of one `street` cell and window by their numbers, which say nothing.
    A face may be there without a row: it exists for this audience but has nothing to say.
    """

    __slots__ = ("face", "faces", "homes", "revision", "row", "time", "value")

    def __new__(cls, seal: object = None, *_: object) -> Self:
        """Only with this module's own seal."""
        if seal is not _SEAL:
            raise TypeError("a Disclosed is made by disclose, nowhere else")
        return super().__new__(cls)

    def __init__(
        self, _: object, faces: Sequence[Face], face: Ints, time: Times, value: Values, homes: Homes, row: Numbers,
        revision: int,
    ) -> None:  # fmt: skip
        self.faces = tuple(faces)
        self.face, self.time, self.value, self.homes, self.row = face, time, value, homes, row
        self.revision = revision

    def __len__(self) -> int:
        """How many rows."""
        return len(self.face)

    def where(self, keep: NDArray[np.bool_]) -> Disclosed:
        """The rows of a mask, under the same faces."""
        return Disclosed(
            _SEAL, self.faces, self.face[keep], self.time[keep], self.value[keep], self.homes[keep], self.row[keep],
            self.revision,
        )  # fmt: skip

    def of(self, number: int) -> tuple[Times, Values]:
        """The times and values of one face, in order of time."""
        mine = self.face == number
        return self.time[mine], self.value[mine]


class Refusal(Struct, frozen=True):
    """Something a thing sent that could not be used: when (µs), and why in words."""

    at: int
    reason: str


class OwnConsent(Struct, frozen=True):
    """What the asker agreed to: how far, for what, to which commons (name), from when until when (µs; None: no end)."""

    grade: Grade
    purpose: str
    commons: str | None
    since: int
    until: int | None


class OwnStream(Struct, frozen=True, kw_only=True):
    """One datastream as its own household knows it.

    `next_grade` waits until `next_at` (µs); in a pause what is measured stays at home, `paused_until` then (µs).
    """

    datastream: int
    property: str
    named: str
    unit: str | None
    grade: Grade
    cap: Grade
    commons: str | None
    pseudonym: str | None
    last_heard: int | None
    next_grade: Grade | None = None
    next_at: int | None = None
    paused_until: int | None = None
    consents: tuple[OwnConsent, ...] = ()


class OwnThing(Struct, frozen=True, kw_only=True):
    """One thing as its own household knows it.

    `last_heard` is the newest time (µs) of any of its values; since `closed` only what it measured is theirs.
    """

    handle: str
    title: str
    name: str
    exposure: str | None
    last_heard: int | None
    refusals: tuple[Refusal, ...]
    streams: tuple[OwnStream, ...]
    closed: int | None = None


class OwnEstate(Struct, frozen=True):
    """An owner for whom the asker may act, and the (handle, title) of each of its things."""

    party: int
    name: str
    things: tuple[tuple[str, str], ...]
    household: bool = False


class OwnToken(Struct, frozen=True, kw_only=True):
    """A token that may still be used, until `expires` (µs): something called `name` comes by it, or goes.

    `enrolment` is the number of the one that is to come; `handle` is that of the thing that is to go.
    """

    name: str
    expires: int
    enrolment: int | None = None
    handle: str | None = None


class OwnBox(Struct, frozen=True):
    """How many envelopes of one thing its household can get, and when the last came (µs)."""

    handle: str
    thing: str
    envelopes: int
    last: int


class OwnSealed(Struct, frozen=True):
    """An envelope as its household gets it: its number, its thing's name, when it came (µs), who signed, all of it."""

    number: int
    thing: str
    received: int
    signing_key: bytes | None
    body: bytes


def disclose(
    rows: Rows, scope: Scope, catalogue: Catalogue, key: bytes, published: Published = NOTHING_PUBLISHED
) -> Disclosed:
    """What of these rows may be shown under this scope, and beside them what was published.

    In: rows found under the same scope; `key` (32 secret bytes) numbers and so orders the `street` rows. Out: the rows
    under their faces, in the property's unit, stepped where the view says so; a `street` window with fewer homes than
    its view asks for is not there at all.
    """
    rows = _ordered(rows)
    at = _members(rows, scope.members)
    if len(at) and at.min() < 0:
        known = at >= 0
        at, rows = at[known], Rows(rows.datastream[known], rows.time[known], rows.value[known])
    face, home, scale, shift = (np.ascontiguousarray(scope.members[c])[at] for c in ("face", "home", "scale", "shift"))
    value = _stepped(rows.value * scale + shift, face, scope.faces, catalogue)
    kept = _in_company(face, rows.time, home, scope.faces)
    face, time, value = face[kept], rows.time[kept], value[kept]
    row = _numbered(face, time, value, scope.faces, key)
    order = _order(face, time, row)
    homes = np.array([f.homes for f in scope.faces] or [1], np.int16)[face]
    return Disclosed(
        _SEAL, (*scope.faces, *published.faces),
        np.concatenate([face[order], published.face + np.int32(len(scope.faces))]),
        np.concatenate([time[order], published.time]), np.concatenate([value[order], published.value]),
        np.concatenate([homes[order], published.homes]),
        np.concatenate([row[order], np.zeros(len(published.face), np.uint64)]), scope.revision,
    )  # fmt: skip


def _ordered(rows: Rows) -> Rows:
    """Rows by datastream and time, as stores give them; whose a row is depends on it here, so it is not believed."""
    later, same = np.diff(rows.datastream), np.diff(rows.time)
    if not np.any((later < 0) | ((later == 0) & (same < 0))):
        return rows
    order = np.lexsort((rows.time, rows.datastream))
    return Rows(rows.datastream[order], rows.time[order], rows.value[order])


def _members(rows: Rows, members: NDArray[np.void]) -> NDArray[np.intp]:
    """The number of the member under whose face each of these ordered rows is shown; -1 for none."""
    stream, since = (np.ascontiguousarray(members[c]) for c in ("datastream", "since"))
    start, end = (np.searchsorted(rows.datastream, stream, side) for side in _SIDES)
    for i in np.flatnonzero(stream[1:] == stream[:-1]) + 1:
        start[i] += np.searchsorted(rows.time[start[i] : end[i]], since[i])
        end[i - 1] = start[i]
    count = end - start
    numbers = np.repeat(np.arange(len(members)), count)
    if len(numbers) < len(rows):
        at = np.full(len(rows), -1)
        at[np.arange(len(numbers)) + np.repeat(start - np.cumsum(count) + count, count)] = numbers
        numbers = at
    if len(members):
        numbers[rows.time < since[numbers]] = -1
    return numbers


def _stepped(value: Values, face: Ints, faces: Sequence[Face], catalogue: Catalogue) -> Values:
    steps = np.array([_step(f, catalogue) for f in faces] or [0.0])[face]
    safe = np.where(steps > 0, steps, 1.0)
    return np.where(steps > 0, np.round(np.round(value / safe) * safe, _DECIMALS), value)


def _step(face: Face, catalogue: Catalogue) -> float:
    observed = catalogue.get(face.property)
    if not face.stepped or observed is None:
        return 0.0
    return observed.step_street if face.kind is Kind.NOBODY else observed.step_commons


def _in_company(face: Ints, time: Times, home: Ints, faces: Sequence[Face]) -> NDArray[np.bool_]:
    """Which rows stand in a window in which enough homes have one."""
    least = np.array([f.homes if f.kind is Kind.NOBODY else 0 for f in faces] or [0], np.int64)
    kept: NDArray[np.bool_] = np.equal(least[face], 0)
    asked = np.flatnonzero(~kept)
    if len(asked):
        groups = np.unique(np.column_stack([face[asked], time[asked]]), axis=0, return_inverse=True)[1].ravel()
        pairs = np.unique(np.column_stack([groups, home[asked]]), axis=0)
        count = np.bincount(pairs[:, 0][pairs[:, 1] >= 0], minlength=int(groups.max()) + 1)
        kept[asked] = count[groups] >= least[face[asked]]
    return kept


def _numbered(face: Ints, time: Times, value: Values, faces: Sequence[Face], key: bytes) -> Numbers:
    """The numbers of the `street` rows; 0 for all others."""
    numbers = np.zeros(len(face), np.uint64)
    nobodys = np.flatnonzero(np.array([f.kind is Kind.NOBODY for f in faces] or [False])[face])
    if len(nobodys):
        subjects = [f"{f.cell}|{f.property}" for f in faces]
        numbers[nobodys] = row_numbers(key, face[nobodys].astype(np.intp), subjects, time[nobodys], value[nobodys])
    return numbers


def _order(face: Ints, time: Times, row: Numbers) -> NDArray[np.intp]:
    """By face, time and number; rows as they come from a store mostly are in order."""
    later, same = np.diff(face), np.diff(time)
    if row.any():
        return np.lexsort((row, time, face))
    if np.any(later < 0) or np.any((later == 0) & (same < 0)):
        return np.lexsort((time, face))
    return np.arange(len(face))
