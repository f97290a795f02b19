"""Who looked, as it is written and as owners read it.

Rule: an entry is on the disk when `write` returns, and what could not be written is an error: whoever reads for
somebody writes first. Only a commitment goes into the tree (`hub.registry.tree`), so an entry can be erased.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet

from msgspec import DecodeError
from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, insert, select

from hub.core import log
from hub.core.look import Entry, Look, body
from hub.core.look import entry as entry_of
from hub.core.looked import Told
from hub.registry import tables as t
from hub.registry.database import Database

_SALT_BYTES = 16
_CHUNK = 500
_REGIONS_LOOKED_THROUGH = 2_000


class Looks:
    """The looks that one registry keeps. Its methods block; any thread may call them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[int | None, int] = {}

    def write(self, looks: Sequence[Look]) -> None:
        """Write looks, all or none, durable on return.

        Raises:
            RegistryUnavailable: nothing was written; what was read must not be shown.
        """
        if not looks:
            return
        salts = secrets.token_bytes(_SALT_BYTES * len(looks))
        fresh = self._database.shared or self._database.within()
        try:
            with self._database.write() as transaction:
                connection = transaction.connection
                numbers = self._last_numbers(connection, {look.owner for look in looks}, fresh=fresh)
                first = (connection.execute(select(func.max(t.looks.c.id))).scalar() or 0) + 1
                leaves: list[tuple[object, ...]] = []
                entries: list[tuple[object, ...]] = []
                for n, look in enumerate(looks):
                    numbers[look.owner] = number = numbers[look.owner] + 1
                    salt, told = salts[n * _SALT_BYTES : (n + 1) * _SALT_BYTES], body(look, number)
                    leaves.append((first + n, look.entry.at, log.commitment(salt, told)))
                    entries.append((first + n, look.owner, number, salt, told.decode()))
                _insert(connection, t.looks, ("id", "at", "leaf"), leaves)
                _insert(connection, t.look_entries, ("look", "owner", "number", "salt", "body"), entries)
        except BaseException:
            self._numbers = {}
            raise

    def read(self, owners: Collection[int], newest: int = 200) -> list[Told]:
        """The newest looks at what these own, the newest first."""
        with self._database.read() as connection:
            return _told(connection, t.look_entries.c.owner.in_(owners), newest)

    def at_regions(self, around: AbstractSet[tuple[str, str]], newest: int = 200) -> list[Told]:
        """The newest looks at averages of any of these (property, region), the newest first."""
        with self._database.read() as connection:
            told = _told(connection, t.look_entries.c.owner.is_(None), _REGIONS_LOOKED_THROUGH)
        return [one for one in told if one.entry is not None and _is_of(one.entry, around)][:newest]

    def erase(self, owners: Collection[int]) -> int:
        """Erase all entries of these owners; how many there were. The tree stays as it is."""
        return self._delete(t.look_entries.c.owner.in_(owners))

    def forget(self, before: int) -> int:
        """Erase what is older than a moment (µs), whosever it is; how many entries. The tree stays as it is."""
        old = select(t.looks.c.id).where(t.looks.c.at < before)
        return self._delete(t.look_entries.c.look.in_(old))

    def oldest(self) -> int | None:
        """When (µs) the oldest look was of which there still is an entry; None without any."""
        query = select(func.min(t.looks.c.at)).join(t.look_entries, t.look_entries.c.look == t.looks.c.id)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else int(found)

    def _last_numbers(
        self, connection: Connection, owners: Collection[int | None], *, fresh: bool
    ) -> dict[int | None, int]:
        """The number of the last entry of each of these owners, to be counted on; only a writer asks.

        They are remembered, unless others write too, or what is around the writer may still be taken back (`fresh`).
        """
        numbers = {} if fresh else self._numbers
        if fresh:
            self._numbers = {}
        c = t.look_entries.c
        query = select(c.owner, func.max(c.number)).group_by(c.owner)
        unknown = [o for o in owners if o not in numbers]
        numbers.update(dict.fromkeys(unknown, 0))
        for some in _chunks([o for o in unknown if o is not None]):
            numbers.update((row[0], int(row[1])) for row in connection.execute(query.where(c.owner.in_(some))))
        if None in unknown:
            numbers.update((row[0], int(row[1])) for row in connection.execute(query.where(c.owner.is_(None))))
        return numbers

    def _delete(self, which: ColumnElement[bool]) -> int:
        with self._database.write() as transaction:
            done = transaction.connection.execute(delete(t.look_entries).where(which))
            return int(done.rowcount)


def _insert(connection: Connection, table: Table, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Add plain values as the driver takes them: SQLAlchemy's handling of each would cost more than all the rest."""
    compiled = insert(table).values({name: bindparam(name) for name in columns}).compile(dialect=connection.dialect)
    if tuple(compiled.positiontup or ()) == columns:
        connection.exec_driver_sql(str(compiled), rows)
    else:
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])


def _chunks(owners: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(owners), _CHUNK):
        yield owners[at : at + _CHUNK]


def _told(connection: Connection, which: ColumnElement[bool], newest: int) -> list[Told]:
    e, k = t.look_entries.c, t.looks.c
    query = select(e.look, e.owner, e.salt, e.body, k.leaf, k.batch).join(t.looks, e.look == k.id)
    rows = connection.execute(query.where(which).order_by(e.look.desc()).limit(newest))
    told = []
    for row in rows:
        sound = log.commitment(row.salt, row.body.encode()) == row.leaf
        told.append(Told(row.look, row.owner, _read(row.body), sound, row.batch is not None))
    return told


def _is_of(entry: Entry, around: AbstractSet[tuple[str, str]]) -> bool:
    return any((entry.observed, region) in around for region in entry.regions)


def _read(written: str) -> Entry | None:
    try:
        return entry_of(written)
    except DecodeError:
        return None
