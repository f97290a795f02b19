"""Tasmota's `tele/{topic}/SENSOR`.

Rule: every value stands under the name of its sensor chip, as Tasmota's drivers write it.
"""

from __future__ import annotations

from devices.dialects.dialect import Dialect, Packet, Units, Values, iso, packed

_WORDS = {
    "power": "ENERGY.Power", "energy": "ENERGY.Total", "voltage": "ENERGY.Voltage",
    "air_temperature": "BME280.Temperature", "relative_humidity": "BME280.Humidity",
    "air_pressure": "BME280.Pressure", "pm25": "PMS5003.PM2_5", "pm10": "PMS5003.PM10",
    "co2": "SCD40.CarbonDioxide", "illuminance": "BH1750.Illuminance",
}  # fmt: skip
_DOTTED = {"PM2_5": "PM2.5"}
"""As the hub hears a key of Tasmota's → as Tasmota writes it."""


def _speak(thing: str, values: Values, units: Units, time_us: int) -> list[Packet]:
    body: dict[str, object] = {"Time": iso(time_us)}
    sensors: dict[str, dict[str, float]] = {}
    for observed, value in values.items():
        sensor, _, key = TASMOTA.word(observed).rpartition(".")
        sensors.setdefault(sensor, {})[_DOTTED.get(key, key)] = value
    if any(unit == "Cel" for unit in units.values()):
        body["TempUnit"] = "C"
    return [(f"tele/{thing}/SENSOR", packed({**body, **sensors}), False)]


def _unnamed(observed: str) -> str:
    return f"SIM.{observed}"


TASMOTA = Dialect(
    _speak,
    {"power": ("power", "W"), "energy": ("energy", "kW.h"), "voltage": ("mains", "V")},
    _WORDS,
    unnamed=_unnamed,
)
