"""Units as devices write them, and how to come from one to another.

Rule: what two spellings mean is a row here, or they do not convert: a wrong factor is worse than none. A table, not a
library of units: the libraries take two to three seconds to import, milliseconds for a unit they see first, do not know
how devices spell theirs, and take some codes for others; the table is tested beside one, unit by unit.
Codes on the left are UCUM (https://ucum.org); the value of a unit in its dimension's base is ``factor * x + offset``.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Unit(NamedTuple):
    """A unit in its dimension: ``base = factor * value + offset``."""

    code: str
    dimension: str
    factor: float
    offset: float = 0.0


_ROWS: tuple[tuple[str, str, float, float, str], ...] = (
    # UCUM code, dimension, factor, offset, other spellings
    ("Cel", "temperature", 1, 0, "°C C ℃ ºC degC deg_C celsius Celsius"),
    ("[degF]", "temperature", 5 / 9, -160 / 9, "°F F ºF degF deg_F fahrenheit Fahrenheit"),
    ("K", "temperature", 1, -273.15, "kelvin Kelvin"),
    ("%", "ratio", 1, 0, "%RH %rh %EL percent"),
    ("Pa", "pressure", 1, 0, ""),
    ("hPa", "pressure", 100, 0, "mbar"),
    ("kPa", "pressure", 1000, 0, "cbar"),
    ("MPa", "pressure", 1e6, 0, ""),
    ("bar", "pressure", 1e5, 0, ""),
    ("[in_i'Hg]", "pressure", 3386.389, 0, "inHg"),
    ("mm[Hg]", "pressure", 133.322387, 0, "mmHg"),
    ("[psi]", "pressure", 6894.757293168, 0, "psi"),
    ("ug/m3", "concentration", 1, 0, "µg/m³ μg/m³ µg/m3 μg/m3 ug/m³ ug/m^3 µg/m^3"),
    ("mg/m3", "concentration", 1000, 0, "mg/m³"),
    ("ng/m3", "concentration", 1e-3, 0, "ng/m³"),
    ("g/m3", "concentration", 1e6, 0, "g/m³"),
    ("kg/m3", "concentration", 1e9, 0, "kg/m³"),
    ("[ppm]", "fraction", 1, 0, "ppm"),
    ("[ppb]", "fraction", 1e-3, 0, "ppb"),
    ("1/cm3", "particles", 1, 0, "#/cm3 #/cm³ cm-3"),
    ("1/dL", "particles", 0.01, 0, "#/0.1L /dL dL-1"),
    ("nm", "length", 1e-6, 0, ""),
    ("um", "length", 1e-3, 0, "µm μm"),
    ("mm", "length", 1, 0, ""),
    ("cm", "length", 10, 0, ""),
    ("dm", "length", 100, 0, ""),
    ("m", "length", 1000, 0, ""),
    ("km", "length", 1e6, 0, ""),
    ("[in_i]", "length", 25.4, 0, "in"),
    ("[ft_i]", "length", 304.8, 0, "ft"),
    ("[mi_i]", "length", 1_609_344, 0, "mi"),
    ("m/s", "speed", 1, 0, ""),
    ("km/h", "speed", 1 / 3.6, 0, "kph kmh"),
    ("[mi_i]/h", "speed", 0.44704, 0, "mph"),
    ("[kn_i]", "speed", 0.514444, 0, "kn kt kts"),
    ("[ft_i]/s", "speed", 0.3048, 0, "ft/s"),
    ("m/s2", "acceleration", 1, 0, "m/s² m/s^2"),
    ("[g]", "acceleration", 9.80665, 0, ""),
    ("m[g]", "acceleration", 9.80665e-3, 0, ""),
    ("mm/h", "rain", 1, 0, "mm/hr"),
    ("cm/h", "rain", 10, 0, ""),
    ("[in_i]/h", "rain", 25.4, 0, "in/h in/hr"),
    ("mW", "power", 1e-3, 0, ""),
    ("W", "power", 1, 0, ""),
    ("kW", "power", 1000, 0, ""),
    ("MW", "power", 1e6, 0, ""),
    ("V.A", "apparent power", 1, 0, "VA"),
    ("kV.A", "apparent power", 1000, 0, "kVA"),
    ("var", "reactive power", 1, 0, "VAr VAR"),
    ("kvar", "reactive power", 1000, 0, "kVAr kVAR"),
    ("J", "energy", 1 / 3600, 0, "W.s Ws"),
    ("kJ", "energy", 1 / 3.6, 0, ""),
    ("MJ", "energy", 1e3 / 3.6, 0, ""),
    ("GJ", "energy", 1e6 / 3.6, 0, ""),
    ("W.h", "energy", 1, 0, "Wh"),
    ("kW.h", "energy", 1000, 0, "kWh KWh"),
    ("MW.h", "energy", 1e6, 0, "MWh"),
    ("W.min", "energy", 1 / 60, 0, "Wmin"),
    ("var.h", "reactive energy", 1, 0, "varh VArh"),
    ("kvar.h", "reactive energy", 1000, 0, "kvarh kVArh"),
    ("V.A.h", "apparent energy", 1, 0, "VAh"),
    ("kV.A.h", "apparent energy", 1000, 0, "kVAh"),
    ("uV", "voltage", 1e-6, 0, "µV"),
    ("mV", "voltage", 1e-3, 0, ""),
    ("V", "voltage", 1, 0, ""),
    ("kV", "voltage", 1e3, 0, ""),
    ("uA", "current", 1e-6, 0, "µA"),
    ("mA", "current", 1e-3, 0, ""),
    ("A", "current", 1, 0, ""),
    ("A.h", "charge", 1, 0, "Ah"),
    ("mA.h", "charge", 1e-3, 0, "mAh"),
    ("Ohm", "resistance", 1, 0, "Ω ohm"),
    ("kOhm", "resistance", 1e3, 0, "kΩ kohm"),
    ("MOhm", "resistance", 1e6, 0, "MΩ"),
    ("Hz", "frequency", 1, 0, ""),
    ("kHz", "frequency", 1e3, 0, ""),
    ("MHz", "frequency", 1e6, 0, ""),
    ("1/min", "rate", 1, 0, "min-1 rpm RPM bpm cpm CPM"),
    ("dB[SPL]", "sound", 1, 0, "dB dBA dB(A) dBSPL"),
    ("dB[mW]", "signal", 1, 0, "dBm"),
    ("m3", "volume", 1, 0, "m³ m^3"),
    ("L", "volume", 1e-3, 0, "l dm3 dm³"),
    ("mL", "volume", 1e-6, 0, "ml cm3 cm³"),
    ("[gal_us]", "volume", 3.785411784e-3, 0, "gal"),
    ("[cft_i]", "volume", 0.028316846592, 0, "ft³ ft3"),
    ("m3/h", "flow", 1, 0, "m³/h"),
    ("L/min", "flow", 0.06, 0, "l/min lpm"),
    ("L/h", "flow", 1e-3, 0, "l/h"),
    ("L/s", "flow", 3.6, 0, "l/s"),
    ("m3/s", "flow", 3600, 0, "m³/s"),
    ("mg", "mass", 1e-6, 0, ""),
    ("g", "mass", 1e-3, 0, ""),
    ("kg", "mass", 1, 0, ""),
    ("t", "mass", 1000, 0, ""),
    ("[lb_av]", "mass", 0.45359237, 0, "lb lbs"),
    ("lx", "illuminance", 1, 0, "lux"),
    ("klx", "illuminance", 1000, 0, "klux"),
    ("W/m2", "irradiance", 1, 0, "W/m² W/m^2"),
    ("Bq/m3", "radioactivity", 1, 0, "Bq/m³"),
    ("nSv/h", "dose", 1e-3, 0, ""),
    ("uSv/h", "dose", 1, 0, "µSv/h μSv/h"),
    ("us", "time", 1e-6, 0, "µs μs"),
    ("ms", "time", 1e-3, 0, ""),
    ("s", "time", 1, 0, "sec seconds"),
    ("min", "time", 60, 0, "minutes"),
    ("h", "time", 3600, 0, "hours"),
    ("d", "time", 86400, 0, "days"),
    ("1", "number", 1, 0, "count counts lqi {count}"),
    ("uS/cm", "conductivity", 1, 0, "µS/cm μS/cm"),
    ("mS/cm", "conductivity", 1000, 0, "dS/m"),
    ("S/m", "conductivity", 10_000, 0, ""),
    ("mg/L", "dissolved", 1, 0, "mg/l"),
    ("[pH]", "acidity", 1, 0, "pH"),
    ("[NTU]", "turbidity", 1, 0, "NTU"),
    ("deg", "angle", 1, 0, "° degree degrees"),
    ("rad", "angle", 180 / math.pi, 0, ""),
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
