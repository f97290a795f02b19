"""A datastream's grades through time, and what its past readings may be known as now.

Rule (design.md §2): the effective grade of a reading is the strictest of its own wish, the grade at arrival, and
every grade its datastream has had since. A tick replaces the last two for the readings it names, never a wish;
a tick to `street` is void. Up, down and up again opens nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from hub.core.grade import DAY, Grade

BEGINNING = -(2**62)
END = 2**62
_TOLD_APART = 7 * DAY


class Step(Struct, frozen=True, order=True):
    """From `since` (µs) on, the grade is this."""

    since: int
    grade: Grade


class Span(Struct, frozen=True, order=True):
    """A stretch of time, `since` included, `until` not (µs)."""

    since: int
    until: int


class Tick(Struct, frozen=True, order=True):
    """A raise made `at` some moment that names readings which had arrived in [`since`, `until`)."""

    at: int
    since: int
    until: int
    grade: Grade


class History(Struct, frozen=True):
    """One datastream's steps in order of time, its ticks, and its pauses."""

    steps: tuple[Step, ...] = ()
    ticks: tuple[Tick, ...] = ()
    pauses: tuple[Span, ...] = ()


class Band(Struct, frozen=True):
    """Readings that arrived in [`since`, `until`) are at most `ceiling`; `ticked` voids their grade at arrival."""

    since: int
    until: int
    ceiling: Grade
    ticked: bool = False


def grade_at(steps: Sequence[Step], moment: int) -> Grade:
    """The grade in force at a moment; before the first step it is `HOME`."""
    i = bisect_right(steps, moment, key=lambda s: s.since)
    return steps[i - 1].grade if i else Grade.HOME


def strictest(wishes: Iterable[Sequence[Step]]) -> tuple[Step, ...]:
    """Several adults' steps as one: at every moment the strictest of them holds."""
    each = [tuple(w) for w in wishes]
    moments = sorted({step.since for steps in each for step in steps})
    return tuple(Step(m, min(grade_at(steps, m) for steps in each)) for m in moments)


def arrival_grade(history: History, received: int) -> Grade:
    """The grade to stamp on a reading that arrives now: the one in force, in a pause at most `HOME`."""
    grade = grade_at(history.steps, received)
    paused = any(p.since <= received < p.until for p in history.pauses)
    return min(grade, Grade.HOME) if paused else grade


def bands(history: History, now: int) -> tuple[Band, ...]:
    """The whole time of arrival cut into bands of one ceiling each, as of `now`; later steps and ticks do not count."""
    steps = [s for s in history.steps if s.since <= now]
    ticks = sorted(t for t in history.ticks if t.at <= now and t.grade is not Grade.STREET)
    cuts = {BEGINNING, *(s.since for s in steps), *(t.since for t in ticks), *(min(t.until, t.at) for t in ticks)}
    edges = [*sorted(cuts), END]
    return tuple(_band(a, b, steps, ticks) for a, b in pairwise(edges))


def whole_days(period: Span, now: int) -> Span:
    """The part of a past period whose readings can be told from others at `now`; it may be empty.

    What arrived more than a week ago may be kept as means of what arrived on one day (UTC; `hub.core.store.Thinning`).
    """
    since, until = period.since, period.until
    since = -(-since // DAY) * DAY if BEGINNING < since < now - _TOLD_APART else since
    until = until // DAY * DAY if until < now - _TOLD_APART else until
    return Span(since, until)


def effective(wish: Grade, arrival: Grade, received: int, history: History, now: int) -> Grade:
    """One reading's effective grade: the rule itself, for a single row (the store applies it to columns)."""
    band = next(b for b in bands(history, now) if b.since <= received < b.until)
    return min(wish, band.ceiling) if band.ticked else min(wish, band.ceiling, arrival)


def next_change(history: History, now: int) -> int:
    """The first moment after `now` at which something of this history changes; `END` if nothing will."""
    moments = [s.since for s in history.steps] + [t.at for t in history.ticks]
    moments += [m for p in history.pauses for m in (p.since, p.until)]
    return min((m for m in moments if m > now), default=END)


def _band(since: int, until: int, steps: Sequence[Step], ticks: Sequence[Tick]) -> Band:
    # A tick names only what had arrived when it was made.
    tick = next((t for t in reversed(ticks) if t.since <= since < min(t.until, t.at)), None)
    start = since if tick is None else tick.at
    ceiling = min([grade_at(steps, start), *(s.grade for s in steps if s.since > start)])
    return Band(since, until, ceiling if tick is None else min(ceiling, tick.grade), tick is not None)
