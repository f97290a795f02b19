"""DSMR, the P1 port of smart meters: raw telegrams, DSMR-reader's JSON, or one topic a field.

Rule: a telegram is read whole or not at all: from `/` to `!`, with a fitting checksum where it has one. What a meter
is set to, who it is and its log of power cuts are no readings; a sub-meter that never answered has none either.
Sources: P1 Companion Standard 5.0.2 (Netbeheer Nederland), e-MUCS P1 (Fluvius),
https://dsmr-reader.readthedocs.io/ (MQTT).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from hub.core.reading import Announcement, Decoded, DecodeError, Heard, Message, Reading
from hub.decoders.documents import clean, parsed
from hub.decoders.names import LONGEST, is_name, matcher, text, thing_name
from hub.decoders.numbers import number
from hub.decoders.times import from_local, instant

_SET = r"17\.0\.0|31\.4\.0|98\.1\.0|99\.97\.0"
"""How codes of limits, histories and logs end: no measurement of now."""
_is_obis = matcher(re.compile(rf"(?!.*(?:{_SET})$)\d{{1,3}}-\d{{1,3}}:\d{{1,3}}\.\d{{1,3}}\.\d{{1,3}}", re.ASCII))
_VALUE = re.compile(r"(-?\d{1,12}(?:\.\d{1,6})?)\*(\w{1,6})", re.ASCII)
_is_figure = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,9})?", re.ASCII).fullmatch
_CHECKSUM = re.compile(r"[0-9A-Fa-f]{4}")
_ZONES = {"S": timezone(timedelta(hours=2)), "W": timezone(timedelta(hours=1))}
"""Summer and winter time where P1 meters are."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_CODE = 19
_STAMPED = frozenset({12, 13})
_FIRST, _LAST = "01", "69"
"""Two-digit years before and after are clocks that were never set (2000, 1970)."""
_TIME = "0-0:1.0.0"
_COUNTED = re.compile(r"0-0:96\.(?:14\.0|7\.\d+)|1-0:[357]2\.3[26]\.0")
"""Tariff in force, power failures, sags and swells: whole numbers without a unit."""
_SUBMETER = re.compile(r"(0-[1-4]):24\.(?:2\.\d|3\.0)")
_SUBMETERS = {"003": "gas", "3": "gas", "007": "water_total", "7": "water_total"}
"""M-Bus device types (EN 13757-3) → the word by which the hub knows such a meter."""
_POLYNOMIAL = 0xA001
_SPAN = 2048
"""So many bytes go through the checksum at once; a telegram is rarely longer."""
_FROM_END = np.arange(_SPAN - 1, -1, -1) * 256

_PARTS = frozenset({
    "reading", "consumption", "day-consumption", "day-totals", "meter-stats", "current-month", "current-year",
    "current-period", "json", "raw", "telegram", "actual",
})  # fmt: skip
"""Where the meter's own name ends in DSMR-reader's topics."""
_SILENT = frozenset({"json", "raw", "telegram"})
_is_identity = matcher(
    re.compile(
        r"(?:.*_)?id|.*(?:timestamp|read_at|version|serial|database|equipment|identifier|message|telegrams?|_type|_start).*"
    )
)
_SEEN = ("timestamp", "read_at", "extra_device_timestamp")
_UNITS = tuple(
    (re.compile(words), unit)
    for words, unit in (
        (r"(?:.*_)?electricity_(?:delivered|returned)_\d", "kW.h"),
        (r".*(?:day|current)-\w+?_(?:current_\w+_)?electricity(?:\d|\d?_returned|(?:_returned)?_merged)", "kW.h"),
        (r"(?:.*_)?(?:electricity|phase)_currently_(?:delivered|returned)(?:_l\d)?", "kW"),
        (r"(?:.*_)?phase_voltage_l\d", "V"),
        (r"(?:.*_)?phase_power_current_l\d", "A"),
        (r"(?:.*_)?extra_device_delivered|.*gas_delivered|.*(?:consumption|totals|month|year|period)_gas", "m3"),
        (r".*_kwh(?:_\w+)?", "kW.h"), (r".*_kw", "kW"), (r".*_m3", "m3"),
    )
)  # fmt: skip
"""Which field of DSMR-reader (or of what imitates it) has which unit."""


def decode(message: Message, heard: Heard) -> Decoded:
    """Read one message of a P1 reader; raises `DecodeError` for a telegram that is cut off or damaged."""
    payload = clean(message.payload).strip()
    first = payload[:1]
    if first == b"/":
        return _telegram(_whose(message.topic), payload, heard, message.received)
    if first == b"{":
        body = parsed(payload)
        return Decoded(list(_fields(message.topic, body if isinstance(body, dict) else {})))
    try:
        words = payload.decode()
    except UnicodeDecodeError:
        raise DecodeError("the payload is no P1 telegram: it is not text") from None
    if "(" in words or "!" in words:
        raise DecodeError("the telegram has no beginning; a whole one goes from / to !")
    thing, path, _ = _place(message.topic)
    value = _figure(words)
    meant = _meant("", path) if 0 < len(path) <= LONGEST else None
    return Decoded([] if value is None or meant is None else [Reading(thing, path, value, None, meant[1])])


def _whose(topic: str) -> str:
    """The meter that a telegram on this topic is of."""
    base, _, last = topic.rpartition("/")
    return thing_name(base if base and last in _SILENT else topic)


def _place(topic: str) -> tuple[str, str, bool]:
    """(meter, path of the field, whether DSMR-reader's words say where the one ends and the other begins).

    No dots: `gas` of a day is not what a gas meter shows, and must not be taken for it.
    """
    return (_placed if len(topic) <= LONGEST else _placed.__wrapped__)(topic)


@lru_cache(maxsize=16_384)
def _placed(topic: str) -> tuple[str, str, bool]:
    levels = topic.split("/")
    part = next((i for i, level in enumerate(levels) if i and level in _PARTS), None)
    at = max(1, len(levels) - 1) if part is None else part
    path = "_".join(level for level in levels[at:] if level not in _SILENT)
    return thing_name("/".join(levels[:at])), path, part is not None


def _telegram(thing: str, payload: bytes, heard: Heard, received: int) -> Decoded:
    lines = payload.decode("ascii", "replace")
    end = lines.rfind("\n!")
    checksum = lines[end + 2 :].rstrip()
    if end < 0 or (checksum and not _CHECKSUM.fullmatch(checksum)):
        raise DecodeError("the telegram is cut off: it does not end in ! and a checksum")
    if checksum and not _intact(payload[: end + 2], int(checksum, 16)):
        raise DecodeError("the telegram is damaged: its checksum does not fit")
    objects = _objects(lines)
    clock = _Clock(heard.zone, received)
    _, time = clock.read(objects.pop(_TIME, [""])[0]) or (False, None)
    found = [_object(thing, code, groups, time, clock) for code, groups in objects.items()]
    return Decoded([r for r in found if r is not None], list(_submeters(thing, objects, heard)), local=clock.local)


def _objects(lines: str) -> dict[str, list[str]]:
    """OBIS code → what stands in its brackets; a line that begins with a bracket goes on with the one before."""
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for line in lines.split("\n"):
        code, bracket, rest = line.partition("(")
        if not bracket:
            continue
        groups = rest.rstrip().removesuffix(")").split(")(")
        if code:
            found[code] = last = groups
        else:
            last += groups
    return {code: groups for code, groups in found.items() if _is_obis(code) and len(code) <= _LONGEST_CODE}


def _object(thing: str, code: str, groups: list[str], time: int | None, clock: _Clock) -> Reading | None:
    """One COSEM object: a value, a value with a time of its own, or a count."""
    own = clock.read(groups[0])
    if own is not None:
        was_set, time = own
        if not was_set:
            return None
    measured = _VALUE.fullmatch(groups[-1])
    if measured is not None:
        return Reading(thing, code, float(measured[1]), time, measured[2])
    if len(groups) > 3 and _is_figure(groups[-1]):  # noqa: PLR2004 - DSMR 2 and 3: (time)…(unit)(value)
        return Reading(thing, code, float(groups[-1]), time, groups[-2] if groups[-2].isalnum() else None)
    if groups[0].isdecimal() and _COUNTED.fullmatch(code):
        return Reading(thing, code, float(groups[0][:9]), time)
    return None


def _submeters(thing: str, objects: dict[str, list[str]], heard: Heard) -> Iterator[Announcement]:
    """What kind of meter is on which channel, told once."""
    for code in objects:
        if ":24." not in code:
            continue
        channel = _SUBMETER.fullmatch(code)
        kind = None if channel is None else _SUBMETERS.get(objects.get(f"{channel[1]}:24.1.0", [""])[0])
        if kind is not None and (thing, code) not in heard:
            yield Announcement(thing, code, kind=kind)


class _Clock:
    """The times of one message. `local`: one of them said no zone and was read in the hub's."""

    def __init__(self, zone: tzinfo | None, received: int) -> None:
        self._zone = zone
        self._received = received
        self.local = False

    def read(self, written: str) -> tuple[bool, int | None] | None:
        """A P1 time: (whether the clock was ever set, the instant in µs if it is known); None: it is no time."""
        if len(written) not in _STAMPED or not written[:12].isdecimal() or not written.isascii():
            return None
        if not _FIRST <= written[:2] <= _LAST:
            return False, None
        hour, minute, second = _hour(written[:8], written[12:]), int(written[8:10]), int(written[10:12])
        if hour is None or minute > 59 or second > 59:  # noqa: PLR2004 - a clock
            return False, None
        if written[12:]:
            return True, hour + (minute * 60 + second) * 1_000_000
        if self._zone is None:
            return True, None
        wall = _EPOCH + timedelta(microseconds=hour, minutes=minute, seconds=second)
        time = from_local(str(wall.replace(tzinfo=None)), self._zone, self._received)
        self.local = self.local or time is not None
        return True, time


@lru_cache(maxsize=4096)
def _hour(written: str, zone: str) -> int | None:
    """The full hour (µs) of YYMMDDhh; None if there is none."""
    y, m, d, h = (int(written[i : i + 2]) for i in (0, 2, 4, 6))
    try:
        return (datetime(2000 + y, m, d, h, tzinfo=_ZONES.get(zone, UTC)) - _EPOCH) // _MICROSECOND
    except ValueError:
        return None


def _fields(topic: str, body: dict[str, object]) -> Iterator[Reading]:
    """A JSON object of fields; numbers may be texts with leading zeros, or wrapped as [{"value", "unit"}]."""
    thing, within, known = _place(topic)
    if not known:
        thing, within = thing_name(thing if within in body else topic), ""
    clock = _Clock(None, 0)
    seen = [_when(body[name], clock) if name in body else None for name in _SEEN]
    time = seen[0] or seen[1]
    for key, found in body.items():
        meant = _meant(within, key) if len(within) + len(key) < LONGEST else None
        if meant is None or found is None:
            continue
        name, usual = meant
        value, unit = _wrapped(found) if isinstance(found, list) else (_figure(found), None)
        if value is not None:
            own = seen[2] if key.startswith("extra_device") else None
            yield Reading(thing, name, value, own or time, unit or usual)


@lru_cache(maxsize=16_384)
def _meant(within: str, key: str) -> tuple[str, str | None] | None:
    """(property, unit) of a field; None for what is no measurement."""
    name = f"{within}_{key}" if within else key
    return None if _is_identity(key) or not is_name(name) else (name, _unit(name))


def _wrapped(found: list[object]) -> tuple[float | None, str | None]:
    """(value, unit) as the firmware DSMR-API has them: a list of one object."""
    inner = found[0] if len(found) == 1 else None
    return (_figure(inner.get("value")), text(inner.get("unit"))) if isinstance(inner, dict) else (None, None)


def _when(value: object, clock: _Clock) -> int | None:
    stamp = clock.read(value) if isinstance(value, str) else None
    return instant(value) if stamp is None else stamp[1]


def _figure(value: object) -> float | None:
    """A number; as text it may have leading zeros, as meters write it."""
    if isinstance(value, str):
        plain = value if _is_figure(value) else value.strip()
        return float(plain) if _is_figure(plain) else None
    return None if isinstance(value, bool) else number(value)


def _unit(path: str) -> str | None:
    return next((unit for words, unit in _UNITS if words.fullmatch(path)), None)


def _intact(telegram: bytes, checksum: int) -> bool:
    """CRC16 (polynomial x16+x15+x2+1, LSB first) over `/`…`!`; also where line ends were changed on the way."""
    if b"\r" not in telegram:
        return _crc(telegram.replace(b"\n", b"\r\n")) == checksum or _crc(telegram) == checksum
    return _crc(telegram) == checksum


def _crc(data: bytes) -> int:
    """What each byte adds by its distance from the end, all at once: the checksum is linear."""
    adds, crc = _table(), 0
    for at in range(0, len(data), _SPAN):
        size = min(_SPAN, len(data) - at)
        codes = np.frombuffer(data, np.uint8, size, at) + _FROM_END[-size:]
        if crc:  # what is left of the bytes before goes into the next two
            codes[0] ^= crc & 0xFF
            codes[1:2] ^= crc >> 8
        crc = int(np.bitwise_xor.reduce(adds[codes])) ^ (crc >> 8 if size == 1 else 0)
    return crc


@cache
def _table() -> npt.NDArray[np.uint16]:
    """256 for each distance from the end: what the checksum becomes of a byte and as many zeros behind it."""
    here = np.array([_row(n) for n in range(256)], np.uint16)
    rows = [here]
    for _ in range(_SPAN - 1):
        rows.append(rows[-1] >> 8 ^ here[rows[-1] & 0xFF])
    return np.concatenate(rows)


def _row(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc
