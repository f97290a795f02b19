"""What the networks of LoRaWAN share: values that a codec made of bytes, and how well a gateway heard them.

Rule: a codec's object is the device's own; what it calls itself in there (models, versions, bands) and where it is
are no values. Positions and names among the receptions are the gateway's, and not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from hub.decoders.documents import leaves
from hub.decoders.names import text
from hub.decoders.numbers import number

Value = tuple[str, float, str | None]
"""(path, value, unit)."""
_IDENTITY = re.compile(
    r".*(?:version|firmware|hardware|model|serial|timestamp|_band|band_|node_?type|eui|address).*|id|.*_id|type|port|"
    r"work_?mode|payload|bytes|raw|valid",
    re.IGNORECASE,
)
_POSITION = re.compile(
    r"(?:gps|gnss|last|position|location|loc)?[_.-]?(?:lat(?:itude)?|lon(?:gitude)?|lng|alt(?:itude)?)"
    r"(?:[_-]?(?:deg|degrees|i|wgs84|m|meters?))?|heading(?:[_-]?deg)?|hdop|pdop|sats?|satellites",
    re.IGNORECASE,
)
_NO_PROBE = frozenset({327.67, -327.68, 3276.7, -3276.8})
"""The ends of a 16-bit integer in tenths or hundredths of a degree: no probe is connected."""
_SENSECAP = {
    "4097": "Cel", "4098": "%", "4099": "lx", "4100": "[ppm]", "4101": "Pa", "4102": "Cel", "4103": "%",
    "4104": "deg", "4105": "m/s", "4113": "mm/h",
}  # fmt: skip
"""Seeed SenseCAP's measurement ids and their units."""


def codec_values(decoded: dict[str, object]) -> list[Value]:
    """What a device's codec made of its bytes; lists of measurements are read by their own names."""
    listed = list(_measurements(decoded.get("messages"), 0)) if "messages" in decoded else []
    rest = {key: value for key, value in decoded.items() if key not in {"messages", "err"}} if listed else decoded
    return [*listed, *plain_values(rest)]


def plain_values(tree: dict[str, object]) -> Iterator[Value]:
    """Every number and switch in an object that is neither an identity nor a position.

    A `value` with its `unit` beside it is one value of that unit; otherwise nobody says units.
    """
    for key, found in tree.items():
        inner: Iterable[tuple[str, object]] = ()
        unit = None
        if isinstance(found, dict) and isinstance(found.get("unit"), str) and "value" in found:
            inner, unit = ((key.replace(".", "_"), found["value"]),), text(found["unit"])
        elif found.__class__ is dict or found.__class__ is list:
            inner = ((path, value) for path, last, value in leaves({key: found}) if _is_value(last))
        elif _is_value(key):
            inner = ((key.replace(".", "_"), found),)
        for path, written in inner:
            value = number(written)
            if value is not None and value not in _NO_PROBE:
                yield path, value, unit


@lru_cache(maxsize=8192)
def _is_value(key: str) -> bool:
    return _IDENTITY.fullmatch(key) is None and _POSITION.fullmatch(key) is None


def reception(heard_by: object, figures: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, float, str]]:
    """(name, value, unit) of how well the best gateway heard; `figures` are (key, name, unit)."""
    gateways = [g for g in heard_by if isinstance(g, dict)] if isinstance(heard_by, list) else []
    for key, name, unit in figures:
        found = [value for value in (number(g.get(key)) for g in gateways) if value is not None]
        if found:
            yield name, max(found), unit


def _measurements(tree: object, depth: int) -> Iterator[Value]:
    """SenseCAP: (nested) lists of {"measurementId", "measurementValue", "type"}."""
    if isinstance(tree, list) and depth <= 3:  # noqa: PLR2004 - channels, then measurements
        for item in tree:
            yield from _measurements(item, depth + 1)
    elif isinstance(tree, dict) and "measurementValue" in tree:
        code = str(tree.get("measurementId", ""))
        value = number(tree["measurementValue"])
        if value is not None:
            yield str(tree.get("type") or code), value, _SENSECAP.get(code)
