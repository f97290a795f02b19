"""Homie 5.

Rule: the description comes first and says units and types; a value is bare text on a topic of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.dialects.dialect import SPELLED, Dialect, Packet, Units, Values, packed

_NODE = "sensor"


def _unnamed(observed: str) -> str:
    return f"{_NODE}.{observed}"


def _describe(things: Mapping[str, Units]) -> list[Packet]:
    return [
        (f"homie/5/{thing}/$description", packed({
            "homie": "5.0", "version": 1, "name": thing, "nodes": {_NODE: {"properties": {
                observed: {"datatype": "float", "unit": SPELLED.get(unit, unit)} for observed, unit in units.items()
            }}},
        }), True)
        for thing, units in things.items()
    ]  # fmt: skip


def _speak(thing: str, values: Values, _units: Units, _time_us: int) -> list[Packet]:
    place = f"homie/5/{thing}/{_NODE}"
    return [(f"{place}/{observed}", f"{value:.6f}".encode(), False) for observed, value in values.items()]


HOMIE = Dialect(
    _speak, {"air_temperature": ("warmth", "Cel"), "wind_speed": ("wind", "m/s"), "rain_rate": ("rain", "mm/h")},
    introduce=_describe, unnamed=_unnamed,
)  # fmt: skip
