"""The numbers as files: what a row says, and that no cell is a formula."""

from __future__ import annotations

import csv
import io

import msgspec

from hub.web.numbers import COLUMNS, plain
from tests.web.world import CELL, World


def table(hub: World, path: str) -> list[dict[str, str]]:
    answer = hub.client.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_file_has_a_head_and_says_of_every_row_what_the_page_says(hub: World) -> None:
    rows = table(hub, "/property/pm25.csv?range=day")
    assert tuple(rows[0]) == COLUMNS
    street = [r for r in rows if r["grade"] == "street"]
    assert {(r["window"], r["name"], r["place"], r["unit"]) for r in street} == {
        ("60", "somebody around here", CELL, "µg/m³"),
    }  # fmt: skip
    assert len(street) == 6 * 24
    exact = [r for r in rows if r["grade"] == "open"]
    assert {(r["window"], r["name"], r["place"]) for r in exact} == {("", "School roof", "50.103200 14.403200")}


def test_rows_of_one_area_and_hour_stand_in_an_order_that_says_nothing_and_stays(hub: World) -> None:
    rows = [r for r in table(hub, "/property/pm25.csv?range=day") if r["grade"] == "street"]
    hours = {r["time"]: [float(x["value"]) for x in rows if x["time"] == r["time"]] for r in rows}
    assert {tuple(sorted(values)) for values in hours.values()} == {(6.0, 7.0, 8.0, 9.0, 10.0, 11.0)}
    assert len({tuple(values) for values in hours.values()}) > len(hours) // 2
    again = [r for r in table(hub, "/property/pm25.csv?range=day") if r["grade"] == "street"]
    assert again == rows
    assert {r["homes"] for r in rows} == {"5"}


def test_the_map_has_its_numbers_too(hub: World) -> None:
    rows = table(hub, "/now.csv?property=pm25")
    assert len({r["time"] for r in rows if r["grade"] == "street"}) == 1
    assert [r["name"] for r in rows if r["grade"] == "open"] == ["School roof"]


def test_a_thing_has_its_numbers_for_all_it_measures(hub: World) -> None:
    rows = table(hub, "/thing/handle7.csv?range=week")
    assert {r["property"] for r in rows} == {"pm25", "air_temperature"}


def test_a_long_stretch_is_given_in_hours(hub: World) -> None:
    rows = table(hub, "/thing/handle7.csv?from=2026-09-01&to=2026-11-22")
    assert {r["window"] for r in rows} == {"60"}


def test_no_name_becomes_a_formula_in_a_spreadsheet(own_hub: World) -> None:
    assert [plain(x) for x in ("=1+1", "@x", "-2", "School")] == ["'=1+1", "'@x", "'-2", "School"]
    things = dict(own_hub.holdings.things)
    things[2007] = msgspec.structs.replace(things[2007], title='=HYPERLINK("x")\n"y"')
    own_hub.registry.now_is(msgspec.structs.replace(own_hub.holdings, things=things))
    names = {r["name"] for r in table(own_hub, "/thing/handle7.csv")}
    assert names == {'\'=HYPERLINK("x")\n"y"'}
    assert "=HYPERLINK(" not in own_hub.client.get("/thing/handle7").text.replace("=HYPERLINK(&#34;", "")
