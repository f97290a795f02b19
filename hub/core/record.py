"""A thing's own record: how often it speaks, where it was silent, what of it was marked, whether its clock is right.

Rule: numbers and times, never a value. It is for the thing's household; others may be told how many, not when
(`hub.control.things`): when something of a home spoke says when somebody was there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.disclosed import Refusal
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.holdings import Datastream
from hub.core.observations import FLAT, FUTURE, IMPLAUSIBLE, JUMP, LATE, Observations, Times

NOTED = LATE | FUTURE | IMPLAUSIBLE | JUMP | FLAT
GAP = 3
"""Whoever is silent for longer than so many times its cadence has a gap."""
NEVER_SET = 35 * 365 * DAY
"""Clocks that were never set begin at 1970 or 2000: whoever names a time before this (2004) has one."""
RECENTLY, WEEK, FINEST = 6 * HOUR, 7 * DAY, MINUTE
"""The cadence is learnt from so long a time, or else, by the `FINEST` window, from a week; gaps from a week."""
_AMPLE = 2**62
_STEADY = 10 * MINUTE
_LEAST = 3
Key = tuple[int, int]
"""A datastream and a day (UTC, since 1970) on which something of it arrived."""


class Tally(Struct, frozen=True):
    """How many readings were marked, and how; times and delays in µs.

    Of the `late` ones the first and last time and the least and the most that one was late; of those `ahead` by how
    much at most.
    """

    late: int = 0
    late_since: int = _AMPLE
    late_until: int = -_AMPLE
    least_delay: int = _AMPLE
    most_delay: int = 0
    ahead: int = 0
    most_ahead: int = 0
    implausible: int = 0
    jump: int = 0
    flat: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.late + other.late, min(self.late_since, other.late_since), max(self.late_until, other.late_until),
            min(self.least_delay, other.least_delay), max(self.most_delay, other.most_delay),
            self.ahead + other.ahead, max(self.most_ahead, other.most_ahead),
            self.implausible + other.implausible, self.jump + other.jump, self.flat + other.flat,
        )  # fmt: skip


class Gap(Struct, frozen=True):
    """Nothing was heard from `since` to `until` (µs; None: until now)."""

    since: int
    until: int | None


class StreamRecord(Struct, frozen=True, kw_only=True):
    """One datastream's: `cadence` (µs) is the middle step between its readings, `tally` that of the last seven days.

    `clock`: how far (µs) its clock is ahead (+) or behind (-), None when it is right or nobody can tell.
    """

    datastream: int
    property: str
    named: str
    last_heard: int | None
    cadence: int | None
    gaps: tuple[Gap, ...]
    tally: Tally
    clock: int | None


class ThingRecord(Struct, frozen=True, kw_only=True):
    """A thing's: its values by name, what was refused (the newest first), how many sealed envelopes are kept.

    Since `closed` (µs) it is its owner's no more.
    """

    handle: str
    title: str
    streams: tuple[StreamRecord, ...]
    refusals: tuple[Refusal, ...]
    sealed: int
    closed: int | None = None

    @property
    def clock(self) -> int | None:
        """How far its clock is off: of the values that tell a time, the one that says the most."""
        return max((s.clock for s in self.streams if s.clock is not None), key=abs, default=None)


def silent(stream: StreamRecord) -> int | None:
    """Since when (µs) it has been silent for longer than it ever should; None while it speaks."""
    return stream.gaps[0].since if stream.gaps and stream.gaps[0].until is None else None


def stream_record(
    stream: Datastream, last_heard: int | None, recent: Times, week: Times, days: Mapping[int, Tally], now: int,
    closed: int | None = None,
) -> StreamRecord:  # fmt: skip
    """The record of one datastream: for `recent`, `week` see `rhythm`, `gaps`; since `closed` nothing is missed."""
    often = rhythm(recent, week)
    missed = tuple(g for g in gaps(week, often, now) if closed is None or g.until is not None)
    return StreamRecord(
        datastream=stream.id, property=stream.property, named=stream.named, last_heard=last_heard, cadence=often,
        gaps=missed, tally=together(days), clock=clock(days),
    )  # fmt: skip


def tallies(batch: Observations) -> dict[Key, Tally]:
    """What of a batch is marked, by datastream and day of arrival; nothing of what is as it should be."""
    rows = np.flatnonzero(batch.quality & np.uint8(NOTED))
    if not len(rows):
        return {}
    keys = batch.datastream[rows].astype(np.int64) << 32 | np.maximum(batch.received[rows] // DAY, 0)
    rows = rows[np.argsort(keys, kind="stable")]
    datastream, received, quality = batch.datastream[rows], batch.received[rows], batch.quality[rows]
    day = np.maximum(received // DAY, 0)
    begins = np.flatnonzero(np.append(True, (datastream[1:] != datastream[:-1]) | (day[1:] != day[:-1])))
    time = np.clip(batch.time[rows], -_AMPLE, _AMPLE)
    delay, late, ahead = received - time, quality & LATE > 0, quality & FUTURE > 0

    def counted(which: NDArray[np.bool_]) -> list[int]:
        return list(np.add.reduceat(which.astype(np.int64), begins).tolist())

    columns = zip(
        counted(late), _least(time, late, begins), _most(time, late, begins, -_AMPLE), _least(delay, late, begins),
        _most(delay, late, begins, 0), counted(ahead), _most(-delay, ahead, begins, 0),
        *(counted(quality & flag > 0) for flag in (IMPLAUSIBLE, JUMP, FLAT)), strict=True,
    )  # fmt: skip
    made = zip(datastream[begins].tolist(), day[begins].tolist(), strict=True)
    return {key: Tally(*row) for key, row in zip(made, columns, strict=True)}


def _least(what: Times, which: NDArray[np.bool_], begins: NDArray[np.intp]) -> list[int]:
    return list(np.minimum.reduceat(np.where(which, what, _AMPLE), begins).tolist())


def _most(what: Times, which: NDArray[np.bool_], begins: NDArray[np.intp], none: int) -> list[int]:
    return list(np.maximum.reduceat(np.where(which & (what > none), what, none), begins).tolist())


def together(days: Mapping[int, Tally]) -> Tally:
    """All days in one."""
    whole = Tally()
    for tally in days.values():
        whole = whole.plus(tally)
    return whole


def clock(days: Mapping[int, Tally]) -> int | None:
    """How far (µs) a clock is ahead (+) or behind (-), by the last day on which it seemed off; None: it is not.

    What is ahead has a wrong clock. What is late may be a backlog: then some of it is later than the rest. A clock is
    wrong when readings of a long time are late by about the same, or of a time when nobody measured.
    """
    told = [day for day, t in sorted(days.items()) if t.ahead or t.late]
    if not told:
        return None
    t = days[told[-1]]
    if t.ahead:
        return t.most_ahead
    spread, length = t.most_delay - t.least_delay, t.late_until - t.late_since
    steady = t.late >= _LEAST and spread <= _STEADY and length > 2 * spread
    return -t.least_delay if steady or t.late_until < NEVER_SET else None


def cadence(time: Times) -> int | None:
    """How often something is heard (µs): the median of the steps between its times; None from fewer than three."""
    return int(np.median(np.diff(time))) if len(time) >= _LEAST else None


def rhythm(recent: Times, week: Times) -> int | None:
    """The cadence by recent times, or by those of a week, to the `FINEST`, of something that speaks seldom."""
    often = cadence(recent)
    if often is not None:
        return often
    seldom = cadence(week)
    return None if seldom is None else max(seldom, FINEST)


def gaps(week: Times, often: int | None, now: int) -> tuple[Gap, ...]:
    """Where nothing was heard for longer than `GAP` times the cadence, the newest first.

    In: the starts of the `FINEST` windows in which something was heard, in order.
    """
    if often is None or not len(week):
        return ()
    most = max(GAP * often, FINEST)
    ends = week + FINEST
    silent = np.flatnonzero(week[1:] - ends[:-1] > most)
    found = [Gap(int(ends[i]), int(week[i + 1])) for i in silent[::-1]]
    return (*([Gap(int(ends[-1]), None)] if now - int(ends[-1]) > most else ()), *found)
