"""A thing's own record: how often it speaks, its gaps, what was marked by day, what that says of its clock."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.observations import FLAGS, FLAT, FUTURE, IMPLAUSIBLE, JUMP, LATE, Observations, Times
from hub.core.record import Gap, Key, Tally, cadence, clock, gaps, rhythm, silent, stream_record, tallies, together
from tests.core.world import since_ever
from tests.core.world import stream as a_stream

NOW = 500_000 * HOUR
TODAY = NOW // DAY


def batch(rows: list[tuple[int, int, int, int]]) -> Observations:
    """Of rows (datastream, time, received, quality)."""
    stream, time, received, quality = (np.array([r[n] for r in rows], np.int64) for n in range(4))
    some = np.zeros(len(rows), np.uint8)
    return Observations(
        stream.astype(np.int32), stream.astype(np.int32), time, received, np.zeros(len(rows)), some, some,
        quality.astype(np.uint8),
    )  # fmt: skip


def one(time: int, received: int, quality: int) -> Tally:
    late, ahead = quality & LATE > 0, quality & FUTURE > 0
    return Tally(
        **({"late": 1, "late_since": time, "late_until": time} if late else {}),
        **({"least_delay": received - time, "most_delay": max(0, received - time)} if late else {}),
        **({"ahead": 1, "most_ahead": max(0, time - received)} if ahead else {}),
        **{name: 1 for name, flag in (("implausible", IMPLAUSIBLE), ("jump", JUMP), ("flat", FLAT)) if quality & flag},
    )


def model(rows: list[tuple[int, int, int, int]]) -> dict[Key, Tally]:
    found: dict[Key, Tally] = defaultdict(Tally)
    for stream, time, received, quality in rows:
        if quality & (LATE | FUTURE | IMPLAUSIBLE | JUMP | FLAT):
            key = (stream, received // DAY)
            found[key] = found[key].plus(one(time, received, quality))
    return dict(found)


ROWS = st.tuples(
    st.sampled_from([1, 7, 2**31 - 1]), st.integers(NOW - 3 * DAY, NOW + 2 * DAY), st.integers(NOW - DAY, NOW + DAY),
    st.lists(st.sampled_from(FLAGS), max_size=3).map(lambda flags: int(np.bitwise_or.reduce(flags or [0]))),
)  # fmt: skip


@given(st.lists(ROWS, max_size=30))
def test_what_is_marked_is_counted_by_datastream_and_day(rows: list[tuple[int, int, int, int]]) -> None:
    assert tallies(batch(rows)) == model(rows)


def test_times_that_are_no_times_are_counted_too() -> None:
    (found,) = tallies(batch([(1, -(2**63), NOW, LATE), (1, 2**62, NOW, FUTURE)])).values()
    assert (found.late, found.ahead) == (1, 1)
    assert found.most_delay < 2**63


def test_nothing_is_counted_of_what_is_as_it_should_be() -> None:
    assert tallies(batch([(1, NOW, NOW, 1), (1, NOW, NOW, 0)])) == {}
    assert tallies(batch([])) == {}


def minutes(*moments: float) -> Times:
    return np.array([NOW + round(m * MINUTE) for m in moments], np.int64)


def test_the_cadence_is_the_middle_step_and_needs_two_of_them() -> None:
    assert cadence(minutes(0, 5, 10, 200, 205)) == 5 * MINUTE
    assert cadence(minutes(0, 5)) is None
    assert cadence(minutes()) is None


def test_what_speaks_seldom_is_learnt_from_the_week() -> None:
    assert rhythm(minutes(0, 0.1, 0.2), minutes(0, 60)) == 6_000_000
    assert rhythm(minutes(0), minutes(0, 180, 360, 540)) == 3 * HOUR
    assert rhythm(minutes(), minutes(0)) is None


def test_a_gap_is_longer_than_three_times_the_cadence() -> None:
    week = minutes(0, 10, 20, 51, 61, 93, 103)
    now = NOW + 110 * MINUTE
    assert gaps(week, 10 * MINUTE, now) == (Gap(NOW + 62 * MINUTE, NOW + 93 * MINUTE),)


def test_what_is_silent_now_is_the_newest_gap() -> None:
    found = gaps(minutes(0, 60, 61), MINUTE, NOW + 66 * MINUTE)
    assert found == (Gap(NOW + 62 * MINUTE, None), Gap(NOW + MINUTE, NOW + 60 * MINUTE))


def test_without_a_cadence_there_are_no_gaps() -> None:
    assert gaps(minutes(0, 5000), None, NOW + DAY) == ()
    assert gaps(minutes(), MINUTE, NOW) == ()


def late(*rows: tuple[int, int]) -> dict[int, Tally]:
    """What was noted of rows (time, received) that are late."""
    return {key[1]: tally for key, tally in tallies(batch([(1, *row, LATE) for row in rows])).items()}


def test_a_backlog_says_nothing_about_a_clock() -> None:
    assert clock(late(*((NOW - n * HOUR, NOW) for n in range(2, 20)))) is None


@pytest.mark.parametrize("hours", [2, 9])
def test_a_clock_is_behind_when_all_is_late_by_about_the_same(hours: int) -> None:
    rows = ((NOW + n * MINUTE - hours * HOUR, NOW + n * MINUTE + n % 7) for n in range(60))
    assert clock(late(*rows)) == -hours * HOUR


def test_a_clock_that_was_never_set_tells_of_1970() -> None:
    assert clock(late((90_000_000, NOW))) == 90_000_000 - NOW


def test_a_clock_is_ahead_by_the_most_it_told() -> None:
    days = tallies(batch([(1, NOW + 3 * HOUR, NOW, FUTURE), (1, NOW + 3 * HOUR, NOW + 5, FUTURE)]))
    assert clock({day: tally for (_, day), tally in days.items()}) == 3 * HOUR


def test_the_last_day_on_which_it_was_off_counts() -> None:
    wrong = Tally(ahead=3, most_ahead=HOUR)
    burst = Tally(late=9, late_since=0, late_until=NOW, least_delay=2 * HOUR, most_delay=NOW)
    assert clock({TODAY - 1: wrong, TODAY: Tally(jump=1)}) == HOUR
    assert clock({TODAY - 1: wrong, TODAY: burst}) is None
    assert clock({}) is None


def test_all_days_together_add_up() -> None:
    days = {1: Tally(late=2, late_since=5, late_until=9, flat=1), 2: Tally(late=1, late_since=3, late_until=4, jump=7)}
    assert together(days) == Tally(late=3, late_since=3, late_until=9, flat=1, jump=7)


def test_what_was_handed_over_is_not_silent() -> None:
    week = np.arange(NOW - DAY, NOW - 2 * HOUR, MINUTE)
    week = week[(week < NOW - 20 * HOUR) | (week > NOW - 19 * HOUR)]
    for closed, count in ((None, 2), (NOW - 2 * HOUR, 1)):
        found = stream_record(a_stream(1, since_ever(Grade.HOME)), int(week[-1]), week[-60:], week, {}, NOW, closed)
        assert (len(found.gaps), silent(found) is None) == (count, closed is not None)
