"""The effective grade: nothing opens the past but a tick, and a tick never beats a wish."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.core.grade import Grade
from hub.core.history import (
    BEGINNING,
    END,
    History,
    Span,
    Step,
    Tick,
    arrival_grade,
    bands,
    effective,
    grade_at,
    strictest,
)

grades = st.sampled_from(Grade)
moments = st.integers(0, 100)
changes = st.lists(st.tuples(moments, grades), max_size=8, unique_by=lambda s: s[0]).map(
    lambda pairs: tuple(sorted(Step(at, grade) for at, grade in pairs))
)
ticks = st.lists(st.builds(Tick, moments, moments, moments, grades), max_size=3).map(tuple)
histories = st.builds(History, changes, ticks)


def plainly(wish: Grade, arrival: Grade, received: int, history: History, now: int) -> Grade:
    """The rule of design.md §2, read aloud, moment by moment."""
    valid = [t for t in history.ticks if t.at <= now and t.since <= received < min(t.until, t.at)]
    valid = sorted(t for t in valid if t.grade is not Grade.STREET)
    tick = valid[-1] if valid else None
    start = received if tick is None else tick.at
    since = [grade_at(history.steps, m) for m in range(start, now + 1)]
    return min([wish, arrival if tick is None else tick.grade, *since])


@given(grades, grades, moments, histories, moments)
def test_bands_say_what_the_rule_says(wish: Grade, arrival: Grade, received: int, history: History, later: int) -> None:
    now = received + later
    assert effective(wish, arrival, received, history, now) == plainly(wish, arrival, received, history, now)


@given(histories, moments)
def test_bands_cover_all_time_once(history: History, now: int) -> None:
    cut = bands(history, now)
    assert cut[0].since == BEGINNING
    assert cut[-1].until == END
    assert all(a.until == b.since and a.since < a.until for a, b in pairwise(cut))


@given(grades, changes, moments, moments, moments)
def test_without_ticks_time_never_opens_what_was_closed(
    wish: Grade, taken: tuple[Step, ...], received: int, sooner: int, later: int
) -> None:
    history = History(taken)
    arrival = arrival_grade(history, received)
    first = effective(wish, arrival, received, history, received + sooner)
    assert effective(wish, arrival, received, history, received + sooner + later) <= first


@given(grades, grades, moments, histories, moments)
def test_a_wish_is_never_exceeded(wish: Grade, arrival: Grade, received: int, history: History, later: int) -> None:
    assert effective(wish, arrival, received, history, received + later) <= wish


def test_up_down_and_up_again_opens_nothing() -> None:
    history = History((Step(0, Grade.OPEN), Step(10, Grade.HOME), Step(20, Grade.OPEN)))
    assert effective(Grade.OPEN, Grade.OPEN, 5, history, 30) is Grade.HOME
    assert effective(Grade.OPEN, Grade.HOME, 15, history, 30) is Grade.HOME
    assert effective(Grade.OPEN, Grade.OPEN, 25, history, 30) is Grade.OPEN


def test_lowering_reaches_the_whole_past_at_once() -> None:
    history = History((Step(0, Grade.OPEN), Step(50, Grade.COUNTED)))
    assert effective(Grade.OPEN, Grade.OPEN, 1, history, 49) is Grade.OPEN
    assert effective(Grade.OPEN, Grade.OPEN, 1, history, 50) is Grade.COUNTED


def test_a_tick_opens_what_it_names_and_nothing_that_comes_after() -> None:
    history = History((Step(0, Grade.HOME), Step(50, Grade.OPEN)), (Tick(50, 10, 90, Grade.OPEN),))
    assert effective(Grade.OPEN, Grade.HOME, 5, history, 60) is Grade.HOME
    assert effective(Grade.OPEN, Grade.HOME, 20, history, 60) is Grade.OPEN
    assert effective(Grade.COUNTED, Grade.HOME, 20, history, 60) is Grade.COUNTED


def test_a_lowering_after_a_tick_still_reaches_back() -> None:
    history = History(
        (Step(50, Grade.OPEN), Step(70, Grade.HOME), Step(80, Grade.OPEN)), (Tick(50, 0, 50, Grade.OPEN),)
    )
    assert effective(Grade.OPEN, Grade.HOME, 20, history, 90) is Grade.HOME


def test_a_tick_to_street_is_void() -> None:
    history = History((Step(0, Grade.HOME), Step(50, Grade.STREET)), (Tick(50, 0, 50, Grade.STREET),))
    assert effective(Grade.OPEN, Grade.HOME, 20, history, 60) is Grade.HOME


def test_before_anybody_said_anything_it_is_home() -> None:
    assert grade_at((), 5) is Grade.HOME
    assert effective(Grade.OPEN, Grade.OPEN, 5, History(), 6) is Grade.HOME


def test_a_pause_stamps_what_is_taken_in_it_and_hides_no_past() -> None:
    history = History((Step(0, Grade.OPEN),), (), (Span(10, 20),))
    assert arrival_grade(history, 15) is Grade.HOME
    assert arrival_grade(history, 20) is Grade.OPEN
    assert effective(Grade.OPEN, Grade.OPEN, 5, history, 15) is Grade.OPEN
    assert effective(Grade.OPEN, arrival_grade(history, 15), 15, history, 30) is Grade.HOME


@given(st.lists(changes, min_size=1, max_size=4), moments)
def test_of_several_adults_the_strictest_holds_at_every_moment(wishes: list[tuple[Step, ...]], at: int) -> None:
    together = strictest(wishes)
    if together and at >= together[0].since:
        assert grade_at(together, at) == min(grade_at(w, at) for w in wishes)
    else:
        assert grade_at(together, at) is Grade.HOME
