"""Averages of several homes on map, list, chart and in the files: as published, told apart from single rows."""

from __future__ import annotations

import h3
import numpy as np

from hub.core.grade import HOUR
from hub.core.releases import Sheet
from hub.web.around import ALL, areas
from hub.web.words import NOTHING_HERE
from tests.web.asking import words
from tests.web.world import BESIDE, CELL, NOW, World

LAST = NOW // HOUR * HOUR - HOUR
PART = min(h3.cell_to_children(BESIDE))


def publish(hub: World, observed: str, where: str, *figures: tuple[str, float, int], hours: int = 1) -> None:
    """The same figures (cell, mean, homes) for the last hours."""
    cells = np.array([0 if cell == ALL else h3.str_to_int(cell) for cell, _, _ in figures], np.uint64)
    order = np.argsort(cells)
    for back in range(hours):
        sheet = Sheet(
            property=observed, where="indoor" if where == "indoor" else "outdoor", level="public",
            start=LAST - back * HOUR, window=HOUR, cells=cells[order],
            means=np.array([mean for _, mean, _ in figures], np.float64)[order],
            homes=np.array([homes for _, _, homes in figures], np.uint8)[order],
        )  # fmt: skip
        assert hub.registry.releases.save([sheet], NOW)


def test_an_area_shows_its_average_instead_of_the_rows_that_are_in_it(own_hub: World) -> None:
    publish(own_hub, "pm25", "outdoor", (CELL, 21.0, 10))
    told = words(own_hub.client.get("/?property=pm25").text)
    assert "raised, 10\N{EN DASH}19 homes 21 µg/m³" in told
    assert "never fewer than eight" in told
    drawn = own_hub.client.get("/map/pm25.geojson").json()["features"]
    assert {f["properties"]["value"] for f in drawn if f["properties"].get("cell") == CELL} == {21.0}


def test_where_no_average_was_published_nothing_is_shown_and_nothing_says_why(own_hub: World) -> None:
    publish(own_hub, "pm25", "outdoor", (PART, 21.0, 10))
    page = own_hub.client.get("/?property=pm25").text
    assert f'data-id="{PART}"' in page
    assert NOTHING_HERE in page
    (rest,) = [
        f for f in own_hub.client.get("/map/pm25.geojson").json()["features"] if f["properties"].get("cell") == BESIDE
    ]
    assert rest["properties"]["value"] is None
    assert len(rest["geometry"]["coordinates"]) == 6


def test_the_figure_of_the_place_counts_each_average_for_its_homes(own_hub: World) -> None:
    publish(own_hub, "pm25", "outdoor", (CELL, 30.0, 20), (BESIDE, 10.0, 5))
    told = words(own_hub.client.get("/?property=pm25").text)
    assert "Fine dust in Bubeneč is raised this evening: 30 µg/m³" in told


def test_what_is_told_of_all_homes_together_is_everywhere(own_hub: World) -> None:
    publish(own_hub, "power", "indoor", (ALL, 550.0, 15))
    told = words(own_hub.client.get("/?property=power").text)
    assert "everywhere 15\N{EN DASH}29 homes 550 W" in told
    assert "Power indoors in Bubeneč this evening: 550 W" in told
    assert "never fewer than 15" in told
    assert "Nobody outside a household may ever see a single value of this" in told


def test_indoors_and_outdoors_are_never_put_together(own_hub: World) -> None:
    publish(own_hub, "air_temperature", "indoor", (CELL, 21.0, 15), hours=3)
    publish(own_hub, "air_temperature", "outdoor", (CELL, 3.0, 10), hours=3)
    outdoors, indoors = "/?property=air_temperature", "/?property=air_temperature&where=indoor"
    told = words(own_hub.client.get(outdoors).text)
    assert "21.0" not in told
    assert "See indoors instead" in told
    inside = words(own_hub.client.get(indoors).text)
    assert "Warmth indoors in Bubeneč this evening: 21.0 °C" in inside
    assert "School roof" not in inside
    assert "3.0" not in inside
    assert "21.0" not in words(own_hub.client.get("/property/air_temperature?range=day").text)
    assert "School roof" not in words(own_hub.client.get("/property/air_temperature?range=day&where=indoor").text)
    values = own_hub.client.get("/property/air_temperature.json?range=day&where=indoor").json()["series"][0]["values"]
    assert {v for v in values if v is not None} == {21.0}
    drawn = own_hub.client.get("/map/air_temperature.geojson?where=indoor").json()["features"]
    assert {f["geometry"]["type"] for f in drawn} == {"MultiPolygon"}


def test_a_property_of_which_only_averages_exist_is_among_those_that_are_shown(own_hub: World) -> None:
    assert "property=power" not in own_hub.client.get("/?theme=dark").text  # another address: a kept answer may be old
    publish(own_hub, "power", "indoor", (ALL, 550.0, 15))
    assert "/?property=power" in own_hub.client.get("/").text


def test_an_hour_whose_averages_are_not_out_yet_is_not_told_of_single_rows(own_hub: World) -> None:
    publish(own_hub, "pm25", "outdoor", (CELL, 21.0, 10))
    own_hub.clock[0] = NOW + HOUR
    told = words(own_hub.client.get("/?property=pm25").text)
    assert "21 µg/m³" in told
    assert "18:00\N{EN DASH}19:00" in told


def test_files_say_of_every_average_how_many_homes_at_least_and_where(own_hub: World) -> None:
    publish(own_hub, "power", "indoor", (ALL, 550.0, 15))
    head, row = own_hub.client.get("/now.csv?property=power").text.split()[:2]
    assert head.endswith(",grade,where,homes")
    row = own_hub.client.get("/now.csv?property=power").text.splitlines()[1]
    assert row.endswith(",power,550,W,several homes,,counted,indoor,15")


def test_an_owner_sees_the_average_that_others_see_around_her(own_hub: World) -> None:
    publish(own_hub, "pm25", "outdoor", (CELL, 21.0, 10))
    told = words(own_hub.client.get("/mine", cookie="barrio_link=commons").text)
    assert "A stranger 21 µg/m³ an average of 10\N{EN DASH}19 homes around, 18:00\N{EN DASH}19:00" in told


def test_a_place_belongs_to_the_finest_shown_cell_and_what_is_left_is_drawn_without_it() -> None:
    coarse = h3.cell_to_parent(CELL, 7)
    child = min(h3.cell_to_children(CELL))
    told = {a.cell: a for a in areas(frozenset({CELL, BESIDE}), {coarse, child}, None)}
    assert set(told) >= {coarse, child}
    assert CELL not in told
    assert child not in told[coarse].parts
    assert len(told[coarse].parts) == 6 + 6
    everywhere = areas(frozenset({CELL, BESIDE}), {ALL, CELL}, None)
    assert [(a.cell, a.where) for a in everywhere][-1] == (ALL, "everywhere else")
    assert everywhere[-1].parts == (BESIDE,)
