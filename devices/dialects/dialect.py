"""What one format's way of speaking consists of, and what all of them share.

Rule: a dialect is functions of its arguments alone; what it says depends on nothing that was said before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Packet = tuple[str, bytes, bool]
"""Topic, payload, retained."""
Values = Mapping[str, float]
"""Property → value."""
Units = Mapping[str, str]
"""Property → unit (UCUM)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPELLED = {
    "Cel": "°C", "ug/m3": "µg/m³", "kW.h": "kWh", "[ppm]": "ppm", "1": "", "m3": "m³", "dB[SPL]": "dB", "dB[mW]": "dBm",
}  # fmt: skip
"""UCUM → as most devices spell it for people."""


def _same(name: str) -> str:
    return name


def _nothing(_things: Mapping[str, Units]) -> list[Packet]:
    return []


@dataclass(frozen=True)
class Dialect:
    """A format as a device speaks it.

    `speak` makes the messages of one instant (µs) from (thing, values, units, time); `usual` is what such a device
    measures: property → (curve, unit). `words` is property of ours → as the hub hears it. `free`: any property can be
    said under a name of its own; else only those in `words`. `unnamed` makes the name of a property without a word.
    """

    speak: Callable[[str, Values, Units, int], list[Packet]]
    usual: Mapping[str, tuple[str, str]]
    words: Mapping[str, str] = field(default_factory=dict)
    introduce: Callable[[Mapping[str, Units]], list[Packet]] = _nothing
    heard_as: Callable[[str], str] = _same
    unnamed: Callable[[str], str] = _same
    free: bool = True

    def word(self, observed: str) -> str:
        """The name by which the hub hears a property."""
        return self.words.get(observed) or self.unnamed(observed)


def iso(time_us: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="milliseconds")


def packed(value: object) -> bytes:
    """JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
