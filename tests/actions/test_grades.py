"""Grades as their owners wish them: caps, several adults, one face, ticks, pauses, rests."""

from __future__ import annotations

import pytest

from hub import actions
from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import DAY, HOUR, Grade
from hub.core.history import Span, effective
from hub.registry import Registry
from hub.registry.grades import REST
from tests.registry.town import AROUND, CORNER, NOW, couple, datastream, grade, monitor, person


def refusal(code: str, match: str | None = None) -> pytest.RaisesExc[actions.ActionRefused]:
    return pytest.RaisesExc(actions.ActionRefused, match=match, check=lambda e: e.code == code)


def past(registry: Registry, number: int, received: int, arrival: Grade, now: int) -> Grade:
    """What a reading that arrived at `received` with grade `arrival` may be known as, a moment after `now`."""
    d = datastream(registry, number)
    return min(effective(Grade.OPEN, arrival, received, d.history, now + 10), d.cap)


def test_one_who_lives_alone_is_obeyed_at_once(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    assert actions.set_grade(registry, dust, Grade.OPEN, by=ana, now=NOW) == actions.Graded(dust, Grade.OPEN)
    assert datastream(registry, dust).grade(NOW) is Grade.OPEN
    assert datastream(registry, dust).grade(NOW - 1) is Grade.HOME
    actions.set_grade(registry, dust, Grade.HOME, by=ana, now=NOW + HOUR)
    assert grade(registry, dust, NOW + HOUR) is Grade.HOME


@pytest.mark.parametrize(
    ("named", "exposure", "most"),
    [
        ("pm25", Exposure.INDOOR, Grade.COUNTED), ("pm25", None, Grade.COUNTED), ("pm25", Exposure.OUTDOOR, Grade.OPEN),
        ("laeq", Exposure.OUTDOOR, Grade.STREET), ("power", Exposure.OUTDOOR, Grade.COUNTED),
        ("battery", Exposure.OUTDOOR, Grade.HOME), ("nobody knows", Exposure.OUTDOOR, Grade.HOME),
    ],
)  # fmt: skip
def test_no_cap_is_ever_passed_and_the_refusal_says_which(
    registry: Registry, named: str, exposure: Exposure | None, most: Grade
) -> None:
    ana = person(registry)
    (stream,) = monitor(registry, ana, named, exposure=exposure)
    for wished in Grade:
        if wished > most:
            with refusal("cap", most.word):
                actions.set_grade(registry, stream, wished, now=NOW)
        elif wished is not Grade.COMMONS:
            actions.set_grade(registry, stream, wished, now=NOW)
            assert grade(registry, stream, NOW) is wished


def test_strangers_and_unknown_values_are_answered_alike(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    (dust,) = monitor(registry, ana, "pm25")
    told = []
    for number in (dust, 424242):
        with pytest.raises(actions.ActionRefused) as refused:
            actions.set_grade(registry, number, Grade.COUNTED, by=eva, now=NOW)
        told.append((refused.value.code, refused.value.text))
    assert told[0] == told[1]
    assert grade(registry, dust, NOW) is Grade.HOME


def test_in_a_household_of_two_the_strictest_holds_and_a_raise_waits_a_day(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    assert actions.set_grade(registry, dust, Grade.OPEN, by=both.ana, now=NOW).coming is None
    assert grade(registry, dust, NOW + 3 * DAY) is Grade.HOME
    later = NOW + 3 * DAY
    coming = actions.set_grade(registry, dust, Grade.STREET, by=both.ben, now=later)
    assert coming == actions.Graded(dust, Grade.HOME, Grade.STREET, later + DAY)
    assert datastream(registry, dust).grade(later + DAY - 1) is Grade.HOME
    assert datastream(registry, dust).grade(later + DAY) is Grade.STREET
    for adult in (both.ana, both.ben):
        assert any("a day later" in e.what and e.who == both.ben for e in registry.journal(adult))
    actions.set_grade(registry, dust, Grade.COUNTED, by=both.ana, now=later + 2 * DAY)
    assert grade(registry, dust, later + 2 * DAY) is Grade.COUNTED


def test_a_raise_that_waits_can_be_stopped_by_any_adult(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.ana, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    assert datastream(registry, dust).grade(NOW + DAY) is Grade.OPEN
    actions.set_grade(registry, dust, Grade.HOME, by=both.ben, now=NOW + HOUR)
    assert datastream(registry, dust).grade(NOW + 9 * DAY) is Grade.HOME


def test_sealed_needs_all_adults_and_one_alone_closes_it_to_the_home(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.COUNTED, now=NOW)
    actions.set_grade(registry, dust, Grade.SEALED, by=both.ana, now=NOW + 2 * DAY)
    assert grade(registry, dust, NOW + 2 * DAY) is Grade.HOME
    actions.set_grade(registry, dust, Grade.SEALED, by=both.ben, now=NOW + 3 * DAY)
    assert grade(registry, dust, NOW + 3 * DAY) is Grade.SEALED


def test_down_and_up_in_one_moment_opens_nothing_of_the_past(registry: Registry) -> None:
    (dust,) = monitor(registry, person(registry), "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    assert past(registry, dust, NOW + HOUR, Grade.OPEN, NOW + DAY) is Grade.OPEN
    actions.set_grade(registry, dust, Grade.HOME, now=NOW + DAY)
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW + DAY)
    assert grade(registry, dust, NOW + DAY) is Grade.OPEN
    assert past(registry, dust, NOW + HOUR, Grade.OPEN, NOW + DAY) is Grade.HOME


def test_a_clock_that_goes_back_cannot_undo_a_step(registry: Registry) -> None:
    (dust,) = monitor(registry, person(registry), "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    actions.set_grade(registry, dust, Grade.HOME, now=NOW + DAY)
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW + HOUR)
    assert past(registry, dust, NOW + HOUR, Grade.OPEN, NOW + 2 * DAY) is Grade.HOME


def test_one_thing_shows_one_face_also_while_a_raise_waits(registry: Registry) -> None:
    both = couple(registry)
    dust, coarse, warmth = monitor(registry, both.ana, "pm25", "pm10", "temperature")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    for other in (coarse, warmth):
        with refusal("one_face", "open under its name"):
            actions.set_grade(registry, other, Grade.STREET, now=NOW)
        assert datastream(registry, other).history.steps == ()
    actions.set_grade(registry, coarse, Grade.OPEN, now=NOW)
    (bens,) = monitor(registry, both.ben, "pm10", name="window")
    with refusal("one_face"):
        actions.set_grade(registry, bens, Grade.STREET, now=NOW)
    (other_family,) = monitor(registry, both.ben, "laeq", name="noise")
    actions.set_grade(registry, other_family, Grade.STREET, now=NOW)


def test_a_strictest_wish_that_would_show_a_second_face_is_refused(registry: Registry) -> None:
    both = couple(registry)
    dust, coarse = monitor(registry, both.household, "pm25", "pm10")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    actions.set_grade(registry, coarse, Grade.STREET, by=both.ana, now=NOW)
    with refusal("one_face"):
        actions.set_grade(registry, coarse, Grade.OPEN, by=both.ben, now=NOW)
    assert grade(registry, coarse, NOW + 2 * DAY) is Grade.HOME


def test_a_tick_opens_the_past_it_names_once_it_holds_and_no_wish(registry: Registry) -> None:
    (dust,) = monitor(registry, person(registry), "pm25")
    with refusal("tick", "street"):
        actions.set_grade(registry, dust, Grade.STREET, ticks=[Span(NOW - HOUR, NOW)], now=NOW)
    with refusal("tick", "ended"):
        actions.set_grade(registry, dust, Grade.OPEN, ticks=[Span(NOW - HOUR, NOW + HOUR)], now=NOW)
    actions.set_grade(registry, dust, Grade.OPEN, ticks=[Span(NOW - HOUR, NOW)], now=NOW)
    assert past(registry, dust, NOW - 1, Grade.HOME, NOW) is Grade.OPEN
    assert past(registry, dust, NOW - HOUR - 1, Grade.HOME, NOW) is Grade.HOME
    d = datastream(registry, dust)
    assert effective(Grade.HOME, Grade.HOME, NOW - 1, d.history, NOW + 10) is Grade.HOME


def test_among_several_adults_a_tick_waits_like_the_raise_and_goes_with_it(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    with refusal("tick", "all of them together"):
        actions.set_grade(registry, dust, Grade.OPEN, by=both.ana, ticks=[Span(NOW - HOUR, NOW)], now=NOW)
    actions.set_grade(registry, dust, Grade.OPEN, ticks=[Span(NOW - HOUR, NOW)], now=NOW)
    assert past(registry, dust, NOW - 1, Grade.HOME, NOW + DAY - 20) is Grade.HOME
    assert past(registry, dust, NOW - 1, Grade.HOME, NOW + DAY) is Grade.OPEN
    actions.set_grade(registry, dust, Grade.COUNTED, by=both.ben, now=NOW + HOUR)
    assert datastream(registry, dust).history.ticks == ()


def test_a_pause_stamps_what_is_measured_in_it_and_hides_no_past(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)

    def arrival(now: int) -> Grade:
        return registry.series_table(now).series[0].grade

    actions.pause(registry, dust, by=ana, now=NOW + HOUR)
    assert [arrival(NOW + 10), arrival(NOW + HOUR)] == [Grade.OPEN, Grade.HOME]
    assert past(registry, dust, NOW + 10, Grade.OPEN, NOW + 2 * HOUR) is Grade.OPEN
    assert actions.unpause(registry, dust, by=ana, now=NOW + 3 * HOUR) == NOW + 3 * HOUR
    assert [arrival(NOW + 2 * HOUR), arrival(NOW + 3 * HOUR)] == [Grade.HOME, Grade.OPEN]
    assert registry.series_table(NOW + 9 * HOUR).series[0].pauses == (Span(NOW + HOUR, NOW + 3 * HOUR),)


def test_among_several_adults_a_pause_ends_a_day_after_somebody_asks(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.pause(registry, dust, by=both.ben, now=NOW)
    assert actions.unpause(registry, dust, by=both.ana, now=NOW + HOUR) == NOW + HOUR + DAY


def rests(registry: Registry) -> dict[tuple[str, str], int]:
    return {(r.property, r.cell): r.until for r in sorted(registry.holdings().rests, key=lambda r: r.until)}


def cell() -> str:
    found = AROUND.cell_of(CORNER)
    assert found is not None
    return found


@pytest.mark.parametrize("leave", ["lower", "raise", "pause", "move", "indoors"])
def test_when_street_rows_go_for_whatever_reason_their_cell_rests(registry: Registry, leave: str) -> None:
    (dust,) = monitor(registry, person(registry), "pm25")
    actions.set_grade(registry, dust, Grade.STREET, now=NOW)
    assert rests(registry) == {}
    thing, later = datastream(registry, dust).thing, NOW + HOUR
    match leave:
        case "lower":
            actions.set_grade(registry, dust, Grade.COUNTED, now=later)
        case "raise":
            actions.set_grade(registry, dust, Grade.OPEN, now=later)
        case "pause":
            actions.pause(registry, dust, now=later)
        case "move":
            actions.set_place(registry, thing, None, now=later)
        case _:
            actions.describe(registry, thing, exposure=Exposure.INDOOR, now=later)
    assert rests(registry).keys() == {("dust", cell())}
    assert rests(registry)["dust", cell()] >= later + REST
    assert REST == 7 * DAY + HOUR


def test_a_thing_that_moves_shows_nothing_of_before_at_the_new_place(registry: Registry) -> None:
    (dust,) = monitor(registry, person(registry), "pm25")
    actions.set_grade(registry, dust, Grade.STREET, now=NOW)
    actions.set_place(registry, datastream(registry, dust).thing, CORNER, now=NOW + HOUR)
    assert grade(registry, dust, NOW + HOUR) is Grade.STREET
    assert past(registry, dust, NOW + 1, Grade.STREET, NOW + HOUR) is Grade.COUNTED


def test_a_closed_thing_can_be_shown_less_and_not_more(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.COUNTED, by=ana, now=NOW)
    actions.close_thing(registry, datastream(registry, dust).thing, by=ana, now=NOW + HOUR)
    with refusal("closed"):
        actions.set_grade(registry, dust, Grade.OPEN, by=ana, now=NOW + HOUR)
    actions.set_grade(registry, dust, Grade.HOME, by=ana, now=NOW + HOUR)
    assert past(registry, dust, NOW + 1, Grade.COUNTED, NOW + HOUR) is Grade.HOME


def test_a_guardian_acts_for_a_being_alone_or_with_the_others_as_was_agreed(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    for together in (False, True):
        brook = actions.add_party(registry, PartyKind.BEING, "Brook", rule="all" if together else "any", now=NOW)
        actions.add_guardian(registry, brook, ana, now=NOW)
        actions.add_guardian(registry, brook, eva, now=NOW)
        (warmth,) = monitor(registry, brook, "temperature")
        actions.set_grade(registry, warmth, Grade.OPEN, by=ana, now=NOW)
        assert grade(registry, warmth, NOW + 2 * DAY) is (Grade.HOME if together else Grade.OPEN)
    actions.set_grade(registry, warmth, Grade.OPEN, by=eva, now=NOW)
    assert grade(registry, warmth, NOW + 2 * DAY) is Grade.OPEN


def test_a_cap_that_fell_and_rose_again_brings_no_old_wish_back(registry: Registry) -> None:
    brook = actions.add_party(registry, PartyKind.BEING, "Brook", now=NOW)
    (warmth,) = monitor(registry, brook, "temperature")
    actions.set_grade(registry, warmth, Grade.OPEN, now=NOW)
    thing = datastream(registry, warmth).thing
    for hours, exposure in ((1, Exposure.INDOOR), (2, Exposure.OUTDOOR)):
        actions.describe(registry, thing, exposure=exposure, now=NOW + hours * HOUR)
    actions.add_guardian(registry, brook, person(registry), now=NOW + 3 * HOUR)
    assert datastream(registry, warmth).cap is Grade.OPEN
    assert grade(registry, warmth, NOW + 3 * HOUR) is Grade.COUNTED
