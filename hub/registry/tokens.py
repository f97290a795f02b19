"""The tokens that are open: for devices that are to join, and for things that are to be another's.

Rule: what is told of a token never opens anything: its number, what and whose it is for, and until when.
"""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import select

from hub.registry import tables as t
from hub.registry.database import Database


class Awaited(Struct, frozen=True):
    """A device that is to join as a `thing` or a `gateway`; `asked`: how often its token has given out a password."""

    enrolment: int
    party: int
    kind: str
    name: str
    expires: int
    asked: int


class Offered(Struct, frozen=True):
    """A thing that is to be another's: `taker`'s, or whoever's has the token."""

    thing: int
    giver: int
    taker: int | None
    expires: int


class Tokens:
    """The open tokens of a registry. Its methods block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def awaited(self, now: int) -> list[Awaited]:
        """Devices that may still join at `now` (µs), the oldest token first."""
        e = t.enrolments.c
        query = select(e.id, e.party, e.kind, e.wire, e.expires, e.asked).where(e.expires > now)
        with self._database.read() as connection:
            return [Awaited(*row) for row in connection.execute(query.order_by(e.since, e.id))]

    def offered(self, now: int) -> list[Offered]:
        """Things that may still be taken at `now` (µs), the oldest token first."""
        v = t.handovers.c
        query = select(v.thing, v.giver, v.taker, v.expires).where(v.expires > now)
        with self._database.read() as connection:
            return [Offered(*row) for row in connection.execute(query.order_by(v.since, v.thing))]
