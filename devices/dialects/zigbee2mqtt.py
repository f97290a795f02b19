"""A Zigbee2MQTT bridge and the devices behind it.

Rule: units are said once, by the bridge, for all its devices.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.dialects.dialect import SPELLED, Dialect, Packet, Units, Values, iso, packed

_WORDS = {
    "air_temperature": "temperature", "relative_humidity": "humidity", "battery_level": "battery",
    "link_quality": "linkquality", "air_pressure": "pressure",
}  # fmt: skip


def _introduce(things: Mapping[str, Units]) -> list[Packet]:
    devices = [
        {
            "friendly_name": thing, "type": "EndDevice", "supported": True,
            "definition": {"model": "SIM-1", "vendor": "Barrio", "description": "Simulated", "exposes": [
                {"type": "numeric", "access": 1, "name": name, "property": name, "unit": SPELLED.get(unit, unit)}
                for name, unit in ((ZIGBEE2MQTT.word(observed), unit) for observed, unit in units.items())
            ]},
        }
        for thing, units in things.items()
    ]  # fmt: skip
    return [("zigbee2mqtt/bridge/devices", packed(devices), True)] if devices else []


def _speak(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    state: dict[str, object] = {ZIGBEE2MQTT.word(observed): value for observed, value in values.items()}
    if "occupancy" in state:
        state["occupancy"] = bool(state["occupancy"])
    return [(f"zigbee2mqtt/{thing}", packed({**state, "last_seen": iso(time_us)}), False)]


ZIGBEE2MQTT = Dialect(
    _speak,
    {"air_temperature": ("indoor-warmth", "Cel"), "relative_humidity": ("indoor-humidity", "%")},
    _WORDS,
    introduce=_introduce,
)
