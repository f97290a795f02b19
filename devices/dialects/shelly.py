"""Shelly, generation 2 and later: notifications of what changed.

Rule: a component for each kind of value, as real devices have them.
"""

from __future__ import annotations

from typing import Any

from devices.dialects.dialect import Dialect, Packet, Units, Values, packed

_WORDS = {
    "power": "switch:0.apower", "voltage": "switch:0.voltage", "air_temperature": "temperature:0.tC",
    "relative_humidity": "humidity:0.rh", "illuminance": "illuminance:0.lux",
    "battery_level": "devicepower:0.battery.percent", "signal_strength": "wifi.rssi",
}  # fmt: skip


def _unnamed(observed: str) -> str:
    return f"number:200.{observed}"


def _speak(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    params: dict[str, Any] = {"ts": time_us / 1e6}
    for observed, value in values.items():
        *path, last = SHELLY.word(observed).split(".")
        part = params
        for step in path:
            part = part.setdefault(step, {})
        part[last] = value
    frame = {"src": thing, "dst": f"{thing}/events", "method": "NotifyStatus", "params": params}
    return [(f"{thing}/events/rpc", packed(frame), False)]


SHELLY = Dialect(
    _speak, {"power": ("power", "W"), "voltage": ("mains", "V"), "signal_strength": ("signal", "dB[mW]")}, _WORDS,
    unnamed=_unnamed,
)  # fmt: skip
