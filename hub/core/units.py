"""Units as devices write them, and how to come from one to another.

Rule: what two spellings mean is a row here, or they do not convert: a wrong factor is worse than none.
Codes on the left are UCUM (https://ucum.org); the value of a unit in its dimension's base is ``factor * x + offset``.
"""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """A unit in its dimension: ``base = factor * value + offset``."""

    code: str
    dimension: str
    factor: float
    offset: float = 0.0


_ROWS: tuple[tuple[str, str, float, float, str], ...] = (
    # UCUM code, dimension, factor, offset, other spellings
    ("Cel", "temperature", 1, 0, "°C C ℃ degC celsius"),
    ("[degF]", "temperature", 5 / 9, -160 / 9, "°F F degF fahrenheit"),
    ("K", "temperature", 1, -273.15, "kelvin"),
    ("%", "ratio", 1, 0, "%RH %rh %EL percent"),
    ("Pa", "pressure", 1, 0, ""),
    ("hPa", "pressure", 100, 0, "mbar"),
    ("kPa", "pressure", 1000, 0, ""),
    ("[in_i'Hg]", "pressure", 3386.389, 0, "inHg"),
    ("mm[Hg]", "pressure", 133.322387, 0, "mmHg"),
    ("ug/m3", "concentration", 1, 0, "µg/m³ μg/m³ µg/m3 μg/m3 ug/m³"),
    ("mg/m3", "concentration", 1000, 0, "mg/m³"),
    ("[ppm]", "fraction", 1, 0, "ppm"),
    ("[ppb]", "fraction", 1e-3, 0, "ppb"),
    ("mm", "length", 1, 0, ""),
    ("cm", "length", 10, 0, ""),
    ("m", "length", 1000, 0, ""),
    ("[in_i]", "length", 25.4, 0, "in"),
    ("m/s", "speed", 1, 0, ""),
    ("km/h", "speed", 1 / 3.6, 0, "kph"),
    ("[mi_i]/h", "speed", 0.44704, 0, "mph"),
    ("[kn_i]", "speed", 0.514444, 0, "kn kt"),
    ("mm/h", "rain", 1, 0, ""),
    ("[in_i]/h", "rain", 25.4, 0, "in/h in/hr"),
    ("W", "power", 1, 0, ""),
    ("kW", "power", 1000, 0, ""),
    ("W.h", "energy", 1, 0, "Wh"),
    ("kW.h", "energy", 1000, 0, "kWh"),
    ("V", "voltage", 1, 0, ""),
    ("mV", "voltage", 1e-3, 0, ""),
    ("A", "current", 1, 0, ""),
    ("mA", "current", 1e-3, 0, ""),
    ("dB[SPL]", "sound", 1, 0, "dB dBA dB(A) dBSPL"),
    ("dB[mW]", "signal", 1, 0, "dBm"),
    ("m3", "volume", 1, 0, "m³"),
    ("L", "volume", 1e-3, 0, "l"),
    ("lx", "illuminance", 1, 0, "lux"),
    ("s", "time", 1, 0, ""),
    ("min", "time", 60, 0, ""),
    ("h", "time", 3600, 0, ""),
    ("d", "time", 86400, 0, ""),
    ("1", "number", 1, 0, "count lqi"),
    ("uS/cm", "conductivity", 1, 0, "µS/cm μS/cm"),
    ("deg", "angle", 1, 0, "°"),
)

UNITS: dict[str, Unit] = {
    spelling: Unit(code, dimension, factor, offset)
    for code, dimension, factor, offset, others in _ROWS
    for spelling in (code, *others.split())
}


def conversion(source: str, target: str) -> tuple[float, float] | None:
    """How values in `source` become values in `target`: ``(scale, shift)`` of ``scale * x + shift``.

    Both may be UCUM codes or common spellings. None when they do not measure the same or either is not known
    (the same unknown spelling on both sides is itself).
    """
    if source == target:
        return 1.0, 0.0
    a, b = UNITS.get(source), UNITS.get(target)
    if a is None or b is None or a.dimension != b.dimension:
        return None
    return a.factor / b.factor, (a.offset - b.offset) / b.factor
