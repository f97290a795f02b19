"""JSON as devices send it: mostly right, sometimes nearly.

Rule: what is not JSON is refused in words, with one mercy: a bare `nan`, `inf` or a number too big for a float
counts as null, so that one broken sensor does not silence the others in its message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

from hub.core.reading import DecodeError

_BOM = b"\xef\xbb\xbf"
_FOREIGN = (
    (b"\xff\xfe", "it is UTF-16; send UTF-8"),
    (b"\xfe\xff", "it is UTF-16; send UTF-8"),
    (b"\x1f\x8b", "it is compressed (gzip); send it plain"),
    (b"\x28\xb5\x2f\xfd", "it is compressed (zstd); send it plain"),
    (b"\x00", "it is binary"),
)
_BARE = re.compile(rb"(?<=[:,\[])(\s*)[+-]?(?:nan|inf(?:inity)?)(?=\s*[,}\]])", re.IGNORECASE)
_decode = msgspec.json.Decoder().decode
DEEPEST = 12
MOST = 20_000


def read_json(payload: bytes) -> object:
    """The JSON value in a payload (UTF-8, a BOM and trailing NULs forgiven); `DecodeError` says what is wrong.

    Of duplicate keys the last one wins (RFC 8259 leaves it open).
    """
    plain = clean(payload)
    try:
        return _decode(plain)
    except RecursionError:
        raise DecodeError("the JSON is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return _forgiving(plain, str(problem))


def clean(payload: bytes) -> bytes:
    """The payload without a BOM and the NULs that C strings end with; `DecodeError` when it is plainly no text."""
    plain = payload.removeprefix(_BOM).rstrip(b"\x00")
    for mark, words in _FOREIGN:
        if plain.startswith(mark):
            raise DecodeError(f"the payload cannot be read: {words}")
    return plain


def leaves(tree: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, str, object]]:
    """Every scalar under a JSON value as (dotted path, its last key, value); list items are ``name[0]``.

    A dot inside a key becomes an underscore, so that no two paths fall together. Deeper than `DEEPEST` is refused.
    """
    if depth > DEEPEST:
        raise DecodeError(f"values are nested deeper than {DEEPEST} levels; send them flatter")
    if isinstance(tree, dict):
        for key, value in tree.items():
            plain = str(key).replace(".", "_")
            yield from _under(value, f"{path}.{plain}" if path else plain, str(key), depth)
    elif isinstance(tree, list):
        if len(tree) > MOST:
            raise DecodeError(f"a list holds more than {MOST} values; send fewer in one message")
        for at, value in enumerate(tree):
            yield from _under(value, f"{path}[{at}]", path.rsplit(".", 1)[-1], depth)


def _under(value: object, path: str, key: str, depth: int) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, dict | list):
        yield from leaves(value, path, depth + 1)
    else:
        yield path, key, value


def _forgiving(plain: bytes, problem: str) -> object:
    """Read again where only bare NaNs or numbers out of range can be the reason; refuse otherwise."""
    try:
        text = _BARE.sub(rb"\1null", plain).decode()
        return json.loads(text, parse_constant=lambda _: None, parse_float=float, parse_int=_integer)
    except RecursionError:
        raise DecodeError("the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise DecodeError("the payload is not UTF-8 text") from None
    except ValueError:
        raise DecodeError(f"the payload is not JSON ({problem.removeprefix('JSON is malformed: ')})") from None


def _integer(digits: str) -> float | int:
    """An integer; one too long to be a number of anything is infinite, that is, no value."""
    return int(digits) if len(digits) < 40 else float("inf")  # noqa: PLR2004 - far above 2**64
