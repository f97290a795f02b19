"""The demo's plan: enough of everything, within the caps, and one face for each thing and family."""

import csv
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import h3
import pytest

from devices.curves import CURVES
from devices.neighbourhood import Dwelling, Neighbourhood, PlannedThing, plan

ROOT = Path(__file__).resolve().parents[2]
LADDER = ("sealed", "home", "counted", "commons", "street", "open")
FORMATS = {"native", "tasmota", "zigbee2mqtt", "ttn-v3"}


def dwellings() -> list[Dwelling]:
    with (ROOT / "config" / "demo" / "dwellings.csv").open(newline="", encoding="utf-8") as file:
        return [
            Dwelling(r["building"], float(r["lat"]), float(r["lon"]), int(r["dwellings"])) for r in csv.DictReader(file)
        ]


def properties() -> dict[str, dict[str, Any]]:
    text = (ROOT / "config" / "properties.toml").read_text("utf-8")
    return {p["id"]: p for p in tomllib.loads(text)["properties"]}


PLAN = plan(dwellings())
KNOWN = properties()


def highest(thing: PlannedThing, observed: str) -> str:
    """The cap as design.md §2 has it, written once more."""
    known = KNOWN[observed]
    if thing.exposure == "station":
        return str(known.get("station_cap", known["cap"]))
    if thing.exposure == "outdoor":
        return str(known["cap"])
    return min(str(known["cap"]), "counted", key=LADDER.index)


def faces(things: list[PlannedThing], family: str | None = None) -> set[tuple[str, str | None]]:
    """The faces that can be seen of these things: ("open", None), or ("shared", the commons or None)."""
    return {
        ("open", None) if s.grade == "open" else ("shared", s.commons)
        for t in things
        for s in t.streams
        if s.grade in LADDER[3:] and family in (None, KNOWN[s.property]["family"])
    }


def one_face(seen: set[tuple[str, str | None]]) -> bool:
    kinds = {kind for kind, _ in seen}
    commons = {name for _, name in seen if name is not None}
    return len(kinds) <= 1 and len(commons) <= 1


def by_owner() -> dict[str, list[PlannedThing]]:
    owned: dict[str, list[PlannedThing]] = defaultdict(list)
    for t in PLAN.things:
        owned[t.owner].append(t)
    return owned


def test_there_are_about_120_homes_and_200_things() -> None:
    assert len(PLAN.homes) == 120
    assert 180 <= len(PLAN.things) <= 260


def test_no_dwelling_holds_two_homes() -> None:
    places = {(h.building, h.number) for h in PLAN.homes}
    room = {d.building: d.dwellings for d in dwellings()}
    assert len(places) == len(PLAN.homes)
    assert all(1 <= h.number <= room[h.building] for h in PLAN.homes)


def test_every_grade_is_present() -> None:
    assert {s.grade for t in PLAN.things for s in t.streams} == set(LADDER)


def test_every_format_is_spoken() -> None:
    assert {t.format for t in PLAN.things} == FORMATS


def test_no_grade_is_above_its_cap() -> None:
    above = [
        (t.name, s.property)
        for t in PLAN.things
        for s in t.streams
        if LADDER.index(s.grade) > LADDER.index(highest(t, s.property))
    ]
    assert above == []


def test_each_thing_shows_one_face() -> None:
    assert all(one_face(faces([t])) for t in PLAN.things)


@pytest.mark.parametrize("family", sorted({p["family"] for p in KNOWN.values()}))
def test_each_home_shows_one_face_in_a_family(family: str) -> None:
    assert all(one_face(faces(things, family)) for things in by_owner().values())


def test_the_face_check_can_fail() -> None:
    assert not one_face({("open", None), ("shared", None)})
    assert not one_face({("shared", "Quiet streets"), ("shared", "Cool trees")})


@pytest.mark.parametrize("observed", ["noise_level", "air_temperature"])
def test_at_least_four_cells_have_five_homes_that_show_it_on_the_street(observed: str) -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for t in PLAN.things:
        if any(s.property == observed and s.grade == "street" for s in t.streams):
            homes[h3.latlng_to_cell(t.lat, t.lon, 8)].add(t.owner)
    assert sum(len(owners) >= 5 for owners in homes.values()) >= 4


def test_every_curve_property_and_unit_is_known() -> None:
    streams = [s for t in PLAN.things for s in t.streams]
    assert {s.curve for s in streams} <= set(CURVES)
    assert all(s.unit == KNOWN[s.property]["unit"] for s in streams)


def test_only_commons_and_street_streams_join_a_commons_that_asks_for_them() -> None:
    asks = {c.name: c.properties for c in PLAN.commons}
    joined = [s for t in PLAN.things for s in t.streams if s.commons is not None]
    assert len(asks) == 3
    assert all(s.grade in ("commons", "street") and s.property in asks[str(s.commons)] for s in joined)
    assert all(s.commons for t in PLAN.things for s in t.streams if s.grade == "commons")


def test_each_commons_has_its_members_and_no_others() -> None:
    for commons in PLAN.commons:
        owners = {t.owner for t in PLAN.things for s in t.streams if s.commons == commons.name}
        assert set(commons.members) == owners
        assert len(owners) >= 5


def test_a_tree_and_a_brook_have_guardians_of_different_homes() -> None:
    people = {p.id: h.id for h in PLAN.homes for p in h.people}
    assert {b.id for b in PLAN.beings} == {"linden", "brook"}
    assert all(len({people[g] for g in b.guardians}) == 2 for b in PLAN.beings)


def test_public_instruments_have_names_and_reasons() -> None:
    public = [t for t in PLAN.things if any(s.grade == "open" for s in t.streams)]
    assert len(public) == 7
    assert len({t.name for t in public}) == 7
    assert all(t.why and t.place_grade for t in public)


def test_every_owner_is_a_party_of_the_plan() -> None:
    parties = {h.id for h in PLAN.homes} | {i.id for i in PLAN.institutions} | {b.id for b in PLAN.beings}
    assert {t.owner for t in PLAN.things} == parties


def test_one_owner_names_each_thing_once() -> None:
    assert all(len({t.key for t in things}) == len(things) for things in by_owner().values())


def test_the_plan_is_the_same_every_time_and_another_with_another_seed() -> None:
    again: Neighbourhood = plan(dwellings())
    assert again == PLAN
    assert plan(dwellings(), seed=7) != PLAN


def test_too_few_dwellings_are_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"dwellings\.csv"):
        plan([Dwelling("a", 50.1, 14.4, 3)])
