"""JSON as devices send it: mostly right, sometimes nearly.

Rule: what is not JSON is refused in words, with one mercy: a bare `nan`, `inf` or a number too big for a float
counts as null, so that one broken sensor does not silence the others in its message.
"""

from __future__ import annotations

import json
import re

import msgspec

from hub.core.reading import DecodeError
from hub.decoders.names import LONGEST

_BOM = b"\xef\xbb\xbf"
_FOREIGN = (
    (b"\xff\xfe", "it is UTF-16; send UTF-8"),
    (b"\xfe\xff", "it is UTF-16; send UTF-8"),
    (b"\x1f\x8b", "it is compressed (gzip); send it plain"),
    (b"\x28\xb5\x2f\xfd", "it is compressed (zstd); send it plain"),
    (b"\x00", "it is binary"),
)
_SUSPECT = frozenset(mark[:1] for mark, _ in _FOREIGN)
_BARE = re.compile(rb"(?<=[:,\[])(\s*)[+-]?(?:nan|inf(?:inity)?)(?=\s*[,}\]])", re.IGNORECASE)
_NESTED = (dict, list)
_decode = msgspec.json.Decoder().decode
DEEPEST = 12
MOST = 20_000
_SMALL = 2048
"""Bytes: in a longer message names of fields are looked at."""


def read_json(payload: bytes) -> object:
    """The JSON value in a payload (UTF-8, a BOM and trailing NULs forgiven); `DecodeError` says what is wrong.

    Of duplicate keys the last one wins (RFC 8259 leaves it open).
    """
    plain = clean(payload)
    try:
        return _decode(plain) if len(plain) <= _SMALL else _shortened(_decode(plain))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return _mended(plain, problem)


def parsed(plain: bytes) -> object:
    """The same for a payload that is `clean` already."""
    try:
        return _decode(plain) if len(plain) <= _SMALL else _shortened(_decode(plain))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return _mended(plain, problem)


def _mended(plain: bytes, problem: Exception) -> object:
    if isinstance(problem, RecursionError):
        raise DecodeError("the JSON is nested too deeply") from None
    return _shortened(_forgiving(plain, str(problem)))


def _shortened(tree: object) -> object:
    """Without the fields that have a longer name than any property may have: what decoders remember stays small."""
    waiting = [tree]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            for key in [key for key in inner if len(key) > LONGEST]:
                del inner[key]
            waiting += [value for value in inner.values() if isinstance(value, _NESTED)]
        elif isinstance(inner, list):
            waiting += [value for value in inner if isinstance(value, _NESTED)]
    return tree


def clean(payload: bytes) -> bytes:
    """The payload without a BOM and the NULs that C strings end with; `DecodeError` when it is plainly no text."""
    plain = payload.removeprefix(_BOM).rstrip(b"\x00")
    if plain[:1] not in _SUSPECT:
        return plain
    for mark, words in _FOREIGN:
        if plain.startswith(mark):
            raise DecodeError(f"the payload cannot be read: {words}")
    return plain


def first_sign(payload: bytes) -> bytes:
    """The first byte of what is written, beyond a BOM and blanks: by it JSON is told from bare values."""
    return payload.removeprefix(_BOM).lstrip()[:1]


def leaves(tree: object, path: str = "") -> list[tuple[str, str, object]]:
    """Every scalar under a JSON value as (dotted path, its last key, value); list items are ``name[0]``.

    A dot inside a key becomes an underscore, so that no two paths fall together. Deeper than `DEEPEST` is refused.
    """
    found: list[tuple[str, str, object]] = []
    _gather(tree, path, path.rsplit(".", 1)[-1], 0, found)
    return found


def _gather(tree: object, path: str, key: str, depth: int, found: list[tuple[str, str, object]]) -> None:
    if depth > DEEPEST:
        raise DecodeError(f"values are nested deeper than {DEEPEST} levels; send them flatter")
    if isinstance(tree, dict):
        for name, value in tree.items():
            plain = name.replace(".", "_") if "." in name else name
            below = f"{path}.{plain}" if path else plain
            if isinstance(value, _NESTED):
                _gather(value, below, name, depth + 1, found)
            else:
                found.append((below, name, value))
    elif isinstance(tree, list):
        if len(tree) > MOST:
            raise DecodeError(f"a list holds more than {MOST} values; send fewer in one message")
        for at, value in enumerate(tree):
            if isinstance(value, _NESTED):
                _gather(value, f"{path}[{at}]", key, depth + 1, found)
            else:
                found.append((f"{path}[{at}]", key, value))


def _forgiving(plain: bytes, problem: str) -> object:
    """Read again where only bare NaNs or numbers out of range can be the reason; refuse otherwise."""
    mended = _BARE.sub(rb"\1null", plain)
    try:
        return _decode(mended)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # not that: numbers out of range, or no JSON at all
    try:
        return json.loads(mended.decode(), parse_constant=lambda _: None, parse_float=float, parse_int=_integer)
    except RecursionError:
        raise DecodeError("the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise DecodeError("the payload is not UTF-8 text") from None
    except ValueError:
        raise DecodeError(f"the payload is not JSON ({problem.removeprefix('JSON is malformed: ')})") from None


def _integer(digits: str) -> float | int:
    """An integer; one too long to be a number of anything is infinite, that is, no value."""
    return int(digits) if len(digits) < 40 else float("inf")  # noqa: PLR2004 - far above 2**64
