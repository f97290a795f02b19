"""Units as devices write them."""

from __future__ import annotations

import math

import pytest

from hub.core.units import UNITS, conversion


@pytest.mark.parametrize(
    ("source", "target", "value", "expected"),
    [
        ("°F", "Cel", 50.0, 10.0), ("K", "Cel", 300.0, 26.85), ("inHg", "hPa", 29.92, 1013.2075888),
        ("mph", "m/s", 10, 4.4704),
        ("kWh", "MJ", 1, 3.6), ("GJ", "kW.h", 0.36, 100), ("dm³", "m3", 250, 0.25), ("kVArh", "kvar.h", 2, 2),
        ("mg/m³", "ug/m3", 0.5, 500), ("in/h", "mm/h", 1, 25.4), ("mAh", "A.h", 1500, 1.5), ("dS/m", "uS/cm", 1, 1000),
        ("l/min", "m3/h", 10, 0.6), ("klx", "lx", 2, 2000), ("psi", "kPa", 10, 68.94757293168),
        ("kt", "m/s", 10, 5.14444),
    ],
)  # fmt: skip
def test_a_value_comes_out_in_the_other_unit(source: str, target: str, value: float, expected: float) -> None:
    way = conversion(source, target)
    assert way is not None
    assert math.isclose(way[0] * value + way[1], expected, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Cel", "%"),
        ("W", "V.A"),
        ("kvar", "kW"),
        ("dBm", "dB"),
        ("mm", "mm/h"),
        ("ppm", "ug/m3"),
        ("furlong", "m"),
        ("kW", "kWh"),
    ],
)
def test_what_is_not_the_same_quantity_does_not_convert(source: str, target: str) -> None:
    assert conversion(source, target) is None


def test_an_unknown_spelling_is_only_itself() -> None:
    assert conversion("furlong", "furlong") == (1.0, 0.0)


def test_there_and_back_is_where_one_was() -> None:
    for spelling, unit in UNITS.items():
        there, back = conversion(spelling, unit.code), conversion(unit.code, spelling)
        assert there is not None
        assert back is not None
        assert math.isclose(back[0] * (there[0] * 7.5 + there[1]) + back[1], 7.5, rel_tol=1e-9)
