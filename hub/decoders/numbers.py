"""What counts as a value: numbers, numbers written as text, and switches.

Rule: a value is a finite number or there is none. Text never becomes a number by accident: "3,01" is 3.01 or nothing
(never 301), an address of digits stays an address, and NaN, infinities and integers too big for a float are no value.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite
from struct import Struct

_SWITCH = {"on": True, "off": False, "true": True, "false": False}
_is_plain = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})(?:\.\d{1,40})?", re.ASCII).fullmatch
_EXPONENT = re.compile(r"[+-]?\d\.\d+[eE][+-]?\d{1,3}", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:0|[1-9]\d{0,14}),(?:\d{1,2}|\d{4,})", re.ASCII)  # "1,234" could be either: no value
_BEGINS = frozenset("+-0123456789")
_LONGEST = 64
_LARGEST = 3.4e38
_SHORT = ("%.6g", "%.7g", "%.8g")
_bits = Struct("<f").pack
NO_VALUE = frozenset(
    {"", "nan", "-nan", "inf", "-inf", "null", "none", "unavailable", "unknown", "n/a", "na", "-", "--"}
)
"""Words (lower case) by which devices say that a sensor did not answer."""


def number(value: object) -> float | None:
    """The finite number that a decoded field holds, or None.

    Booleans and the words ON, OFF, true and false are switches: they come back as True and False, which are 1.0 and
    0.0 wherever a number is asked for. Numbers as text are read by `number_from_text`.
    """
    kind = type(value)  # exact types: this is asked of every field of every message
    if kind is float:
        return value if isfinite(value) else None  # type: ignore[arg-type, return-value]  # a float
    if kind is int:
        return _as_float(value)  # type: ignore[arg-type]  # an int
    if kind is str:
        return number_from_text(value)  # type: ignore[arg-type]  # a str
    if kind is bool:
        return value  # type: ignore[return-value]  # a bool
    return _as_float(value) if isinstance(value, Decimal | float | int) else None


def number_from_text(text: str) -> float | None:
    """The number or switch that a text is, blanks around it aside, or None.

    A decimal comma is read when it cannot be a thousands separator; leading zeros, hexadecimal, digit groups and
    numbers followed by a unit are text.
    """
    if _is_plain(text):  # as nearly all are written
        return float(text)
    if len(text) > _LONGEST:
        return None
    word = text.strip()
    if word[:1] not in _BEGINS:
        return _SWITCH.get(word.lower())
    if _is_plain(word) or _EXPONENT.fullmatch(word):
        found = float(word)
    elif _COMMA.fullmatch(word):
        found = float(word.replace(",", "."))
    else:
        return None
    return found if isfinite(found) else None


def says_no_value(text: str) -> bool:
    """Whether a text is a device's way of saying "no value" (as opposed to a text that is simply not a number)."""
    return text.strip().lower() in NO_VALUE


def shortest(value: float) -> float | None:
    """The shortest decimal number that is this 32-bit float: 12.3, not 12.300000190734863; None if it is not finite."""
    if not isfinite(value) or abs(value) > _LARGEST:
        return None
    bits = _bits(value)
    for written in _SHORT:
        short = float(written % value)
        if _bits(short) == bits:
            return short
    return value


def _as_float(value: float | Decimal) -> float | None:
    try:
        found = float(value)
    except (OverflowError, ValueError):
        return None
    return found if isfinite(found) else None
