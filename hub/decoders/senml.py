"""SenML packs (RFC 8428), JSON and CBOR, resolved into readings.

Rule: base fields hold from their record on; a pack is read whole or refused whole. Times below 2**28 s are relative
to the arrival of the message, and 0 is the arrival itself (section 4.5.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from math import isfinite

import cbor2
import msgspec
from msgspec import UNSET, Struct, UnsetType

from hub.core.grade import Grade
from hub.core.reading import DecodeError, Reading

VERSION = 10
_RELATIVE = 2.0**28
_FURTHEST = 1e11
_CBOR_DEPTH = 8
_LABELS: dict[object, str] = {
    -6: "bs", -5: "bv", -4: "bu", -3: "bt", -2: "bn", -1: "bver",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""RFC 8428 table 6: the integer keys of the CBOR form."""


class Record(Struct, gc=False):
    """One SenML record as it stands in the pack (RFC 8428 sections 4.1 and 4.2); `grade` is Barrio's own.

    A base value or sum that is null is none at all, and the pack is refused: without it every value would be wrong.
    """

    n: str | None = None
    v: float | None = None
    t: float = 0.0
    u: str | None = None
    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | UnsetType = UNSET
    bs: float | UnsetType = UNSET
    bver: int | None = None
    vb: bool | None = None
    s: float | None = None
    grade: str | None = None


Place = Callable[[str], tuple[str, str]]
"""A resolved SenML name → (thing, property); `DecodeError` when it can be neither."""
_decode = msgspec.json.Decoder(list[Record] | Record).decode
_keys = msgspec.json.Decoder(list[dict[str, msgspec.Raw]] | dict[str, msgspec.Raw]).decode


def from_json(payload: bytes) -> list[Record]:
    """The records of a pack in JSON (a single record without its list is forgiven); raises `DecodeError`."""
    try:
        pack = _decode(payload)
        if b"_" in payload and b'_"' in payload:  # the first look is ten times as fast, and mostly enough
            rows = _keys(payload)
            _must_understand(key for row in (rows if isinstance(rows, list) else [rows]) for key in row)
    except RecursionError:
        raise DecodeError("the pack is nested too deeply") from None
    except UnicodeDecodeError:
        raise DecodeError("the payload is not UTF-8 text") from None
    except msgspec.DecodeError as problem:
        raise DecodeError(f"the payload is no SenML pack in JSON: {problem}") from None
    return pack if isinstance(pack, list) else [pack]


def from_cbor(payload: bytes) -> list[Record]:
    """The records of a pack in CBOR; raises `DecodeError`. NaN and infinity are no value."""
    try:
        tree: object = cbor2.loads(payload, max_depth=_CBOR_DEPTH, strict_hashable_types=False)
        rows = [_named(row) for row in (tree if isinstance(tree, list) else [tree])]
        return msgspec.convert(rows, list[Record])
    except (cbor2.CBORError, msgspec.ValidationError, RecursionError, ValueError, TypeError) as problem:
        raise DecodeError(f"the payload is no SenML pack in CBOR: {problem}") from None


def resolve(pack: list[Record], received: int, place: Place) -> list[Reading]:
    """The readings of a pack that arrived at `received` (µs). Texts and data (`vs`, `vd`) are no readings.

    A sum (`s`) is a reading of its own, named ``….sum``, in the unit times seconds.
    """
    readings: list[Reading] = []
    add, earliest, latest = readings.append, _RELATIVE, _FURTHEST
    base = _Base()
    places: dict[str | None, tuple[str, str]] = {}
    time, unit, offset = base.time, base.unit, base.value
    last, when = None, None
    for r in pack:
        if r.bn is not None or r.bt is not None or r.bu is not None or r.bv is not UNSET or r.bs is not UNSET or r.bver:
            places = places if r.bn is None else {}
            base.take(r)
            time, unit, offset, last = base.time, base.unit, base.value, None
        value = r.v
        if value is None and r.vb is None and r.s is None:
            continue
        try:
            thing, name = places[r.n]
        except KeyError:
            thing, name = places[r.n] = place(base.name + (r.n or ""))
        if r.t != last:  # records that follow each other mostly have one time
            last = r.t
            seconds = time + last
            when = int(seconds * 1e6 + 0.5) if earliest <= seconds < latest else _relative(seconds, received)
        if value is None or offset or r.s is not None or r.grade is not None:
            readings.extend(base.unusual(r, thing, name, when))
        else:
            add(Reading(thing, name, value, when, r.u or unit))
    return readings


class _Base:
    """The base fields in force (RFC 8428 section 4.1)."""

    name = ""
    unit: str | None = None
    time = value = sum = 0.0

    def take(self, record: Record) -> None:
        """A record's base fields hold from it on."""
        if record.bver is not None and record.bver > VERSION:
            raise DecodeError(f"the pack is SenML version {record.bver}; this hub reads up to {VERSION}")
        self.name = self.name if record.bn is None else record.bn
        self.unit = self.unit if record.bu is None else record.bu
        self.time = self.time if record.bt is None else record.bt
        self.value = self.value if record.bv is UNSET else record.bv
        self.sum = self.sum if record.bs is UNSET else record.bs

    def unusual(self, record: Record, thing: str, name: str, when: int | None) -> Iterator[Reading]:
        """The readings of a record with a base value, a switch, a sum or a wish."""
        unit = record.u or self.unit
        wish = None if record.grade is None else Grade.read(record.grade)
        if record.v is not None:
            yield Reading(thing, name, _finite(record.v + self.value), when, unit, wish)
        elif record.vb is not None:
            yield Reading(thing, name, record.vb, when, None, wish)
        if record.s is not None:
            yield Reading(thing, f"{name}.sum", _finite(record.s + self.sum), when, f"{unit}.s" if unit else None, wish)


def _relative(seconds: float, received: int) -> int | None:
    """The instant (µs) of a time that is relative to the arrival."""
    if seconds == 0.0:
        return None
    if not -_RELATIVE < seconds < _RELATIVE:
        raise DecodeError("a time in the pack is not in seconds since 1970 (RFC 8428 section 4.5.3)")
    return received + round(seconds * 1e6)


def _finite(value: float) -> float:
    if not isfinite(value):
        raise DecodeError("a value and its base value add up to more than a number can hold")
    return value


def _must_understand(keys: Iterable[object]) -> None:
    """RFC 8428 section 4.4: a field whose name ends in _ must be understood or the pack refused."""
    if any(isinstance(key, str) and key.endswith("_") for key in keys):
        raise DecodeError("the pack holds a field ending in _ that this hub does not understand (RFC 8428 section 4.4)")


def _named(row: object) -> dict[str, object]:
    """One CBOR map with its fields named as in JSON."""
    if not isinstance(row, dict):
        raise DecodeError("the payload is no SenML pack in CBOR: a pack is a list of maps")
    _must_understand(row)
    return {_LABELS.get(key) or str(key): _plain(value) for key, value in row.items()}


def _plain(value: object) -> object:
    """CBOR's decimal fractions and bigfloats as floats (section 6 allows them); what is not finite as null."""
    if isinstance(value, Decimal | float):
        return float(value) if isfinite(value) else None
    return value
