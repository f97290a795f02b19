"""Readings become observations: columns with datastream, owner, grade at arrival and wish.

Rule: attribution is by who published, then by what it calls things; a reading nobody can own is not stored.
Everything is columns from here on: one NumPy array per field, one row per observation, never one object a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.grade import HOUR, MINUTE, NO_WISH, Grade
from hub.core.history import Span
from hub.core.reading import Decoded, Message, Reading

Ints = NDArray[np.int32]
Times = NDArray[np.int64]
Values = NDArray[np.float64]
Bytes = NDArray[np.uint8]

STAMPED = 1
"""Quality: the message gave no time; it is the time of arrival."""
LATE = 2
"""Quality: it arrived more than an hour after its time."""
FUTURE = 4
"""Quality: its time was more than ten minutes ahead of the hub's clock."""
IMPLAUSIBLE = 8
"""Quality: outside its property's plausible range."""
LOCAL = 16
"""Quality: its time was told without a zone, and read in the hub's."""
JUMP = 32
"""Quality: further from what was measured before than its property can get in that time (`hub.core.plausibility`)."""
FLAT = 64
"""Quality: the same value for longer than its property ever holds still."""
FLAGS = (STAMPED, LATE, FUTURE, IMPLAUSIBLE, LOCAL, JUMP, FLAT)
"""All there are; an engine keeps each of them. There is room for seven, and no more."""
_NO_TIME = -(2**63)
_NOTHING_KNOWN: dict[tuple[str, str, str | None], int] = {}


class Unattributed(Exception):
    """A reading belongs to nobody that the hub knows; the text says why in words for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Observations:
    """A batch: equal-length columns. Times in µs; `grade` at arrival and `wish` as `Grade` numbers."""

    datastream: Ints
    owner: Ints
    time: Times
    received: Times
    value: Values
    grade: Bytes
    wish: Bytes
    quality: Bytes

    def __len__(self) -> int:
        """How many rows."""
        return len(self.datastream)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Observations:
        """The rows chosen by an index or a mask."""
        return Observations(
            self.datastream[rows], self.owner[rows], self.time[rows], self.received[rows],
            self.value[rows], self.grade[rows], self.wish[rows], self.quality[rows],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attributed:
    """What `attribute` makes of a batch: observations, the keys the table lacks, the messages that came in clear.

    `number`: for each observation the number of its series in the table; `former`: the messages with readings from
    before the thing was its owner's.
    """

    observations: Observations
    missing: frozenset[Key]
    clear: list[Message]
    number: NDArray[np.intp]
    former: list[Message] = field(default_factory=list)


class Key(Struct, frozen=True, order=True):
    """How a sender names one of its values: within a topic space, a thing, a property, a unit as written."""

    credential: int
    thing: str
    property: str
    unit: str | None


class Series(Struct, frozen=True):
    """Where readings of one `Key` go. `scale` and `shift` bring the unit as written to the datastream's.

    What is plausible, in the datastream's unit: values from `low` to `high`, changes of `rate` a minute, and `still`
    (µs; 0: any time) without a change. `begins` (µs): what was measured earlier is not this owner's.
    """

    datastream: int
    owner: int
    grade: Grade
    scale: float = 1.0
    shift: float = 0.0
    low: float = float("-inf")
    high: float = float("inf")
    pauses: tuple[Span, ...] = ()
    rate: float = float("inf")
    still: int = 0
    begins: int = _NO_TIME


@dataclass(slots=True)
class SeriesTable:
    """All known series, compiled for `attribute`: a number for each key, and columns by that number."""

    series: list[Series] = field(default_factory=list)
    numbers: dict[int, dict[tuple[str, str, str | None], int]] = field(default_factory=dict)
    datastream: Ints = field(init=False)
    owner: Ints = field(init=False)
    grade: Bytes = field(init=False)
    scale: Values = field(init=False)
    shift: Values = field(init=False)
    low: Values = field(init=False)
    high: Values = field(init=False)
    rate: Values = field(init=False)
    still: Times = field(init=False)
    begins: Times = field(init=False)
    paused: list[tuple[int, Span]] = field(init=False)

    def __post_init__(self) -> None:
        """Compile the columns."""
        self.datastream = np.array([s.datastream for s in self.series], np.int32)
        self.owner = np.array([s.owner for s in self.series], np.int32)
        self.grade = np.array([s.grade for s in self.series], np.uint8)
        self.scale = np.array([s.scale for s in self.series], np.float64)
        self.shift = np.array([s.shift for s in self.series], np.float64)
        self.low = np.array([s.low for s in self.series], np.float64)
        self.high = np.array([s.high for s in self.series], np.float64)
        self.rate = np.array([s.rate for s in self.series], np.float64)
        self.still = np.array([s.still for s in self.series], np.int64)
        self.begins = np.array([s.begins for s in self.series], np.int64)
        self.paused = [(i, pause) for i, s in enumerate(self.series) for pause in s.pauses]

    @classmethod
    def of(cls, rows: Iterable[tuple[Key, Series]]) -> SeriesTable:
        """The table of these keys and where they go."""
        series: list[Series] = []
        numbers: dict[int, dict[tuple[str, str, str | None], int]] = {}
        for key, where in rows:
            numbers.setdefault(key.credential, {})[key.thing, key.property, key.unit] = len(series)
            series.append(where)
        return cls(series, numbers)


def attribute(heard: Sequence[tuple[Message, Decoded]], table: SeriesTable) -> Attributed:
    """Give each reading its datastream, owner and grade at arrival.

    In: messages with what was decoded of them. Out: the observations in order; left out are readings whose key is not
    in the table, what came in clear for a `sealed` datastream, what is from before the thing was its owner's, and
    retained readings without a time of their own (they repeat what was stored when it was new).
    """
    found, readings, counts = _looked_up(heard, table)
    number = np.array(found, np.intp)
    unknown = number < 0
    missing = _keys(heard, counts, unknown)
    sealed = np.zeros(len(number), bool)
    sealed[~unknown] = table.grade[number[~unknown]] == Grade.SEALED
    before = _before(number, readings, table)
    left_out = unknown | sealed | before
    if any(m.retained for m, _ in heard):
        retained = np.repeat(np.array([m.retained for m, _ in heard], bool), counts)
        left_out |= retained & np.array([r.time is None for r in readings], bool)
    clear = [heard[i][0] for i in np.unique(_origins(counts)[sealed])]
    received = np.repeat(np.array([m.received for m, _ in heard], np.int64), counts)
    wish = _wishes(heard, readings, counts)
    local = _local(heard, counts)
    if left_out.any():
        kept = np.flatnonzero(~left_out)
        number, received, wish, readings = number[kept], received[kept], wish[kept], [readings[i] for i in kept]
        local = None if local is None else local[kept]
    made = _columns(number, readings, received, wish, table)
    if local is not None:
        made.quality[local & (made.quality & STAMPED == 0)] |= LOCAL
    former = [heard[i][0] for i in np.unique(_origins(counts)[before])] if before.any() else []
    return Attributed(made, missing, clear, number, former)


def _looked_up(
    heard: Sequence[tuple[Message, Decoded]], table: SeriesTable
) -> tuple[list[int], list[Reading], list[int]]:
    """For each reading the number of its series (-1: the table has none); all readings; how many each message has."""
    found: list[int] = []
    readings: list[Reading] = []
    counts: list[int] = []
    add, credential, known = found.append, None, _NOTHING_KNOWN
    for message, decoded in heard:
        if message.credential != credential:  # messages of one sender come together
            credential = message.credential
            known = table.numbers.get(credential, _NOTHING_KNOWN)
        readings += decoded.readings
        counts.append(len(decoded.readings))
        for r in decoded.readings:
            add(known.get((r.thing, r.property, r.unit), -1))
    return found, readings, counts


def _origins(counts: Sequence[int]) -> NDArray[np.intp]:
    """For each reading the number of its message."""
    return np.repeat(np.arange(len(counts)), counts)


def _keys(
    heard: Sequence[tuple[Message, Decoded]], counts: Sequence[int], unknown: NDArray[np.bool_]
) -> frozenset[Key]:
    if not unknown.any():
        return frozenset()
    origins = _origins(counts)[unknown]
    return frozenset(
        Key(heard[i][0].credential, r.thing, r.property, r.unit)
        for i in np.unique(origins)
        for r in heard[i][1].readings
    )


def _before(number: NDArray[np.intp], readings: Sequence[Reading], table: SeriesTable) -> NDArray[np.bool_]:
    """For each reading whether it is from before its thing was its owner's; few things ever change hands."""
    before = np.zeros(len(number), bool)
    if not (table.begins > _NO_TIME).any():
        return before
    known = np.flatnonzero(number >= 0)
    for row in known[table.begins[number[known]] > _NO_TIME].tolist():
        time = readings[row].time
        before[row] = time is not None and time < table.begins[number[row]]
    return before


def _wishes(heard: Sequence[tuple[Message, Decoded]], readings: Sequence[Reading], counts: Sequence[int]) -> Bytes:
    """The stricter of the message's and the reading's own wish."""
    own = np.full(len(readings), NO_WISH, np.uint8)
    if {r.wish for r in readings} != {None}:
        own = np.array([NO_WISH if r.wish is None else r.wish for r in readings], np.uint8)
    if {m.wish for m, _ in heard} != {None}:
        whole = np.array([NO_WISH if m.wish is None else m.wish for m, _ in heard], np.uint8)
        own = np.minimum(own, np.repeat(whole, counts))
    return own


def _local(heard: Sequence[tuple[Message, Decoded]], counts: Sequence[int]) -> NDArray[np.bool_] | None:
    """For each reading whether its time was read in the hub's zone; None when none was."""
    if not any(decoded.local for _, decoded in heard):
        return None
    return np.repeat(np.array([decoded.local for _, decoded in heard], bool), counts)


def _columns(
    number: NDArray[np.intp], readings: Sequence[Reading], received: Times, wish: Bytes, table: SeriesTable
) -> Observations:
    time = np.array([_NO_TIME if r.time is None else r.time for r in readings], np.int64)
    value = np.array([r.value for r in readings], np.float64)
    value = value * table.scale[number] + table.shift[number]
    stamped = time == _NO_TIME
    time = np.where(stamped, received, time)
    quality = stamped * np.uint8(STAMPED)
    quality |= (time < received - HOUR) * np.uint8(LATE)
    quality |= (time > received + 10 * MINUTE) * np.uint8(FUTURE)
    quality |= ((value < table.low[number]) | (value > table.high[number])) * np.uint8(IMPLAUSIBLE)
    grade = _paused(number, time, table)
    return Observations(table.datastream[number], table.owner[number], time, received, value, grade, wish, quality)


def _paused(number: NDArray[np.intp], time: Times, table: SeriesTable) -> Bytes:
    """The grades at arrival; a reading taken in a pause is stamped `home` at most, however late it arrives."""
    grade = table.grade[number]
    for i, pause in table.paused:
        taken = (number == i) & (time >= pause.since) & (time < pause.until)
        grade = np.where(taken, np.minimum(grade, np.uint8(Grade.HOME)), grade)
    return grade
