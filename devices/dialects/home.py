"""What announces itself as Home Assistant wants it: any device, and nodes of ESPHome.

Rule: units are said once, in the announcement; the states are bare.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.dialects.dialect import SPELLED, Dialect, Packet, Units, Values, packed


def _announce(things: Mapping[str, Units]) -> list[Packet]:
    """One announcement a value, with the short keys."""
    return [
        (f"homeassistant/sensor/{thing}/{observed}/config", packed({
            "name": observed, "uniq_id": f"{thing}_{observed}", "stat_t": f"{thing}/measured",
            "val_tpl": f"{{{{ value_json.{observed} }}}}", "unit_of_meas": SPELLED.get(unit, unit),
            "dev": {"ids": [thing], "name": thing, "mf": "Barrio", "mdl": "Simulated"},
        }), True)
        for thing, units in things.items()
        for observed, unit in units.items()
    ]  # fmt: skip


def _state(thing: str, values: Values, _units: Units, _time_us: int) -> list[Packet]:
    return [(f"{thing}/measured", packed(dict(values)), False)]


def _announce_node(things: Mapping[str, Units]) -> list[Packet]:
    """As ESPHome does: the topic of each state, and the node as the device."""
    return [
        (f"homeassistant/sensor/{thing}/{observed}/config", packed({
            "name": observed, "stat_t": f"{thing}/sensor/{observed}/state", "avty_t": f"{thing}/status",
            "unit_of_meas": SPELLED.get(unit, unit), "uniq_id": f"ESPsensor{observed}",
            "dev": {"ids": f"sim{thing}", "name": thing, "mdl": "esp32dev", "mf": "Espressif"},
        }), True)
        for thing, units in things.items()
        for observed, unit in units.items()
    ]  # fmt: skip


def _states(thing: str, values: Values, _units: Units, _time_us: int) -> list[Packet]:
    return [(f"{thing}/sensor/{observed}/state", f"{value:.6g}".encode(), False) for observed, value in values.items()]


HA_DISCOVERY = Dialect(
    _state, {"air_temperature": ("indoor-warmth", "Cel"), "relative_humidity": ("indoor-humidity", "%")},
    introduce=_announce,
)  # fmt: skip
ESPHOME = Dialect(
    _states, {"air_temperature": ("warmth", "Cel"), "pm25": ("dust", "ug/m3"), "signal_strength": ("signal", "dB[mW]")},
    introduce=_announce_node,
)  # fmt: skip
