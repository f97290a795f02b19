"""Columns over time: medians of windows, gaps as gaps, what is usual at an hour."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from hub.core.audience import PUBLIC
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.query import Query, QueryError
from hub.web.asked import asked
from hub.web.between import PARTS, between_steps
from hub.web.series import at_the_same_hour, cadence, daily, hourly
from tests.web.world import DUST, NOW, World

PRAGUE = ZoneInfo("Europe/Prague")
UNTIL = NOW // HOUR * HOUR


def week_of(hub: World) -> tuple[np.ndarray, np.ndarray]:
    gate = hub.gate
    shown = gate.read(Query(properties=frozenset({"pm25"}), since=UNTIL - 7 * DAY, until=UNTIL, window=HOUR), PUBLIC)
    s = hourly(between_steps(shown, DUST), UNTIL - 7 * DAY, UNTIL, PRAGUE)
    assert s.low is not None
    return s.mid, s.low


def test_an_hour_is_the_median_of_all_that_is_shown_of_it(hub: World) -> None:
    mid, low = week_of(hub)
    assert len(mid) == 7 * 24
    # six homes at 6 to 11 and the instrument at 6
    assert mid[-2] == pytest.approx(8.0, abs=0.5)
    assert low[-2] == pytest.approx(6.0, abs=0.5)


def test_rounded_rows_have_a_middle_between_their_steps(hub: World) -> None:
    shown = hub.gate.read(Query(properties=frozenset({"pm25"}), since=UNTIL - DAY, until=UNTIL, window=HOUR), PUBLIC)
    street = shown.where(shown.time == UNTIL - 2 * HOUR)
    coarse = DUST.model_copy(update={"step_street": 100.0, "low": 0.0, "high": 1000.0})
    _, values = between_steps(street, coarse)
    # Six homes somewhere between nought and 56 to 61, one instrument at exactly 6.
    assert len(values) == 7 * PARTS
    assert values.min() > 0
    assert (values == 6.0).sum() == PARTS
    assert 20 < np.median(values) < 40


def test_hours_in_which_nothing_is_shown_stay_empty(hub: World) -> None:
    shown = hub.gate.read(Query(properties=frozenset({"pm25"}), since=UNTIL - DAY, until=UNTIL, window=HOUR), PUBLIC)
    thin = shown.where(shown.time != UNTIL - 5 * HOUR)
    s = hourly(between_steps(thin, DUST), UNTIL - DAY, UNTIL, PRAGUE)
    assert np.flatnonzero(np.isnan(s.mid)).tolist() == [19]
    assert s.low is None  # a day is too little to say what is usual


def test_the_hour_that_is_not_closed_yet_is_not_a_gap(hub: World) -> None:
    shown = hub.gate.read(Query(properties=frozenset({"pm25"}), since=UNTIL - DAY, until=UNTIL, window=HOUR), PUBLIC)
    open_hour = shown.where(shown.time < UNTIL - HOUR)
    s = hourly(between_steps(open_hour, DUST), UNTIL - DAY, UNTIL, PRAGUE)
    assert int(s.start[-1]) == UNTIL - 2 * HOUR


def test_a_day_is_a_day_of_the_neighbourhoods_calendar(hub: World) -> None:
    shown = hub.gate.read(
        Query(properties=frozenset({"pm25"}), since=UNTIL - 4 * DAY, until=UNTIL, window=HOUR), PUBLIC
    )
    s = daily(between_steps(shown, DUST), UNTIL - 4 * DAY, UNTIL, PRAGUE)
    assert [int(t) % DAY for t in s.start] == [23 * HOUR] * 5  # midnight in Prague, in winter
    assert s.mid[1] == pytest.approx(8.0, abs=0.5)


def test_usual_needs_three_days_and_follows_the_clock_over_a_change_of_time() -> None:
    hours = np.array([UNTIL - d * DAY for d in (1, 2, 3)])
    assert at_the_same_hour(hours, np.array([1.0, 2.0, 9.0]), UNTIL, PRAGUE) == 2.0
    assert at_the_same_hour(hours[:2], np.array([1.0, 2.0]), UNTIL, PRAGUE) is None
    noon = 1_793_012_400_000_000  # 26 October 2026, 12:00 in Prague: the day after summer time ended
    before = np.array([noon - d * DAY - (HOUR if d > 1 else 0) for d in (1, 2, 3)])
    assert at_the_same_hour(before, np.array([4.0, 4.0, 4.0]), noon, PRAGUE) == 4.0


def test_a_rhythm_needs_three_beats() -> None:
    assert cadence(np.array([0, 5, 10, 100]) * MINUTE) == 5 * MINUTE
    assert cadence(np.array([0, 5])) is None


def test_a_stretch_is_asked_for_by_name_or_by_local_times() -> None:
    assert asked({}, NOW, PRAGUE).name == "day"
    hour = asked({"range": "hour"}, NOW, PRAGUE)
    assert hour.fine
    assert hour.since <= NOW - 59 * MINUTE
    own = asked({"from": "2026-11-20T10:00", "to": "2026-11-21"}, NOW, PRAGUE)
    assert (NOW - own.since, own.until - own.since) == (2 * DAY + 9 * HOUR + 40 * MINUTE, DAY + 14 * HOUR)
    assert asked({"from": "2025-12-01"}, NOW, PRAGUE).by_day


@pytest.mark.parametrize(("parameters", "words"), [
    ({"range": "month"}, "hour, day or week"), ({"from": "yesterday"}, "2026-11-20T18:00"),
    ({"to": "2026-11-20"}, "from"),
    ({"from": "2026-11-21", "to": "2026-11-19"}, "before"), ({"from": "2030-01-01"}, "past"),
    ({"from": "2020-01-01"}, "year"), ({"from": "2026-11-20", "to": "9999-12-31"}, "2026-11-20T18:00"),
])  # fmt: skip
def test_what_is_not_understood_is_refused_with_what_would_be(parameters: dict[str, str], words: str) -> None:
    with pytest.raises(QueryError, match=words):
        asked(parameters, NOW, PRAGUE)
