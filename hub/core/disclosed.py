"""What may be shown: the only thing the web and API layers can hold.

Rule: made here and nowhere else, from rows a store found under a scope; a row without a face is dropped. Everything
works on whole columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.catalogue import Catalogue
from hub.core.face import Face
from hub.core.grade import Grade, Kind
from hub.core.observations import Ints, Times, Values
from hub.core.scope import Scope
from hub.core.store import Rows

_SEAL = object()
_DECIMALS = 9


class Disclosed:
    """Faces, and rows under them: `face` (a number into `faces`), `time` (µs), `value` in the property's own unit.

    Rows are ordered by face and time; those of one `street` cell and window by value, so that their order says
    nothing. A face may be there without a row: it exists for this audience but has nothing to say.
    """

    __slots__ = ("face", "faces", "revision", "time", "value")

    def __new__(cls, seal: object = None, *_: object) -> Self:
        """Only with this module's own seal."""
        if seal is not _SEAL:
            raise TypeError("a Disclosed is made by disclose, nowhere else")
        return super().__new__(cls)

    def __init__(self, _: object, faces: Sequence[Face], face: Ints, time: Times, value: Values, revision: int) -> None:
        self.faces = tuple(faces)
        self.face, self.time, self.value = face, time, value
        self.revision = revision

    def __len__(self) -> int:
        """How many rows."""
        return len(self.face)

    def where(self, keep: NDArray[np.bool_]) -> Disclosed:
        """The rows of a mask, under the same faces."""
        return Disclosed(_SEAL, self.faces, self.face[keep], self.time[keep], self.value[keep], self.revision)

    def of(self, number: int) -> tuple[Times, Values]:
        """The times and values of one face, in order of time."""
        mine = self.face == number
        return self.time[mine], self.value[mine]


class Refusal(Struct, frozen=True):
    """Something a thing sent that could not be used: when (µs), and why in words."""

    at: int
    reason: str


class OwnStream(Struct, frozen=True, kw_only=True):
    """One datastream as its own household knows it; `next_grade` waits until `next_at` (µs)."""

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


class OwnThing(Struct, frozen=True, kw_only=True):
    """One thing as its own household knows it; `last_heard` is the newest time (µs) of any of its values."""

    handle: str
    title: str
    name: str
    exposure: str | None
    last_heard: int | None
    refusals: tuple[Refusal, ...]
    streams: tuple[OwnStream, ...]


def disclose(rows: Rows, scope: Scope, catalogue: Catalogue) -> Disclosed:
    """What of these rows may be shown under this scope.

    In: rows found under the same scope. Out: the same rows under their faces, in the property's unit, stepped where
    the view says so; a `street` window with fewer homes than its view asks for is not there at all.
    """
    at = np.searchsorted(scope.members["datastream"], rows.datastream)
    at = np.minimum(at, max(0, len(scope.members) - 1))
    member = scope.members[at] if len(scope.members) else np.zeros(len(rows), scope.members.dtype)
    known = member["datastream"] == rows.datastream if len(scope.members) else np.zeros(len(rows), bool)
    if not known.all():
        member, rows = member[known], Rows(rows.datastream[known], rows.time[known], rows.value[known])
    face = member["face"]
    value = _stepped(rows.value * member["scale"] + member["shift"], face, scope.faces, catalogue)
    kept = _in_company(face, rows.time, member["home"], scope.faces)
    order = _order(face, rows.time, value, scope.faces)
    order = order[kept[order]]
    return Disclosed(_SEAL, scope.faces, face[order], rows.time[order], value[order], scope.revision)


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


def _order(face: Ints, time: Times, value: Values, faces: Sequence[Face]) -> NDArray[np.intp]:
    if any(f.kind is Kind.NOBODY for f in faces):
        return np.lexsort((value, time, face))
    return np.lexsort((time, face)) if np.any(np.diff(face) < 0) else np.arange(len(face))
