"""How many readings of each datastream were marked, day by day; and by which door a thing comes in.

Rule: numbers and times, never a value; kept for eight days. They go with whatever is erased of their datastream.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import ColumnElement, delete, insert, select, tuple_

from hub.core.grade import DAY
from hub.core.record import Key, Tally
from hub.registry import tables as t
from hub.registry.database import Database

_CHUNK = 300
_FIELDS = Tally.__struct_fields__
_COLUMNS = [t.records.c[name] for name in _FIELDS]


class DoorOf(Struct, frozen=True):
    """By which credential a thing speaks: its `kind` is `thing`, `gateway` or `source`.

    `user` is the name to log in with, `certificate` that of a client certificate that does instead; `since` µs.
    `wire` is the thing's name in that topic space, `prefixes` where it is behind a broker that many share.
    """

    kind: str
    user: str
    certificate: str | None
    since: int
    closed: bool
    wire: str
    prefixes: tuple[str, ...] = ()


class Records:
    """The records of one registry. Its methods block; any thread may call them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, found: Mapping[Key, Tally]) -> None:
        """Add what was marked to what is noted, all or nothing, durable on return.

        What is of a datastream that is not there is let go. Raises `RegistryUnavailable`: nothing was noted.
        """
        keys = sorted(found)
        with self._database.write() as transaction:
            connection = transaction.connection
            for at in range(0, len(keys), _CHUNK):
                some = keys[at : at + _CHUNK]
                d = t.datastreams.c
                there = set(connection.execute(select(d.id).where(d.id.in_({key[0] for key in some}))).scalars())
                chosen = _are(some)
                rows = connection.execute(select(t.records.c.datastream, t.records.c.day, *_COLUMNS).where(chosen))
                before = {(row[0], row[1]): Tally(*row[2:]) for row in rows}
                connection.execute(delete(t.records).where(chosen))
                made = [_row(key, found[key].plus(before.get(key, Tally()))) for key in some if key[0] in there]
                if made:
                    connection.execute(insert(t.records), made)

    def of(self, datastreams: Collection[int], since: int) -> dict[int, dict[int, Tally]]:
        """What was noted of these on the days (since 1970) from that of `since` (µs) on: by datastream and day."""
        r = t.records.c
        query = select(r.datastream, r.day, *_COLUMNS).where(r.datastream.in_(datastreams), r.day >= since // DAY)
        found: dict[int, dict[int, Tally]] = defaultdict(dict)
        with self._database.read() as connection:
            for datastream, day, *numbers in connection.execute(query):
                found[datastream][day] = Tally(*numbers)
        return found

    def door(self, thing: int) -> DoorOf | None:
        """By which credential a thing comes in; None when there is no such thing."""
        h, c, p = t.things.c, t.credentials.c, t.prefixes.c
        query = select(c.id, c.kind, c.user, c.certificate, c.since, c.closed, h.wire)
        with self._database.read() as connection:
            row = connection.execute(query.join(t.things, h.credential == c.id).where(h.id == thing)).first()
            if row is None:
                return None
            under = connection.execute(select(p.prefix).where(p.credential == row.id).order_by(p.prefix)).scalars()
            prefixes = tuple(under)
        return DoorOf(row.kind, row.user, row.certificate, row.since, row.closed is not None, row.wire, prefixes)


def _are(keys: Collection[Key]) -> ColumnElement[bool]:
    return tuple_(t.records.c.datastream, t.records.c.day).in_(keys)


def _row(key: Key, tally: Tally) -> dict[str, int]:
    return {"datastream": key[0], "day": key[1], **dict(zip(_FIELDS, astuple(tally), strict=True))}
