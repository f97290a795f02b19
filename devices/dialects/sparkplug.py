"""Sparkplug B: an edge node with devices behind it.

Rule: the birth says names, aliases and units; the data after it aliases alone. The few bytes of protobuf that it takes
are written here, so that a maker can read how.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32

from devices.dialects.dialect import SPELLED, Dialect, Packet, Units, Values

GROUP, NODE = "barrio", "edge"
DOUBLE, STRING = 10, 12
"""Numbers of Sparkplug's data types."""


def varint(value: int) -> bytes:
    """A whole number as protobuf writes it: seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def whole(field: int, value: int) -> bytes:
    """A field of a whole number."""
    return varint(field << 3) + varint(value)


def nested(field: int, value: bytes) -> bytes:
    """A field of text, bytes or another message."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def double(field: int, value: float) -> bytes:
    """A field of a 64-bit float."""
    return varint(field << 3 | 1) + struct.pack("<d", value)


def alias(observed: str) -> int:
    """The same number for the same property, in every birth."""
    return crc32(observed.encode()) & 0xFFFF


def _heard_as(thing: str) -> str:
    return f"{GROUP}/{NODE}/{thing}"


def _birth(things: Mapping[str, Units]) -> list[Packet]:
    return [
        (f"spBv1.0/{GROUP}/DBIRTH/{NODE}/{thing}", b"".join(_named(name, unit) for name, unit in units.items()), False)
        for thing, units in things.items()
    ]


def _named(observed: str, unit: str) -> bytes:
    """A metric of a birth: its name, alias, type and unit, and no value yet."""
    engineering = nested(1, b"engUnit") + nested(2, whole(1, STRING) + nested(8, SPELLED.get(unit, unit).encode()))
    head = nested(1, observed.encode()) + whole(2, alias(observed)) + whole(4, DOUBLE)
    return nested(2, head + whole(7, 1) + nested(9, engineering))


def _data(thing: str, values: Values, _units: Units, time_us: int) -> list[Packet]:
    time = time_us // 1000
    metrics = [whole(2, alias(name)) + whole(3, time) + double(13, value) for name, value in values.items()]
    body = whole(1, time) + b"".join(nested(2, metric) for metric in metrics)
    return [(f"spBv1.0/{GROUP}/DDATA/{NODE}/{thing}", body, False)]


SPARKPLUG = Dialect(
    _data, {"power": ("power", "W"), "energy": ("energy", "kW.h"), "voltage": ("mains", "V")},
    introduce=_birth, heard_as=_heard_as,
)  # fmt: skip
