"""The table of units beside a library that reads UCUM: the same factors, but where the library reads a code wrongly."""

from __future__ import annotations

import pytest
from ucumvert import PintUcumRegistry

from hub.core.units import UNITS, Unit, conversion

pytestmark = pytest.mark.slow
OTHERWISE = {
    "[in_i'Hg]": "is taken for inches at 60 °F", "m[g]": "is taken for milligrams", "[cft_i]": "is taken for a length",
    "[pH]": "is in no dimension there", "dB[mW]": "is not read", "var": "is no UCUM", "kvar": "is no UCUM",
    "var.h": "is no UCUM", "kvar.h": "is no UCUM",
}  # fmt: skip
"""Code → why the library says nothing, or something else. What it says of the others counts."""
EVERY = {unit.code: unit for unit in UNITS.values()}
PLAIN = [unit for code, unit in EVERY.items() if code not in OTHERWISE]


@pytest.fixture(scope="module")
def library() -> PintUcumRegistry:
    return PintUcumRegistry()


def first_of(dimension: str) -> Unit:
    return next(unit for unit in PLAIN if unit.dimension == dimension)


@pytest.mark.parametrize("unit", PLAIN, ids=lambda unit: unit.code)
def test_it_converts_as_a_library_of_units_does(library: PintUcumRegistry, unit: Unit) -> None:
    to = first_of(unit.dimension)
    found = conversion(unit.code, to.code)
    assert found is not None
    one, other = (library.from_ucum(u.code) for u in (unit, to))
    for value in (1.0, 37.5):
        said = library.Quantity(value * one.magnitude, one.units).to(other.units).magnitude / other.magnitude
        assert found[0] * value + found[1] == pytest.approx(said, rel=1e-6)


def test_every_exception_is_in_the_table() -> None:
    assert set(OTHERWISE) <= set(EVERY)
