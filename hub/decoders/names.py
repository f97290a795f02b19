"""Names that things and properties may have.

Rule: 1 to 128 printable characters, no MQTT wildcard: a name stands in topics, pages and files later.
"""

from __future__ import annotations

from functools import lru_cache

from hub.core.reading import DecodeError

LONGEST = 128
_LONGEST_TEXT = 1000


@lru_cache(maxsize=65_536)
def is_name(name: str) -> bool:
    """Whether this may be the name of a thing or a property."""
    return (
        0 < len(name) <= LONGEST and name.isprintable() and "+" not in name and "#" not in name and not name.isspace()
    )


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
    return "".join(c for c in value[:_LONGEST_TEXT] if c.isprintable()).strip() or None
