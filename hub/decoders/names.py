"""Names that things and properties may have.

Rule: 1 to 128 printable characters, no MQTT wildcard: a name stands in topics, pages and files later.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from hub.core.reading import DecodeError

LONGEST = 128
_LONGEST_TEXT = 1000
_MOST_KEYS = 16_384


def is_name(name: str) -> bool:
    """Whether this may be the name of a thing or a property."""
    return len(name) <= LONGEST and _is_name(name)


@lru_cache(maxsize=65_536)
def _is_name(name: str) -> bool:
    """Remembered, for short names only: what is remembered must not grow with what is sent."""
    return bool(name) and name.isprintable() and "+" not in name and "#" not in name and not name.isspace()


def matcher(words: re.Pattern[str]) -> Callable[[str], bool]:
    """Whether a key matches as a whole, remembered; what is too long to be a name matches everything."""
    known: dict[str, bool] = {}

    def matches(key: str) -> bool:
        found = known.get(key)
        if found is None:
            found = len(key) > LONGEST or words.fullmatch(key) is not None
            if len(known) >= _MOST_KEYS:
                known.clear()
            if len(key) <= LONGEST:
                known[key] = found
        return found

    return matches


def thing_name(name: str) -> str:
    """The name, if a thing may have it; else `DecodeError`."""
    if not is_name(name):
        raise DecodeError(
            f"the thing's name is empty, longer than {LONGEST} characters or holds + # or control characters"
        )
    return name


def text(value: object) -> str | None:
    """A device's text about itself for a person to read: printable, cut at 1000 characters; None when it is none."""
    if not isinstance(value, str):
        return None
    cut = value[:_LONGEST_TEXT]
    return (cut if cut.isprintable() else "".join(c for c in cut if c.isprintable())).strip() or None
