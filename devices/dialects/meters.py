"""Meters of a house: the P1 port as DSMR-reader tells it, and Victron's GX devices.

Rule: a meter says only what its words are for, in the meter's own units.
"""

from __future__ import annotations

from hashlib import blake2s

from devices.dialects.dialect import Dialect, Packet, Units, Values, iso, packed


def _dsmr(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    """Every figure is text, and gas has a time of its own."""
    figures = {DSMR.word(observed): f"{value}" for observed, value in values.items()}
    times = {"timestamp": iso(time_us), "extra_device_timestamp": iso(time_us)}
    return [(f"{thing}/dsmr/json", packed({"id": 1, **times, **figures}), False)]


def _reader(thing: str) -> str:
    return f"{thing}/dsmr"


def _victron(thing: str, values: Values, _units: Units, _time_us: int) -> list[Packet]:
    """A topic for each value, no time."""
    return [
        (f"N/{_service(thing)}/{VICTRON.word(observed).replace('_', '/')}", packed({"value": value}), False)
        for observed, value in values.items()
    ]


def _service(thing: str) -> str:
    """The system service of the GX device whose portal id is made of the thing's name."""
    return f"{blake2s(thing.encode(), digest_size=6).hexdigest()}/system/0"


DSMR = Dialect(
    _dsmr,
    {"energy": ("energy", "kW.h"), "gas": ("gas", "m3"), "voltage": ("mains", "V")},
    {"energy": "electricity_delivered_1", "gas": "extra_device_delivered", "voltage": "phase_voltage_l1"},
    heard_as=_reader,
    free=False,
)
VICTRON = Dialect(
    _victron,
    {"power": ("power", "W"), "battery_level": ("battery", "%")},
    {"power": "Ac_Consumption_L1_Power", "battery_level": "Dc_Battery_Soc"},
    heard_as=_service,
    free=False,
)
