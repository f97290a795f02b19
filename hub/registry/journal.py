"""What was done, in words: the diary that owners and the operator read.

Rule: it says who did what to what, never a value that was measured.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, insert, or_, select

from hub.registry import tables as t


class Entry(Struct, frozen=True):
    """Something done `at` a time (µs): `who` did it (None: the operator), `about` the party whom it concerns."""

    at: int
    who: int | None
    about: int | None
    what: str


def write(connection: Connection, at: int, who: int | None, about: int | None, what: str) -> None:
    """Add an entry."""
    connection.execute(insert(t.journal).values(at=at, who=who, about=about, what=what))


def last(connection: Connection, begins: str) -> int | None:
    """When (µs) the operator last did something whose words begin so; None: never, as far as the diary goes back."""
    c = t.journal.c
    mine = c.who.is_(None) & c.about.is_(None) & c.what.startswith(begins, autoescape=True)
    return connection.execute(select(c.at).where(mine).order_by(c.id.desc()).limit(1)).scalar()


def read(connection: Connection, party: int | None, limit: int) -> list[Entry]:
    """The newest entries first: all, or those that a party wrote or that concern it."""
    c = t.journal.c
    query = select(c.at, c.who, c.about, c.what).order_by(c.id.desc()).limit(limit)
    if party is not None:
        query = query.where(or_(c.who == party, c.about == party))
    return [Entry(*row) for row in connection.execute(query)]
