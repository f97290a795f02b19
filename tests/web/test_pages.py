"""Each page says what it is for, in words, without a script."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest

from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.web.pages import PAGES
from hub.web.words import NOTHING_HERE
from tests.web.asking import every_path, words
from tests.web.world import BESIDE, CELL, NOW, World


def test_every_page_of_the_table_answers(hub: World) -> None:
    answers = {path: hub.client.get(path).status_code for path in every_path(hub)}
    odd = {p: s for p, s in answers.items() if s != 200}
    assert odd.pop("/mine/out") == 303
    assert len(odd) > 3
    assert {p: s for p, s in odd.items() if not p.startswith("/mine") or s not in (401, 403)} == {}
    assert len({page.path for page in PAGES}) == len(PAGES)


def test_the_map_page_answers_in_one_sentence_first(hub: World) -> None:
    told = words(hub.client.get("/").text)
    assert "The air in Bubeneč is clean this evening: fine dust 8 µg/m³, as usual at this hour." in told
    assert told.index("The air in") < told.index("By area")


def test_the_list_says_what_the_map_shows_and_where_nothing_is_shown(hub: World) -> None:
    page = hub.client.get("/").text
    assert f'data-id="{CELL}"' in page
    assert f'data-id="{BESIDE}"' not in page
    assert NOTHING_HERE in page
    told = words(page)
    assert "18:00\N{EN DASH}19:00 · 40 min ago" in told
    assert re.search(r"School roof just now 6 µg/m³", told)
    assert "at least five homes" in told


def test_the_first_property_shown_is_the_first_of_the_catalogue_and_tabs_are_links(hub: World) -> None:
    page = hub.client.get("/").text
    assert '<a href="/?property=pm25" aria-current="page">' in page
    assert '<a href="/?property=air_temperature">' in page
    assert "property=power" not in page


def test_a_property_that_nobody_may_ever_see_says_so_openly(hub: World) -> None:
    told = words(hub.client.get("/property/power").text)
    assert "Nobody outside a household may ever see a single value" in told
    assert "Electric power is never shown on its own" in words(hub.client.get("/?property=power").text)


def test_against_usual_shows_differences_with_their_sign(hub: World) -> None:
    page = hub.client.get("/?property=pm25&usual").text
    assert 'data-map-usual="yes"' in page
    assert "±0" in page


def test_an_instrument_that_misses_two_of_its_times_is_out_of_date(own_hub: World) -> None:
    own_hub.clock[0] = NOW + 3 * MINUTE
    told = words(own_hub.client.get("/").text)
    assert "School roof 3 min ago, out of date" in told
    assert '<li data-id="handle7" class="stale">' in own_hub.client.get("/").text


def test_the_wall_has_big_figures_and_no_controls(hub: World) -> None:
    page = hub.client.get("/?wall").text
    assert '<body class="wall"' in page
    assert "<button" not in page
    assert "<form" not in page
    assert "Sunday 19:40" in page
    assert "<dt>Warmth</dt><dd><b>7.3</b> °C</dd>" in page


def test_a_theme_asked_for_is_on_the_page_before_any_script(hub: World) -> None:
    assert 'data-theme="dark"' in hub.client.get("/?theme=dark").text
    assert "data-theme" not in hub.client.get("/?theme=%22onload=").text


def test_a_property_over_time_has_chart_table_and_numbers_of_the_same_stretch(hub: World) -> None:
    page = hub.client.get("/property/pm25?range=week").text
    assert 'data-chart="/property/pm25.json?range=week"' in page
    assert 'href="/property/pm25.csv?range=week"' in page
    assert page.count('<th scope="row">') == 7 * 24
    assert "What the line is" in page


def test_the_last_hour_shows_public_instruments_alone(hub: World) -> None:
    page = hub.client.get("/property/pm25?range=hour").text
    assert '<th scope="col">Who</th>' in page
    assert "somebody around here" not in hub.client.get("/property/pm25.json?range=hour").text
    line = hub.client.get("/property/pm25.json?range=hour").json()["series"][0]
    assert line["label"] == "School roof"
    assert line["x"][-1] == NOW // 1_000_000


def test_an_own_time_is_shown_in_the_form_again_and_a_wrong_one_says_what_to_do(hub: World) -> None:
    page = hub.client.get("/property/pm25?from=2026-11-20T10:00&to=2026-11-22T10:00").text
    assert 'value="2026-11-20T10:00"' in page
    assert page.count('<th scope="row">') == 48
    wrong = hub.client.get("/property/pm25?from=22.11.")
    assert wrong.status_code == 400
    assert "2026-11-20T18:00" in words(wrong.text)
    assert hub.client.get("/property/pm25.csv?from=22.11.").json() == {
        "code": 400, "type": "QueryError", "message": "“from” should look like 2026-11-20 or 2026-11-20T18:00.",
    }  # fmt: skip


def test_a_public_instrument_says_who_what_why_since_when_and_where(hub: World) -> None:
    told = words(hub.client.get("/thing/handle7").text)
    for part in (
        "School roof measured fine dust just now: 6 µg/m³.", "To know the air of our street.", "Neighbour7",
        "18 October 2025", "50.10320 north", "Warmth (air temperature) 20 min ago",
    ):  # fmt: skip
        assert part in told, part
    assert "<svg" in hub.client.get("/thing/handle7").text


def test_a_place_that_is_told_less_exactly_than_the_values_is_told_as_an_area(own_hub: World) -> None:
    things = dict(own_hub.holdings.things)
    things[2007] = msgspec.structs.replace(things[2007], place_grade=Grade.STREET)
    own_hub.registry.now_is(msgspec.structs.replace(own_hub.holdings, things=things))
    told = words(own_hub.client.get("/thing/handle7").text)
    assert "50.10" not in told
    assert "Somewhere in area" in told
    assert "Point" not in own_hub.client.get("/map/pm25.geojson").text


def test_the_grades_are_told_from_the_table_that_decides(hub: World) -> None:
    told = words(hub.client.get("/grades").text)
    for grade in Grade:
        assert f"“{grade.sentence}”" in told
    assert "if at least five homes there show it, for seven days" in told
    assert "only averages of at least eight homes (energy, indoors: 15)" in told
    assert "counted electric power" in told


def test_a_hub_whose_hours_are_all_old_says_how_old(own_hub: World) -> None:
    own_hub.clock[0] = NOW + 6 * HOUR
    assert "was clean yesterday at 20:00" in words(own_hub.client.get("/").text)
    own_hub.clock[0] = NOW + 9 * DAY
    page = words(own_hub.client.get("/").text)
    assert "nothing is shown here: too few homes, or they rest." in page


@pytest.mark.parametrize("path", ["/", "/property/pm25", "/grades"])
def test_every_page_names_its_language_and_can_be_skipped_into(hub: World, path: str) -> None:
    page = hub.client.get(path).text
    assert '<html lang="en"' in page
    assert '<a class="skip" href="#content">' in page
    assert page.count("<h1") == 1


def test_an_answer_comes_in_good_time_on_a_small_neighbourhood(hub: World) -> None:
    assert hub.client.get("/").elapsed < timedelta(seconds=5)
