"""Caps by property and exposure, and the words by which devices are understood."""

from __future__ import annotations

import itertools

import pytest

from hub.core.catalogue import Catalogue, Exposure, ObservedProperty, PartyKind, cap
from hub.core.grade import Grade
from hub.core.units import UNITS, conversion
from tests.core.world import CATALOGUE, DUST, NOISE


@pytest.mark.parametrize("exposure", [None, *Exposure])
@pytest.mark.parametrize("owner", PartyKind)
@pytest.mark.parametrize("highest", Grade)
def test_the_cap_is_never_above_the_propertys_own(exposure: Exposure | None, owner: PartyKind, highest: Grade) -> None:
    observed = ObservedProperty(id="x", name="X", unit="1", family="x", cap=highest)
    found = cap(observed, exposure, owner)
    assert found <= highest
    if exposure in (None, Exposure.INDOOR):
        assert found <= Grade.COUNTED


@pytest.mark.parametrize(("exposure", "owner"), list(itertools.product([None, *Exposure], PartyKind)))
def test_an_unknown_property_is_home_everywhere(exposure: Exposure | None, owner: PartyKind) -> None:
    assert cap(None, exposure, owner) is Grade.HOME


def test_only_an_institutions_station_may_be_a_public_noise_meter() -> None:
    assert cap(NOISE, Exposure.OUTDOOR, PartyKind.INSTITUTION) is Grade.STREET
    assert cap(NOISE, Exposure.STATION, PartyKind.INSTITUTION) is Grade.OPEN
    assert cap(NOISE, Exposure.STATION, PartyKind.PERSON) is Grade.STREET


def test_a_device_is_understood_by_its_words_and_its_unit() -> None:
    assert CATALOGUE.match(["PM2.5"], "µg/m³") is DUST
    assert CATALOGUE.match(["ENERGY.pm25"], None) is DUST
    assert CATALOGUE.match(["pm25"], "Cel") is None
    assert CATALOGUE.match(["colour"], None) is None


def test_the_first_property_whose_unit_fits_is_taken() -> None:
    warmth = ObservedProperty(id="warmth", name="Warmth", unit="Cel", family="w", names=("t",))
    hours = ObservedProperty(id="hours", name="Hours", unit="h", family="d", names=("t",))
    catalogue = Catalogue([warmth, hours])
    assert catalogue.match(["t"], "min") is hours
    assert catalogue.match(["t"], "°F") is warmth


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (212, "°F", "Cel", 100),
        (0, "K", "°C", -273.15),
        (1013.25, "hPa", "Pa", 101325),
        (1, "kWh", "W.h", 1000),
        (36, "km/h", "m/s", 10),
        (5, "bananas", "bananas", 5),
    ],
)
def test_units_convert(value: float, source: str, target: str, expected: float) -> None:
    found = conversion(source, target)
    assert found is not None
    assert found[0] * value + found[1] == pytest.approx(expected)


def test_what_measures_something_else_does_not_convert() -> None:
    assert conversion("Cel", "hPa") is None
    assert conversion("Cel", "bananas") is None


@pytest.mark.parametrize("spelling", UNITS)
def test_every_spelling_converts_there_and_back(spelling: str) -> None:
    there, back = conversion(spelling, UNITS[spelling].code), conversion(UNITS[spelling].code, spelling)
    assert there is not None
    assert back is not None
    assert back[0] * (there[0] * 3.5 + there[1]) + back[1] == pytest.approx(3.5)
