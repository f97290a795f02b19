"""The shipped observed properties: caps as the design wants them, units that convert, scales that can be drawn."""

from pathlib import Path

import pytest

from hub.core.units import conversion
from hub.settings import PropertySettings, read

ROOT = Path(__file__).resolve().parents[2]
PROPERTIES = {p.id: p for p in read(ROOT / "config" / "barrio.toml").properties}
EACH = pytest.mark.parametrize("p", PROPERTIES.values(), ids=PROPERTIES)

CAPS = {
    "home": {"battery_level", "voltage", "signal_strength", "link_quality", "uptime"},
    "counted": {"power", "energy", "gas", "water_consumption", "occupancy"},
    "street": {"noise_level"},
}


@EACH
def test_a_cap_is_what_the_design_says(p: PropertySettings) -> None:
    expected = next((cap for cap, ids in CAPS.items() if p.id in ids), "open")
    assert p.cap == expected


def test_only_noise_may_be_opened_by_a_station() -> None:
    assert {p.id for p in PROPERTIES.values() if p.station_cap} == {"noise_level"}
    assert PROPERTIES["noise_level"].station_cap == "open"


def test_every_meter_of_a_home_counts_as_energy() -> None:
    assert {p.id for p in PROPERTIES.values() if p.energy} == CAPS["counted"] - {"occupancy"}


METERS = {"energy", "gas", "water_consumption"}


def test_what_is_switched_or_stands_still_by_its_nature_is_never_called_flat() -> None:
    may_stay = {
        "power",
        "occupancy",
        "rain_rate",
        "illuminance",
        "soil_moisture",
        "water_level",
        *METERS,
        *CAPS["home"],
    }
    assert {p.id for p in PROPERTIES.values() if not p.still_hours} == may_stay


def test_a_home_s_meter_has_a_rate_that_a_home_cannot_have() -> None:
    assert {p.id for p in PROPERTIES.values() if p.rate < float("inf") and p.cap == "counted"} == METERS


@EACH
def test_a_jump_is_less_than_what_there_is(p: PropertySettings) -> None:
    assert p.rate == float("inf") or 0 < p.rate < p.high - p.low


@EACH
def test_a_unit_is_a_known_ucum_code_with_a_symbol(p: PropertySettings) -> None:
    assert conversion(p.unit, p.unit) == (1.0, 0.0)
    assert p.unit == "1" or conversion(p.symbol, p.unit) == (1.0, 0.0)


@EACH
def test_a_window_of_what_happens_indoors_or_makes_noise_waits_longer(p: PropertySettings) -> None:
    assert p.watermark_minutes == (30 if p.cap != "open" else 5)


@EACH
def test_no_word_of_a_device_means_two_properties(p: PropertySettings) -> None:
    others = {name for o in PROPERTIES.values() if o.id != p.id for name in (o.id, *o.names)}
    assert not {p.id, *p.names} & others
    assert all(name == name.lower() for name in p.names)


@EACH
def test_a_scale_can_be_drawn(p: PropertySettings) -> None:
    assert p.low < p.high
    assert p.ramp is not None
    assert all(1 <= stop <= 9 for stop in (*p.ramp.light, *p.ramp.dark))
    assert p.usual_steps == tuple(sorted(p.usual_steps))
    assert len(p.usual_steps) in (0, 6)
    if p.classes:
        assert p.classes.steps == tuple(sorted(set(p.classes.steps)))
        assert p.classes.words is None or (len(p.classes.words) == len(p.classes.steps) + 1 and p.classes.source)


def test_a_members_step_is_never_coarser_than_everybodys() -> None:
    assert all(p.step_commons <= p.step_street for p in PROPERTIES.values())
