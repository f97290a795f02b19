"""What things announce about themselves: kept per credential, shared with the decoders as it is.

Rule: an announcement names and describes, and a place outdoors may be announced; it never raises a grade, and what an
owner has said about a thing is his.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, and_, delete, insert, or_, select

from hub.core.reading import Announcement, Heard, Place
from hub.registry import tables as t

Fresh = dict[Place, Announcement]
"""Announcements that say something new: (thing, property) → the last."""

MOST = 20_000
"""So many announcements are kept under one credential; what comes after is passed over."""
LONGEST_NAME = 200
"""Characters of a thing's or a value's name: what stands in an index, which PostgreSQL bounds to 2,704 bytes a row."""
_LONGEST = 500


def news(live: Heard, announcements: Iterable[Announcement]) -> Fresh:
    """Those that say something new and can be kept; the first signing key of a thing stays."""
    fresh: Fresh = {}
    for a in announcements:
        where = (a.thing, a.property)
        known = fresh.get(where) or live.get(where)
        if known is not None and known.signing_key is not None:
            a = replace(a, signing_key=known.signing_key)  # noqa: PLW2901 - the same announcement, but for its key
        room = where in live or len(live) + len(fresh) < MOST
        if live.get(where) != a and room and _storable(a):
            fresh[where] = a
    return fresh


def read_heard(connection: Connection, credential: int) -> Heard:
    """What was announced under a credential, from the database."""
    c = t.heard.c
    query = select(*(c[word] for word in Announcement.__struct_fields__))
    return Heard(Announcement(*row) for row in connection.execute(query.where(c.credential == credential)))


def write_heard(connection: Connection, credential: int, fresh: Fresh, withdrawn: Iterable[Place] = ()) -> None:
    """Write the last of each down; what was withdrawn goes."""
    c = t.heard.c
    for part in _parts(list({*fresh, *withdrawn})):
        these = or_(*(and_(c.thing == thing, c.property == named) for thing, named in part))
        connection.execute(delete(t.heard).where(c.credential == credential, these))
        rows = [asdict(fresh[where]) | {"credential": credential} for where in part if where in fresh]
        if rows:
            connection.execute(insert(t.heard), rows)


def _parts(keys: list[Place], size: int = 200) -> Iterable[list[Place]]:
    return (keys[i : i + size] for i in range(0, len(keys), size))


def _storable(a: Announcement) -> bool:
    """Text that a database takes, of a length that somebody would read; longer names never become a thing's."""
    words = (a.thing, a.property, a.name, a.unit, a.kind, a.exposure, a.description, a.topic, a.pointer, a.source)
    names = len(a.thing) <= LONGEST_NAME and len(a.property) <= LONGEST_NAME
    return names and all(w is None or (len(w) <= _LONGEST and storable(w)) for w in words)


def storable(text: str) -> bool:
    """Whether a text is without control characters and lone surrogates."""
    return not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in text)  # noqa: PLR2004  (code points)
