"""One sentence first, made from the numbers that are shown."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace

from hub.core.disclosed import OwnStream, OwnThing
from hub.core.grade import DAY, HOUR, Grade
from hub.web.own import _health, _silent
from hub.web.sentences import greeting, mine_sentence, now_sentence, over_time_sentence, thing_sentence
from hub.web.series import Series
from tests.web.world import DUST, NOW, WARMTH

PRAGUE = ZoneInfo("Europe/Prague")
LAST = NOW // HOUR * HOUR - HOUR


def test_clean_air_is_told_as_clean_air() -> None:
    s = now_sentence(DUST, "Bubeneč", 6, 6, LAST, NOW, PRAGUE)
    assert s.text == "The air in Bubeneč is clean this evening: fine dust 6 µg/m³, as usual at this hour."
    assert (s.number, s.unit) == ("6", "µg/m³,")


def test_raised_dust_is_told_with_the_standards_word() -> None:
    s = now_sentence(DUST, "Bubeneč", 22, 6, LAST, NOW, PRAGUE)
    assert s.text == "Fine dust in Bubeneč is raised this evening: 22 µg/m³, 16 more than usual at this hour."


def test_what_is_usual_is_left_out_when_too_few_days_are_known() -> None:
    assert now_sentence(WARMTH, "Bubeneč", 8.14, None, LAST, NOW, PRAGUE).text == "In Bubeneč it is 8.1 °C."


def test_an_old_hour_is_not_called_now() -> None:
    s = now_sentence(DUST, "Bubeneč", 6, None, LAST - 8 * HOUR, NOW, PRAGUE)
    assert s.text == "The air in Bubeneč was clean at 11:00: fine dust 6 µg/m³."


def test_absence_is_said_without_a_number_and_always_in_the_same_words() -> None:
    s = now_sentence(DUST, "Bubeneč", None, None, NOW, NOW, PRAGUE)
    assert s.text == "Fine dust in Bubeneč now: nothing is shown here: too few homes, or they rest."
    assert s.number == ""


def series(values: list[float], high: float | None = None, length: int = 7 * DAY) -> Series:
    mid = np.array(values)
    until = LAST + HOUR
    start = until - HOUR * np.arange(len(values), 0, -1, dtype=np.int64)
    bounds = None if high is None else np.full(len(values), high)
    return Series(until - length, until, HOUR, start, mid, None if bounds is None else bounds - 8, bounds)


def test_a_summit_above_the_usual_range_is_the_story_of_the_week() -> None:
    told = over_time_sentence(DUST, series([6.0] * 60 + [28.0] + [6.0] * 80, high=13), "week", PRAGUE)
    assert told.text == (
        "Fine dust was mostly low all week, but on Thursday morning it rose to 28 µg/m³, where 5\N{EN DASH}13 is usual."
    )


def test_a_quiet_day_is_told_from_least_to_most() -> None:
    told = over_time_sentence(DUST, series([4, 6, 9, np.nan, 5], length=DAY), "day", PRAGUE)
    assert told.text == "Fine dust stayed between 4 and 9 all day: it is 5 µg/m³."


def test_an_hour_is_told_by_its_change() -> None:
    told = [over_time_sentence(DUST, series(v), "hour", PRAGUE).text for v in ([6.0, 6.2], [4.0, 9.0], [9.0, 4.0])]
    assert told == [
        "Fine dust has hardly changed in the last hour: it is 6 µg/m³.",
        "Fine dust rose from 4 in the last hour: it is 9 µg/m³.",
        "Fine dust fell from 9 in the last hour: it is 4 µg/m³.",
    ]


def test_a_time_in_which_nothing_is_shown_has_a_sentence_too() -> None:
    told = over_time_sentence(DUST, series([np.nan, np.nan]), "week", PRAGUE).text
    assert told == "Fine dust all week: nothing is shown here: too few homes, or they rest."


def own(*grades: Grade) -> OwnThing:
    streams = tuple(
        OwnStream(datastream=i, property="pm25", named="pm25", unit=None, grade=g, cap=Grade.OPEN, commons=None,
                  pseudonym=None, last_heard=None)
        for i, g in enumerate(grades)
    )  # fmt: skip
    return OwnThing(handle="h", title="Kitchen", name="k", exposure=None, last_heard=None, refusals=(), streams=streams)


def test_an_owner_reads_first_what_leaves_her_home() -> None:
    things = [own(Grade.HOME, Grade.COMMONS, Grade.COUNTED), own(Grade.SEALED, Grade.HOME)]
    assert mine_sentence(things, [("The kitchen", NOW - 3 * HOUR)], NOW, PRAGUE) == (
        "Of your five values two leave your home: one to your project and one in averages. "
        "The kitchen has been silent since 16:40."
    )


def test_a_thing_that_was_handed_over_is_not_missed() -> None:
    given = replace(own(), closed=NOW - DAY, last_heard=NOW - 2 * DAY)
    assert _silent(given, HOUR, NOW) is None
    said = _health(given, HOUR, None, NOW, PRAGUE)
    assert said.startswith("Handed over or given up on ")
    assert said.endswith("what it measured until then is still yours.")


def test_an_owner_who_tells_nothing_reads_that() -> None:
    assert mine_sentence([own(Grade.HOME)], [], NOW, PRAGUE) == "Of your one value none leaves your home."
    assert mine_sentence([], [], NOW, PRAGUE) == "None of your things has been heard yet."


def test_a_public_instrument_says_its_newest_value() -> None:
    told = thing_sentence("School roof", DUST, 6.2, NOW - 2 * HOUR, NOW, PRAGUE).text
    assert told == "School roof measured fine dust at 17:40: 6 µg/m³."
    assert greeting("Hana", NOW, PRAGUE) == "Good evening, Hana"
