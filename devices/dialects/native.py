"""Barrio's own topics, with SenML (RFC 8428).

Rule: as devices/client.py does it.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.dialects.dialect import Dialect, Packet, Units, Values, packed


def _introduce(things: Mapping[str, Units]) -> list[Packet]:
    return [
        (f"things/{thing}/about", packed({"datastreams": {name: {"unit": u} for name, u in units.items()}}), True)
        for thing, units in things.items()
    ]


def _speak(thing: str, values: Values, units: Units, time_us: int) -> list[Packet]:
    pack: list[dict[str, object]] = [{"n": name, "u": units.get(name, "1"), "v": v} for name, v in values.items()]
    pack[0] = {"bt": time_us / 1e6, **pack[0]}
    return [(f"things/{thing}/readings", packed(pack), False)]


NATIVE = Dialect(
    _speak,
    {"air_temperature": ("warmth", "Cel"), "pm25": ("dust", "ug/m3"), "noise_level": ("noise", "dB[SPL]")},
    introduce=_introduce,
)
