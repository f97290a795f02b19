"""What things announce about themselves: kept per credential, shared with the decoders as it is.

Rule: an announcement names and describes, and a place outdoors may be announced; it never raises a grade, and what an
owner has said about a thing is his.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace
from sqlalchemy import Connection, and_, delete, insert, or_, select

from hub.core.reading import Announcement
from hub.registry import tables as t

Live = dict[tuple[str, str], Announcement]
"""One credential's announcements: (thing, property) → the last."""

MOST = 20_000
"""So many announcements are kept under one credential; what comes after is passed over."""
LONGEST_NAME = 200
"""Characters of a thing's or a value's name: what stands in an index, which PostgreSQL bounds to 2,704 bytes a row."""
_LONGEST = 500


def news(live: Live, announcements: Iterable[Announcement]) -> Live:
    """Those that say something new and can be kept; the first signing key of a thing stays."""
    fresh: Live = {}
    for a in announcements:
        where = (a.thing, a.property)
        known = fresh.get(where) or live.get(where)
        if known is not None and known.signing_key is not None:
            a = replace(a, signing_key=known.signing_key)  # noqa: PLW2901 - the same announcement, but for its key
        room = where in live or len(live) + len(fresh) < MOST
        if live.get(where) != a and room and _storable(a):
            fresh[where] = a
    return fresh


def read_heard(connection: Connection, credential: int) -> Live:
    """What was announced under a credential, from the database."""
    c = t.heard.c
    query = select(c.thing, c.property, c.name, c.unit, c.kind, c.exposure, c.description, c.signing_key)
    rows = connection.execute(query.where(c.credential == credential))
    return {(row[0], row[1]): Announcement(*row) for row in rows}


def write_heard(connection: Connection, credential: int, announcements: Live) -> None:
    """Write the last of each down."""
    c = t.heard.c
    for part in _parts(list(announcements)):
        these = or_(*(and_(c.thing == thing, c.property == named) for thing, named in part))
        connection.execute(delete(t.heard).where(c.credential == credential, these))
        rows = [announcements[where] for where in part]
        connection.execute(insert(t.heard), [
            {"credential": credential, "thing": a.thing, "property": a.property, "name": a.name, "unit": a.unit,
             "kind": a.kind, "exposure": a.exposure, "description": a.description, "signing_key": a.signing_key}
            for a in rows
        ])  # fmt: skip


def _parts(keys: list[tuple[str, str]], size: int = 200) -> Iterable[list[tuple[str, str]]]:
    return (keys[i : i + size] for i in range(0, len(keys), size))


def _storable(a: Announcement) -> bool:
    """Text that a database takes, of a length that somebody would read; longer names never become a thing's."""
    words = (a.thing, a.property, a.name, a.unit, a.kind, a.exposure, a.description)
    names = len(a.thing) <= LONGEST_NAME and len(a.property) <= LONGEST_NAME
    return names and all(w is None or (len(w) <= _LONGEST and storable(w)) for w in words)


def storable(text: str) -> bool:
    """Whether a text is without control characters and lone surrogates."""
    return not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in text)  # noqa: PLR2004  (code points)
