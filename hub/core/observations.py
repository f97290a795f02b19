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


class Key(Struct, frozen=True, order=True):
    """How a sender names one of its values: within a topic space, a thing, a property, a unit as written."""

    credential: int
    thing: str
    property: str
    unit: str | None


class Series(Struct, frozen=True):
    """Where readings of one `Key` go. `scale` and `shift` bring the unit as written to the datastream's."""

    datastream: int
    owner: int
    grade: Grade
    scale: float = 1.0
    shift: float = 0.0
    low: float = float("-inf")
    high: float = float("inf")
    pauses: tuple[Span, ...] = ()


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


def unknown_keys(heard: Sequence[tuple[Message, Decoded]], table: SeriesTable) -> set[Key]:
    """The keys in these messages that the table does not have yet."""
    missing: set[Key] = set()
    for message, decoded in heard:
        known = table.numbers.get(message.credential, {})
        for r in decoded.readings:
            if (r.thing, r.property, r.unit) not in known:
                missing.add(Key(message.credential, r.thing, r.property, r.unit))
    return missing


def attribute(heard: Sequence[tuple[Message, Decoded]], table: SeriesTable) -> tuple[Observations, list[Message]]:
    """Give each reading its datastream, owner and grade at arrival.

    In: messages with what was decoded of them. Out: the observations in order, and the messages of which a reading
    was left out because its datastream is `sealed` and it came in clear (or its key is not in the table).
    A retained reading without a time of its own is a repetition of what was stored when it was new: left out.
    """
    number: list[int] = []
    readings: list[Reading] = []
    origin: list[int] = []
    counts: list[int] = []
    refused: list[Message] = []
    for message, decoded in heard:
        known = table.numbers.get(message.credential, {})
        before = len(readings)
        for r in decoded.readings:
            i = known.get((r.thing, r.property, r.unit), -1)
            if i < 0 or table.series[i].grade is Grade.SEALED:
                refused.append(message)
            elif r.time is not None or not message.retained:
                number.append(i)
                readings.append(r)
        counts.append(len(readings) - before)
        origin.append(message.received)
    received = np.repeat(np.array(origin, np.int64), counts)
    wishes = np.repeat(np.array([NO_WISH if m.wish is None else m.wish for m, _ in heard], np.uint8), counts)
    return _columns(np.array(number, np.intp), readings, received, wishes, table), refused


def _columns(
    number: NDArray[np.intp], readings: Sequence[Reading], received: Times, wishes: Bytes, table: SeriesTable
) -> Observations:
    none = -(2**63)
    time = np.array([none if r.time is None else r.time for r in readings], np.int64)
    own = np.array([NO_WISH if r.wish is None else r.wish for r in readings], np.uint8)
    value = np.array([r.value for r in readings], np.float64)
    value = value * table.scale[number] + table.shift[number]
    stamped = time == none
    time = np.where(stamped, received, time)
    quality = stamped * np.uint8(STAMPED)
    quality |= (time < received - HOUR) * np.uint8(LATE)
    quality |= (time > received + 10 * MINUTE) * np.uint8(FUTURE)
    quality |= ((value < table.low[number]) | (value > table.high[number])) * np.uint8(IMPLAUSIBLE)
    grade = _paused(number, time, table)
    wish = np.minimum(wishes, own)
    return Observations(table.datastream[number], table.owner[number], time, received, value, grade, wish, quality)


def _paused(number: NDArray[np.intp], time: Times, table: SeriesTable) -> Bytes:
    """The grades at arrival; a reading taken in a pause is stamped `home` at most, however late it arrives."""
    grade = table.grade[number]
    for i, pause in table.paused:
        taken = (number == i) & (time >= pause.since) & (time < pause.until)
        grade = np.where(taken, np.minimum(grade, np.uint8(Grade.HOME)), grade)
    return grade
