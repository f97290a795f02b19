"""What the gate shows to everybody, as points of a time series: the layout of the bucket `civic`.

Rule: a series says what a face says and no more: no datastream, no owner, no pseudonym. How many series there are goes
by the faces, never by the rows: of several rows of one series and window each stands a microsecond after the other, in
the order of their numbers, which says nothing. A tag for the row would look like somebody, from window to window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.blocks import release_key
from hub.core.disclosed import Disclosed
from hub.core.face import Face
from hub.core.grade import HOUR, MINUTE, Kind

STEP = 15 * MINUTE
"""Public instruments are told as means of so long (µs): as they are kept when they are old, so that none changes."""
SETTLES = 2 * MINUTE
"""Such a mean is told so long (µs) after its end: what comes later corrects it."""
KINDS = {Kind.RELEASE: "region", Kind.NOBODY: "street", Kind.NAMED: "open"}
"""What anybody may see at all, as the tag `kind` says it."""
EVERYWHERE, NOWHERE, UNITY = "all", "unknown", "1"
_DECIMALS = 9
_UNSAID = str.maketrans({'"': "”", "\\": "/"})

Times = NDArray[np.int64]


class Series(Struct, frozen=True, order=True):
    """One series: its measurement (a property's id, with ``@indoor`` for an indoor release) and its tags.

    `name` and `thing` (the handle of its page) of a public instrument only, else empty; `unit` is UCUM.
    """

    observed: str
    kind: str
    place: str
    name: str
    thing: str
    unit: str


@dataclass(frozen=True, slots=True)
class Points:
    """Columns ordered by series and time: `which` (a number into `series`), `time` (µs), `value`, `homes`.

    Every series has a point; no two points have the same series and time. Make them with `pointed`.
    """

    series: tuple[Series, ...]
    which: NDArray[np.int64]
    time: Times
    value: NDArray[np.float64]
    homes: NDArray[np.int64]

    def __len__(self) -> int:
        """How many points."""
        return len(self.which)

    def digest(self) -> bytes:
        """Sixteen bytes that are the same for the same points."""
        found = blake2b(msgspec.msgpack.encode(self.series), digest_size=16)
        for column in (self.which, self.time, self.value, self.homes):
            found.update(np.ascontiguousarray(column).tobytes())
        return found.digest()

    def where(self, keep: NDArray[np.bool_]) -> Points:
        """The points of a mask."""
        return pointed(self.series, self.which[keep], self.time[keep], self.value[keep], self.homes[keep])


def pointed(
    series: Sequence[Series], which: NDArray[np.int64], time: Times, value: NDArray[np.float64],
    homes: NDArray[np.int64],
) -> Points:  # fmt: skip
    """Points from columns in any order; `series` may name one twice, or one of which there is no point."""
    used = np.unique(which).tolist()
    known = sorted({series[i] for i in used})
    number = {s: n for n, s in enumerate(known)}
    again = np.zeros(len(series), np.int64)
    again[used] = [number[series[i]] for i in used]
    which = again[which]
    order = np.lexsort((time, which))
    return Points(tuple(known), which[order], time[order], value[order], homes[order])


_NONE = np.empty(0, np.int64)
NO_POINTS = Points((), _NONE, _NONE, np.empty(0), _NONE)


def points_of(shown: Disclosed, units: Mapping[str, str], now: int) -> Points:
    """What is shown, as points; means of public instruments only once they have ended before `now` (µs).

    In: what the gate shows to nobody in particular for windows of `STEP`; the unit of each property.
    """
    faces = [_series(face, units) for face in shown.faces]
    ended = np.array([STEP if f.kind is Kind.NAMED else 0 for f in shown.faces] or [0], np.int64)[shown.face]
    kept = np.array([s is not None for s in faces] or [False])[shown.face]
    kept &= np.isfinite(shown.value) & (shown.time + ended + SETTLES * (ended > 0) <= now)
    face, time = shown.face[kept].astype(np.int64), shown.time[kept].astype(np.int64)
    found = [s for s in faces if s is not None]
    number = np.cumsum(np.array([s is not None for s in faces], np.int64)) - 1
    which = _joined(found)[number[face]] if found else _NONE
    value = np.round(shown.value[kept], _DECIMALS) + 0.0  # no minus nought
    return pointed(found, which, _apart(which, time), value, shown.homes[kept].astype(np.int64))


def _joined(series: Sequence[Series]) -> NDArray[np.int64]:
    """For each the number of the first that is the same: two faces may say the same."""
    first: dict[Series, int] = {}
    return np.array([first.setdefault(s, n) for n, s in enumerate(series)], np.int64)


def _apart(which: NDArray[np.int64], time: Times) -> Times:
    """The times, those of one series and window a microsecond apart in the order in which they stand."""
    order = np.lexsort((time, which))
    same = np.zeros(len(order), bool)
    same[1:] = (np.diff(which[order]) == 0) & (np.diff(time[order]) == 0)
    place = np.arange(len(order))
    rank = place - np.maximum.accumulate(np.where(same, 0, place))
    apart = time.copy()
    apart[order] += rank
    return apart


def _series(face: Face, units: Mapping[str, str]) -> Series | None:
    """The series of a face; None for what is nobody's business."""
    kind = KINDS.get(face.kind)
    if kind is None:
        return None
    observed, named = face.property, face.kind is Kind.NAMED
    if face.kind is Kind.RELEASE and face.where == "indoor":
        observed = release_key(observed, "indoor")
    return Series(
        observed, kind, _place(face), _plain(face.name or "") if named else "", (face.thing or "") if named else "",
        _plain(units.get(face.property) or UNITY),
    )  # fmt: skip


def _place(face: Face) -> str:
    if face.place is not None:
        return f"{face.place.lat:.5f},{face.place.lon:.5f}"
    return face.cell or (EVERYWHERE if face.kind is Kind.RELEASE else NOWHERE)


def _plain(words: str) -> str:
    """Words as a tag may have them: what the server's own languages could take for a sign is another letter."""
    return re.sub(r"[\x00-\x20\x7f]+", " ", words.translate(_UNSAID)).strip()


def hours(time: Times) -> Times:
    """The hour of each time (hours since 1970)."""
    return time // HOUR
