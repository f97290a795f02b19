"""What counts as a value: numbers, numbers written as text, and switches.

Rule: a value is a finite number or there is none. Text never becomes a number by accident: "3,01" is 3.01 or nothing
(never 301), an address of digits stays an address, and NaN, infinities and integers too big for a float are no value.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite

_SWITCH = {"on": True, "off": False, "true": True, "false": False}
_PLAIN = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})(?:\.\d+)?", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d\.\d+[eE][+-]?\d{1,3}", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:0|[1-9]\d{0,14}),(?:\d{1,2}|\d{4,})", re.ASCII)  # "1,234" could be either: no value
_LONGEST = 64
NO_VALUE = frozenset(
    {"", "nan", "-nan", "inf", "-inf", "null", "none", "unavailable", "unknown", "n/a", "na", "-", "--"}
)
"""Words (lower case) by which devices say that a sensor did not answer."""


def number(value: object) -> float | None:
    """The finite number that a decoded field holds, or None.

    Booleans and the words ON, OFF, true and false are switches: they come back as True and False, which are 1.0 and
    0.0 wherever a number is asked for. Numbers as text are read by `number_from_text`.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return _as_float(value)
    return number_from_text(value) if isinstance(value, str) else None


def number_from_text(text: str) -> float | None:
    """The number or switch that a text is, blanks around it aside, or None.

    A decimal comma is read when it cannot be a thousands separator; leading zeros, hexadecimal, digit groups and
    numbers followed by a unit are text.
    """
    if len(text) > _LONGEST:
        return None
    word = text.strip()
    if _PLAIN.fullmatch(word) or _EXPONENT.fullmatch(word):
        found = float(word)
    elif _COMMA.fullmatch(word):
        found = float(word.replace(",", "."))
    else:
        return _SWITCH.get(word.lower())
    return found if isfinite(found) else None


def says_no_value(text: str) -> bool:
    """Whether a text is a device's way of saying "no value" (as opposed to a text that is simply not a number)."""
    return text.strip().lower() in NO_VALUE


def _as_float(value: int | Decimal) -> float | None:
    try:
        found = float(value)
    except (OverflowError, ValueError):
        return None
    return found if isfinite(found) else None
