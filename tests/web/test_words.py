"""Figures, ages and times as residents read them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from hub.core.grade import DAY, HOUR, MINUTE
from hub.web.words import (
    MINUS,
    against_usual,
    age,
    class_of,
    counted,
    difference,
    figure,
    hour_span,
    how_often,
    listed,
    lower,
    part_of_day,
    rounded,
    since_then,
    this_part_of_day,
)  # fmt: skip
from tests.web.world import DUST, NOW, WARMTH

PRAGUE = ZoneInfo("Europe/Prague")


@pytest.mark.parametrize(("value", "decimals", "text"), [
    (6.4, 0, "6"), (2.5, 0, "3"), (3.5, 0, "4"), (-3.25, 1, f"{MINUS}3.3"), (-0.04, 1, "0.0"), (0.0, 0, "0"),
    (1005, 0, "1005"), (0.005, 2, "0.01"),
])  # fmt: skip
def test_a_figure_has_its_decimals_a_true_minus_and_no_minus_nought(value: float, decimals: int, text: str) -> None:
    assert figure(value, decimals) == text


def test_a_difference_always_has_its_sign() -> None:
    assert [difference(v, 0) for v in (2.0, -2.0, 0.2, -0.2)] == ["+2", f"{MINUS}2", "±0", "±0"]


def test_rounding_is_that_of_school_so_that_map_and_list_say_the_same() -> None:
    assert [rounded(v, 0) for v in (0.5, 1.5, 2.5, -2.5)] == [1, 2, 3, -3]


@pytest.mark.parametrize(("span", "text"), [
    (0, "just now"), (MINUTE - 1, "just now"), (MINUTE, "1 min ago"), (59 * MINUTE, "59 min ago"),
    (HOUR, "1 hour ago"), (47 * HOUR, "47 hours ago"), (2 * DAY, "2 days ago"), (-5, "just now"),
])  # fmt: skip
def test_an_age_is_told_in_the_unit_that_fits(span: int, text: str) -> None:
    assert age(span) == text


@pytest.mark.parametrize(("span", "text"), [
    (10_000_000, "several times a minute"), (MINUTE, "every minute"), (5 * MINUTE, "every 5 minutes"),
    (HOUR, "every hour"), (2 * DAY, "every 2 days"),
])  # fmt: skip
def test_a_cadence_is_told_in_the_unit_that_fits(span: int, text: str) -> None:
    assert how_often(span) == text


def test_times_are_those_of_the_neighbourhoods_clock() -> None:
    assert hour_span(NOW // HOUR * HOUR, PRAGUE) == "19:00\N{EN DASH}20:00"
    assert part_of_day(NOW, PRAGUE) == "evening"
    assert this_part_of_day(NOW + 6 * HOUR, PRAGUE) == "tonight"
    assert this_part_of_day(NOW + 12 * HOUR, PRAGUE) == "this morning"


def test_a_moment_in_the_past_is_told_as_one_says_it() -> None:
    told = [since_then(NOW - days * DAY, NOW, PRAGUE) for days in (0, 1, 30)]
    assert told == ["19:40", "yesterday, 19:40", "23 October 2026"]


def test_small_numbers_and_lists_are_words() -> None:
    assert (counted(2), counted(12), counted(13)) == ("two", "twelve", "13")
    assert [listed(x) for x in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_a_class_is_named_only_where_a_standard_names_it() -> None:
    assert [class_of(DUST, v) for v in (5, 5.1, 16, 400)] == ["very low", "low", "raised", "very high"]
    assert class_of(WARMTH, 8) == ""


def test_usual_is_said_only_when_it_is_known() -> None:
    assert against_usual(DUST, 6, None) == ""
    assert against_usual(DUST, 6, 6.3) == "as usual at this hour"
    assert against_usual(DUST, 9, 6) == "3 more than usual at this hour"
    assert against_usual(DUST, 4, 6) == "2 less than usual at this hour"


def test_a_name_inside_a_sentence_begins_small_unless_it_is_a_formula() -> None:
    assert (lower("Fine dust (PM2.5)"), lower("CO2")) == ("fine dust (PM2.5)", "CO2")
