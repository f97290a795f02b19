"""Which readings are hardly true by what came before them: too far from it, or the same for too long.

Rule: a flag beside the value; no value is changed or left out. Each datastream is judged by itself, in order of time:

- `JUMP`: further than its property's rate allows from the reading before it, and from the last reading that was none
  such too. So a spike is marked and what follows it is not, and of a step that stays (the thing was carried outdoors)
  only the first reading is. Within a minute a value may move as far as the rate says, however close two readings are:
  what rounds to tenths would seem to race otherwise. (The step and persistence checks of WMO-No. 8, part V, and of
  Zahumenský's Guidelines on Quality Control Procedures for Data from Automatic Weather Stations, 2004.)
- `FLAT`: at least twenty readings in a row with the same value, for at least as long as its property is `still`; a
  silence of a quarter of that breaks the row. At either end of its plausible range a value may stay: nothing falls, the
  air is full of water, the meter of light has enough.

A reading is not judged, and is no measure for others, when its value is implausible anyway, its clock runs ahead, or
one as new or newer of the same datastream came before it (a backlog behind what is live).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import MINUTE
from hub.core.observations import FLAT, FUTURE, IMPLAUSIBLE, JUMP, Bytes, Observations, Times, Values

Lines = NDArray[np.intp]
Mask = NDArray[np.bool_]

MANY = 20
"""So many readings with one value are needed to call them flat."""
_BREAKS = 4
_NEVER = -(2**63)
_UNUSED = np.uint8(IMPLAUSIBLE | FUTURE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is plausible: equal-length columns, a line per datastream, each in its own unit (`rate` a minute)."""

    low: Values
    high: Values
    rate: Values
    still: Times


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered: equal-length columns, a line per datastream. Times in µs.

    The last reading that was judged; the last of those that was no jump; since when and how often in a row it has been
    the same.
    """

    time: Times
    value: Values
    sound_time: Times
    sound: Values
    since: Times
    count: Times

    @classmethod
    def nothing(cls, lines: int) -> Past:
        """Of so many datastreams nothing is known yet."""
        never, none = np.full(lines, _NEVER, np.int64), np.zeros(lines)
        return cls(never, none, never.copy(), none.copy(), never.copy(), np.zeros(lines, np.int64))

    def take(self, lines: Lines | Mask) -> Past:
        """Some of the lines."""
        return Past(
            self.time[lines], self.value[lines], self.sound_time[lines], self.sound[lines], self.since[lines],
            self.count[lines],
        )  # fmt: skip

    def put(self, lines: Lines, other: Past) -> None:
        """Write the other's lines over these of one's own."""
        self.time[lines], self.value[lines] = other.time, other.value
        self.sound_time[lines], self.sound[lines] = other.sound_time, other.sound
        self.since[lines], self.count[lines] = other.since, other.count


class Judged(NamedTuple):
    """The flags of a batch, a row each; and what is to be remembered of which lines once it is stored."""

    flags: Bytes
    lines: Lines
    past: Past


class _Rows(NamedTuple):
    """What is judged, by line and time, each row with the one before it of its line; `first`: that is remembered."""

    line: Lines
    time: Times
    value: Values
    first: Mask
    known: Mask
    before_time: Times
    before: Values


def judge(line: Lines, batch: Observations, limits: Limits, past: Past) -> Judged:
    """Judge a batch; `line` says for each row which line of `limits` and `past` is its datastream's (-1: none)."""
    flags = np.zeros(len(line), np.uint8)
    chosen = _in_order(line, batch, past)
    if not len(chosen):
        return Judged(flags, np.empty(0, np.intp), Past.nothing(0))
    rows = _rows(line[chosen], batch.time[chosen], batch.value[chosen], past)
    ends = np.flatnonzero(np.append(rows.first[1:], True))
    jump, sound_time, sound = _jumps(rows, ends, limits.rate[rows.line], past)
    flat, since, count = _flat(rows, limits, past)
    flags[chosen] = jump * np.uint8(JUMP) | flat * np.uint8(FLAT)
    fresh = Past(rows.time[ends], rows.value[ends], sound_time, sound, since[ends], count[ends])
    return Judged(flags, rows.line[ends], fresh)


def _in_order(line: Lines, batch: Observations, past: Past) -> Lines:
    """The rows that are judged, by line and time: each newer than what came before it."""
    chosen = np.flatnonzero((line >= 0) & (batch.quality & _UNUSED == 0))
    chosen = chosen[np.argsort(line[chosen], kind="stable")]
    at, time = line[chosen], batch.time[chosen]
    if np.any((at[1:] == at[:-1]) & (time[1:] < time[:-1])):
        order = np.lexsort((time, at))
        chosen, at, time = chosen[order], at[order], time[order]
    newer = time > past.time[at]
    newer[1:] &= (at[1:] != at[:-1]) | (time[1:] != time[:-1])
    return chosen[newer]


def _rows(line: Lines, time: Times, value: Values, past: Past) -> _Rows:
    first = np.append(True, line[1:] != line[:-1])
    before_time, before = np.append(time[:1], time[:-1]), np.append(value[:1], value[:-1])
    before_time[first], before[first] = past.time[line[first]], past.value[line[first]]
    return _Rows(line, time, value, first, before_time != _NEVER, before_time, before)


def _jumps(rows: _Rows, ends: Lines, rate: Values, past: Past) -> tuple[Mask, Times, Values]:
    """Which rows are jumps; of each line the time and value of the last reading that was none."""
    jump = rows.known & _far(rows.value, rows.before, rows.time, np.where(rows.known, rows.before_time, 0), rate)
    after = rows.first & (past.sound_time[rows.line] != past.time[rows.line])
    after[1:] |= jump[:-1] & ~rows.first[1:]
    sounds: dict[int, tuple[int, float]] = {}
    for i in np.flatnonzero(jump & after).tolist():
        sound = _sound_before(i, rows, jump, sounds, past)
        if sound is not None:
            jump[i] = abs(float(rows.value[i]) - sound[1]) > _reach(float(rate[i]), int(rows.time[i]) - sound[0])
            if jump[i]:
                sounds[i] = sound
    held = jump[ends]
    time = np.where(held, rows.before_time[ends], rows.time[ends])
    value = np.where(held, rows.before[ends], rows.value[ends])
    for n in np.flatnonzero(held).tolist():
        time[n], value[n] = sounds.get(int(ends[n]), (time[n], value[n]))
    return jump, time, value


def _sound_before(
    i: int, rows: _Rows, jump: Mask, sounds: dict[int, tuple[int, float]], past: Past
) -> tuple[int, float] | None:
    """The last reading before row `i` that was no jump; None when that is the one right before it."""
    if rows.first[i]:
        line = rows.line[i]
        return int(past.sound_time[line]), float(past.sound[line])
    if not jump[i - 1]:
        return None
    return sounds.get(i - 1) or (int(rows.before_time[i - 1]), float(rows.before[i - 1]))


def _far(value: Values, before: Values, time: Times, before_time: Times, rate: Values) -> Mask:
    with np.errstate(over="ignore", invalid="ignore"):
        reach = rate * (np.maximum(time - before_time, MINUTE) / MINUTE)
        return np.asarray(np.abs(value - before) > reach)


def _reach(rate: float, gap: int) -> float:
    return rate * (max(gap, MINUTE) / MINUTE)


def _flat(rows: _Rows, limits: Limits, past: Past) -> tuple[Mask, Times, Times]:
    """Which rows are flat; since when, and for how many rows, each has had its value."""
    still = limits.still[rows.line]
    silence = rows.time - np.where(rows.known, rows.before_time, rows.time)
    same = rows.known & (rows.value == rows.before) & (silence <= still // _BREAKS)
    begins, number = ~same | rows.first, np.arange(len(same))
    goes_on = same & rows.first
    start = np.where(goes_on, past.since[rows.line], rows.time)
    carried = np.where(goes_on, past.count[rows.line], 0)
    begun = np.maximum.accumulate(np.where(begins, number, 0))
    since, count = start[begun], number - begun + 1 + carried[begun]
    inside = (rows.value > limits.low[rows.line]) & (rows.value < limits.high[rows.line])
    return inside & (still > 0) & (count >= MANY) & (rows.time - since >= still), since, count
