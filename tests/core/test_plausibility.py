"""What is hardly true by what came before it: judged in columns as it would be one reading at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.grade import HOUR, MINUTE
from hub.core.observations import FLAT, FUTURE, IMPLAUSIBLE, JUMP, LATE, Observations
from hub.core.plausibility import MANY, Limits, Past, judge

SECOND = MINUTE // 60
NOW = 500_000 * HOUR
INFINITE = float("inf")


@dataclass(frozen=True)
class Row:
    """One reading."""

    line: int
    time: int
    value: float
    quality: int = 0


@dataclass(frozen=True)
class Limit:
    """What is plausible of one datastream."""

    rate: float = INFINITE
    still: int = 0
    low: float = -100
    high: float = 100


@dataclass
class Judge:
    """`judge` with its memory, and a batch as a list."""

    limits: Sequence[Limit]
    past: Past = field(init=False)

    def __post_init__(self) -> None:
        self.past = Past.nothing(len(self.limits))

    def of(self, rows: Sequence[Row], *, stored: bool = True) -> list[int]:
        lines = np.array([r.line for r in rows], np.intp)
        low, high, rate = (np.array([getattr(x, name) for x in self.limits]) for name in ("low", "high", "rate"))
        columns = Limits(low, high, rate, np.array([x.still for x in self.limits], np.int64))
        judged = judge(lines, batch(rows), columns, self.past)
        if stored:
            self.past.put(judged.lines, judged.past)
        return [int(f) for f in judged.flags]


def batch(rows: Sequence[Row]) -> Observations:
    count = len(rows)
    time = np.array([r.time for r in rows], np.int64)
    ones, bytes_ = np.ones(count, np.int32), np.zeros(count, np.uint8)
    quality = np.array([r.quality for r in rows], np.uint8)
    value = np.array([r.value for r in rows], np.float64)
    return Observations(ones, ones, time, time, value, bytes_, bytes_, quality)


@dataclass
class OneByOne:
    """The same, one reading at a time and as it is said: the model."""

    limit: Limit
    last: Row | None = None
    sound: Row | None = None
    since: int = 0
    count: int = 0

    def of(self, row: Row) -> int:
        if row.quality & (IMPLAUSIBLE | FUTURE) or (self.last is not None and row.time <= self.last.time):
            return 0
        jump = self.last is not None and not self.reaches(self.last, row) and not self.reaches(self.sound, row)
        if self.last is None or row.value != self.last.value or row.time - self.last.time > self.limit.still // 4:
            self.since, self.count = row.time, 0
        self.count += 1
        self.last = row
        if not jump:
            self.sound = row
        long = self.limit.still and self.count >= MANY and row.time - self.since >= self.limit.still
        flat = long and self.limit.low < row.value < self.limit.high
        return (JUMP if jump else 0) | (FLAT if flat else 0)

    def reaches(self, before: Row | None, row: Row) -> bool:
        assert before is not None
        return abs(row.value - before.value) <= self.limit.rate * (max(row.time - before.time, MINUTE) / MINUTE)


def model(batches: Sequence[Sequence[Row]], limits: Sequence[Limit]) -> list[list[int]]:
    """The flags of each batch: within one the readings of a datastream are taken in order of time."""
    judges = [OneByOne(x) for x in limits]
    told = []
    for rows in batches:
        flags = [0] * len(rows)
        for i in sorted(range(len(rows)), key=lambda i: rows[i].time):
            flags[i] = judges[rows[i].line].of(rows[i])
        told.append(flags)
    return told


LIMITS = st.builds(
    Limit, rate=st.sampled_from([1.0, 3.0, INFINITE]), still=st.sampled_from([0, 10 * MINUTE, HOUR]),
    low=st.sampled_from([0.0, -100.0]), high=st.just(8.0),
)  # fmt: skip
QUALITIES = st.sampled_from([0, 0, 0, 0, 0, LATE, FUTURE, IMPLAUSIBLE])


@st.composite
def several(draw: st.DrawFn) -> list[list[Row]]:
    """Batches of three datastreams: stretches of one value, steps, some out of order."""
    batches, at = [], 0
    for _ in range(draw(st.integers(1, 4))):
        rows: list[Row] = []
        for _ in range(draw(st.integers(0, 5))):
            line, value, step = draw(st.integers(0, 2)), draw(st.integers(0, 8)), draw(st.sampled_from([20, 60, 240]))
            for _ in range(draw(st.sampled_from([1, 1, 2, 3, 25]))):
                at += step * SECOND
                rows.append(Row(line, at + draw(st.sampled_from([0, 0, 0, -600])) * SECOND, value, draw(QUALITIES)))
        batches.append(rows)
    return batches


@pytest.mark.slow
@given(several(), st.lists(LIMITS, min_size=3, max_size=3))
@settings(deadline=None, max_examples=200)
def test_a_batch_is_judged_as_its_readings_would_be_one_by_one(batches: list[list[Row]], limits: list[Limit]) -> None:
    judging = Judge(limits)
    assert [judging.of(rows) for rows in batches] == model(batches, limits)


@given(several(), st.lists(LIMITS, min_size=3, max_size=3))
@settings(deadline=None, max_examples=50)
def test_what_was_not_stored_has_not_happened(batches: list[list[Row]], limits: list[Limit]) -> None:
    judging, careful = Judge(limits), Judge(limits)
    for rows in batches:
        careful.of(rows, stored=False)
        assert careful.of(rows) == judging.of(rows)


def every(minutes: float, *values: float) -> list[Row]:
    return [Row(0, NOW + round(n * minutes * MINUTE), v) for n, v in enumerate(values)]


def jumps(*values: float, rate: float = 5, minutes: float = 1) -> list[int]:
    """The values that are jumps, by their number."""
    return [n for n, flag in enumerate(Judge([Limit(rate)]).of(every(minutes, *values))) if flag & JUMP]


def test_a_spike_is_marked_and_what_follows_it_is_not() -> None:
    assert jumps(20, 20.5, 80, 20.7, 20.8) == [2]


def test_of_a_step_that_stays_only_the_first_reading_is_marked() -> None:
    assert jumps(20, 20, 50, 50.5, 51, 50) == [2]


def test_a_spike_of_two_readings_is_a_step_there_and_back() -> None:
    assert jumps(20, 80, 80, 20, 20) == [1, 3]


def test_what_swings_wildly_is_marked_as_long_as_it_does() -> None:
    assert jumps(20, 80, 40, 90, 20) == [1, 2, 3], "the last is where it was before all that"


@pytest.mark.parametrize(("minutes", "marked"), [(0.01, [1]), (1, [1]), (5, [1]), (6, []), (600, [])])
def test_more_time_allows_more_change_and_a_minute_is_the_least(minutes: float, marked: list[int]) -> None:
    assert jumps(0, 30, minutes=minutes) == marked


def test_close_together_a_value_may_still_move_as_far_as_in_a_minute() -> None:
    assert jumps(20, 24.9, 20, minutes=0.001) == []


def test_the_first_reading_of_all_is_no_jump() -> None:
    assert jumps(99) == []


@pytest.mark.parametrize("quality", [IMPLAUSIBLE, FUTURE])
def test_a_value_that_is_marked_otherwise_is_no_measure_for_the_next(quality: int) -> None:
    rows = every(1, 20, 85, 20)
    rows[1] = Row(0, rows[1].time, 85, quality)
    assert Judge([Limit(5)]).of(rows) == [0, 0, 0]


def test_a_backlog_behind_what_is_live_is_not_judged_and_changes_nothing() -> None:
    judging = Judge([Limit(5)])
    live = every(1, 20, 20)
    assert judging.of(live) == [0, 0]
    old = [Row(0, NOW - HOUR, 90, LATE), Row(0, NOW - HOUR + MINUTE, 10, LATE)]
    assert judging.of(old) == [0, 0]
    assert judging.of([Row(0, NOW + 2 * MINUTE, 20)]) == [0]


def flat(count: int, minutes: float, value: float = 20, still: int = 6 * HOUR, **also: float) -> list[int]:
    """How many minutes after the first the readings are that are flat."""
    rows = every(minutes, *[value] * count)
    flags = Judge([Limit(still=still, **also)]).of(rows)
    return [(r.time - NOW) // MINUTE for r, flag in zip(rows, flags, strict=True) if flag & FLAT]


def test_a_value_that_stays_for_too_long_is_marked_from_then_on() -> None:
    assert flat(43, 10) == [360, 370, 380, 390, 400, 410, 420]


def test_a_few_readings_are_not_enough_however_long_they_stay_the_same() -> None:
    assert flat(MANY - 1, 60) == []
    assert flat(MANY, 60) == [19 * 60]


@pytest.mark.parametrize("value", [0, 100])
def test_at_an_end_of_its_range_a_value_may_stay(value: float) -> None:
    assert flat(100, 10, value, low=0, high=100) == []
    assert flat(100, 10, 50, low=0, high=100)


def test_what_is_not_said_to_move_may_stay() -> None:
    assert flat(1000, 10, still=0) == []


def test_a_long_silence_begins_the_row_anew() -> None:
    judging = Judge([Limit(still=6 * HOUR)])
    judging.of(every(1, *[20] * MANY))
    assert judging.of([Row(0, NOW + 7 * HOUR, 20)]) == [0]


def test_it_goes_on_over_batches_and_ends_with_a_change() -> None:
    judging = Judge([Limit(still=6 * HOUR)])
    rows = every(20, *[20] * 19, 20, 20.1, 20)
    assert [judging.of([r])[0] for r in rows] == [0] * 18 + [0, FLAT, 0, 0]


def test_huge_values_are_judged_without_a_fuss() -> None:
    assert jumps(1.7e308, -1.7e308, 1.7e308, 0) == [1, 3]
    assert jumps(0, 1e308, rate=1e308) == []


def test_what_has_no_line_is_not_judged() -> None:
    rows = [Row(-1, r.time, r.value) for r in every(1, 0, 90, 0)]
    assert Judge([Limit(5)]).of(rows) == [0, 0, 0]


def test_an_empty_batch_is_nothing() -> None:
    assert Judge([Limit(5)]).of([]) == []
