"""The place: its areas, what they are called, and what is drawn of them."""

from __future__ import annotations

import json
from pathlib import Path

import h3
import pytest

from hub.core.places import Place
from hub.settings import PlaceSettings, SettingsError
from hub.web.around import areas, cells_at, compass, home_cell, key_of
from hub.web.ground import read_ground
from hub.web.spot import spot
from tests.web.world import BESIDE, CELL, CORNER, GROUND, World, world


def test_the_map_draws_what_the_list_says(hub: World) -> None:
    drawn = hub.client.get("/map/pm25.geojson").json()
    cells = {f["properties"]["cell"]: f["properties"] for f in drawn["features"] if f["geometry"]["type"] != "Point"}
    assert (cells[CELL]["value"], cells[CELL]["usual"]) == (9.0, 9.0)
    assert cells[BESIDE]["value"] is None
    (school,) = [f for f in drawn["features"] if f["geometry"]["type"] == "Point"]
    assert school["properties"] == {
        "id": "handle7", "name": "School roof", "href": "/thing/handle7", "value": 6.0, "usual": 6.0, "age": "just now",
        "stale": False,
    }  # fmt: skip
    assert drawn["property"]["steps"] == [5, 15, 30, 50]
    assert drawn["when"].endswith("40 min ago")


def test_a_property_with_nothing_shown_has_the_same_areas_with_nothing_in_them(hub: World) -> None:
    features = hub.client.get("/map/power.geojson").json()["features"]
    assert {f["properties"]["value"] for f in features} == {None}
    assert {f["properties"]["cell"] for f in features} == {CELL, BESIDE}


def test_areas_follow_from_the_ground_alone_and_a_coarser_one_stands_for_its_parts() -> None:
    coarse = h3.cell_to_parent(CELL, 7)
    place = cells_at([(CORNER.lon, CORNER.lat), tuple(reversed(h3.cell_to_latlng(BESIDE)))])
    assert {a.cell for a in areas(place, [], None)} == {CELL, BESIDE}
    merged = {a.cell for a in areas(place, [coarse], None)}
    assert coarse in merged
    assert CELL not in merged
    assert areas(frozenset(), [], None) == ()


def test_areas_are_lettered_from_north_to_south() -> None:
    ring = areas(frozenset(h3.grid_disk(CELL, 1)), [], Place(*h3.cell_to_latlng(CELL)))
    assert [a.key for a in ring] == list("ABCDEFG")
    north = [h3.cell_to_latlng(a.cell)[0] for a in ring]
    assert north == sorted(north, reverse=True)
    assert [a.where for a in ring if a.cell == CELL] == ["middle"]
    assert (key_of(25), key_of(26), key_of(27)) == ("Z", "AA", "AB")


@pytest.mark.parametrize(("north", "east", "word"), [
    (1, 0, "north"), (1, 1, "north-east"), (0, 1, "east"), (-1, 1, "south-east"), (-1, 0, "south"),
    (-1, -1, "south-west"), (0, -1, "west"), (1, -1, "north-west"), (0.01, 0, "middle"),
])  # fmt: skip
def test_a_compass_word_is_right_also_far_from_the_equator(north: float, east: float, word: str) -> None:
    middle = Place(60.0, 20.0)
    assert compass(Place(60.0 + north * 0.1, 20.0 + 2 * east * 0.1), middle, 0.02) == word


def test_a_place_is_in_the_finest_of_the_cells_around_it() -> None:
    assert home_cell(CORNER, [h3.cell_to_parent(CELL, 7), CELL]) == CELL
    assert home_cell(CORNER, [BESIDE]) is None


def test_the_operators_files_are_one_with_whose_data_they_are(tmp_path: Path) -> None:
    for name, credit in (("a", "© Somebody (in full)"), ("b", "invented")):
        (tmp_path / f"{name}.geojson").write_text(json.dumps({**GROUND, "attribution": credit}), encoding="utf-8")
    ground = read_ground(PlaceSettings(ground=(tmp_path / "a.geojson", tmp_path / "b.geojson")))
    whole = json.loads(ground.body)
    assert len(whole["features"]) == 4
    assert whole["attribution"] == "© Somebody (in full); invented"
    assert whole["bbox"][:2] == [min(14.403, whole["bbox"][0]), min(50.103, whole["bbox"][1])]


@pytest.mark.parametrize(("text", "words"), [("{", "no JSON"), ("[]", "FeatureCollection"), (None, "cannot be read")])
def test_a_file_that_cannot_be_drawn_stops_the_start_and_is_named(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "ground.geojson"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as said:
        read_ground(PlaceSettings(ground=(file,)))
    assert "ground.geojson" in str(said.value)
    with pytest.raises(SettingsError, match="pmtiles"):
        read_ground(PlaceSettings(pmtiles=tmp_path / "none.pmtiles"))


def test_whose_data_the_map_is_stands_on_it(hub: World) -> None:
    page = hub.client.get("/").text
    assert '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors, ODbL' in page
    assert "(an extract)" in hub.client.get("/grades").text


def test_the_spot_of_an_instrument_is_drawn_from_the_ground(tmp_path: Path) -> None:
    (tmp_path / "g.geojson").write_text(json.dumps(GROUND), encoding="utf-8")
    drawn = spot(read_ground(PlaceSettings(ground=(tmp_path / "g.geojson",))), CORNER)
    assert drawn.streets.startswith("M-14 ")
    assert drawn.buildings == ""
    far = spot(read_ground(PlaceSettings(ground=(tmp_path / "g.geojson",))), Place(51, 15))
    assert far.streets == ""


def test_the_operators_tiles_are_read_in_parts(tmp_path: Path) -> None:
    tiles = tmp_path / "place.pmtiles"
    tiles.write_bytes(bytes(range(200)))
    with world(tmp_path, pmtiles=tiles) as hub:
        part = hub.client.get("/map/ground.pmtiles", range="bytes=7-9")
        assert (part.status_code, part.content) == (206, bytes([7, 8, 9]))
        assert 'data-map-tiles="/map/ground.pmtiles"' in hub.client.get("/").text
