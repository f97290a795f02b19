"""Ruuvi's Bluetooth advertisements: formats 3 (RAWv1), 5 (RAWv2), C5 (its cut form), 6 and E1 (Ruuvi Air).

Rule: each format is a row of fields: where, how long, what it means, and which value says "not available".
Source: https://docs.ruuvi.com/communication/bluetooth-advertisements.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from math import exp, log
from struct import Struct
from typing import NamedTuple

Row = tuple[str, float, str | None]
"""(property, value, unit)."""
_RUUVI = b"\x99\x04"
_MANUFACTURER = 0xFF
_LONGEST = 1024


class _Field(NamedTuple):
    """What one number of a format means; `none` are the raw values that say "not available"."""

    name: str
    unit: str | None
    means: Callable[[int], float]
    none: Container[int] = ()


class _Format(NamedTuple):
    """The numbers of a format in their order, big-endian, and where its indexes and flags are (0: it has none)."""

    layout: Struct
    fields: tuple[_Field, ...]
    indexes: int = 0
    flags: int = 0


def advertised(data: str) -> list[Row]:
    """What the advertisement (hexadecimal) of a Ruuvi tag says; nothing for any other."""
    try:
        packet = bytes.fromhex(data) if len(data) <= _LONGEST else b""
    except ValueError:
        return []
    return next((_read(part) for part in _parts(packet)), [])


def _parts(packet: bytes) -> Iterator[bytes]:
    """Ruuvi's manufacturer data in the advertisement: length, type, then that many bytes less one."""
    at = 0
    while at + 1 < len(packet):
        length = packet[at]
        part = packet[at + 2 : at + 1 + length]
        if packet[at + 1] == _MANUFACTURER and part.startswith(_RUUVI):
            yield part[2:]
        at += length + 1


def _read(body: bytes) -> list[Row]:
    form = _FORMATS.get(body[0]) if body else None
    if form is None or len(body) < form.layout.size:
        return []
    found = [
        (name, means(raw), unit)
        for (name, unit, means, none), raw in zip(form.fields, form.layout.unpack_from(body), strict=True)
        if raw not in none
    ]
    return [*found, *_indexes(body, form.indexes, form.flags)] if form.flags else found


def _indexes(body: bytes, first: int, flags: int) -> Iterator[Row]:
    """VOC and NOX: eight bits of their own, the ninth and lowest among the flags."""
    for name, at, bit in (("voc", first, 6), ("nox", first + 1, 7)):
        index = body[at] * 2 + (body[flags] >> bit & 1)
        if index != _NO_INDEX:
            yield name, float(index), None


def _sign_and_size(raw: int) -> float:
    """Format 3's temperature: a sign, whole degrees, hundredths."""
    whole, hundredths = raw >> 8 & 0x7F, raw & 0xFF
    size = (whole * 100 + hundredths) / 100
    return -size if raw & 0x8000 else size


def _volts(raw: int) -> float:
    """Millivolts above 1.6 V; the lowest five bits are the radio's power."""
    return ((raw >> 5) + 1600) / 1000


def _thousandth(raw: int) -> float:
    return raw / 1000


def _tenth(raw: int) -> float:
    return raw / 10


_NO_INDEX = 0x1FF
_LOW = 0xFFFFFF
"""The lower three of four bytes: the first belongs to another field."""
_BRIGHTNESS = tuple(round(exp(code * log(65536) / 254) - 1, 2) for code in range(256))
"""Format 6's luminosity: logarithmic in one byte."""
_AXES = ("accelX", "accelY", "accelZ")
_CLIMATE = (
    _Field("temperature", "Cel", lambda raw: raw / 200, (-32768,)),
    _Field("humidity", "%", lambda raw: raw / 400, (65535,)),
    _Field("pressure", "Pa", lambda raw: raw + 50000.0, (65535,)),
)
_VOLTAGE = _Field("voltage", "V", _volts, range(2047 << 5, 65536))
_MOVED = _Field("movementCounter", None, float, (255,))
_FORMATS: dict[int, _Format] = {
    3: _Format(
        Struct(">xBHHhhhH"),
        (
            _Field("humidity", "%", lambda raw: raw / 2),
            _Field("temperature", "Cel", _sign_and_size),
            _Field("pressure", "Pa", lambda raw: raw + 50000.0),
            *(_Field(axis, "[g]", _thousandth) for axis in _AXES),
            _Field("voltage", "V", _thousandth),
        ),
    ),
    5: _Format(
        Struct(">xhHHhhhHB"),
        (*_CLIMATE, *(_Field(axis, "[g]", _thousandth, (-32768,)) for axis in _AXES), _VOLTAGE, _MOVED),
    ),
    0xC5: _Format(Struct(">xhHHHB"), (*_CLIMATE, _VOLTAGE, _MOVED)),
    6: _Format(
        Struct(">xhHHHHxxBxxx"),
        (
            *_CLIMATE,
            _Field("pm2_5", "ug/m3", _tenth, (65535,)),
            _Field("co2", "[ppm]", float, (65535,)),
            _Field("luminosity", "lx", _BRIGHTNESS.__getitem__, (255,)),
        ),
        indexes=11,
        flags=16,
    ),
    0xE1: _Format(
        Struct(">xhHHHHHHHxI7x"),
        (
            *_CLIMATE,
            *(_Field(f"pm{size}", "ug/m3", _tenth, (65535,)) for size in ("1", "2_5", "4", "10")),
            _Field("co2", "[ppm]", float, (65535,)),
            _Field("luminosity", "lx", lambda raw: (raw & _LOW) / 100, range(_LOW, 2**32, _LOW + 1)),
        ),
        indexes=17,
        flags=28,
    ),
}
