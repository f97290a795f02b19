"""A whole registry from one database into another: from a file into PostgreSQL, or into a file for a backup.

Rule: the source is only read, in one view. The target was empty, gets everything in one transaction or nothing, and is
compared row by row before that is committed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct
from sqlalchemy import URL, Connection, Table, delete, func, insert, select, text

from hub.registry import tables as t
from hub.registry.database import Database
from hub.registry.engines import POSTGRESQL, RegistryUnavailable

Told = Callable[[str, int, int], None]
_AT_ONCE = 1000
_IN_USE = (t.used_ids, t.parties, t.journal, t.sources, t.looks)
"""A registry in which anything was done has a row in one of these."""


class Count(Struct, frozen=True):
    """Rows of all tables, and the sum of their hashes (64 bits): the same in whatever order they come."""

    rows: int = 0
    sum: int = 0

    def __add__(self, other: Count) -> Count:
        """Both together."""
        return Count(self.rows + other.rows, (self.sum + other.sum) % 2**64)


def move(source: Path | URL, target: Path | URL, told: Told) -> int:
    """Copy a registry into an empty one, which may have no tables yet; how many rows it has.

    Both are brought to this version's tables first, as a start of the hub would.

    Raises:
        RegistryUnavailable: one of them cannot be used, the target is not empty, or is not the same afterwards: then
            it is as it was.
    """
    old = Database(source)
    try:
        new = Database(target)
        try:
            return _move(old, new, told)
        finally:
            new.close()
    finally:
        old.close()


def copy(database: Database, to: Path) -> None:
    """Write all of a database into a file that is not there yet, as it is at this moment, durable on return."""
    if database.kind != POSTGRESQL:
        database.copy(to)
        return
    to.touch(mode=0o600, exist_ok=False)
    made = Database(to)
    try:
        _move(database, made, lambda *_: None)
        made.compact()
    finally:
        made.close()


def check_empty(target: Path | URL) -> None:
    """See that a registry can be moved there.

    Raises:
        RegistryUnavailable: it cannot be used, or is not empty.
    """
    new = Database(target)
    try:
        with new.read() as connection:
            _see_that_it_is_empty(connection)
    finally:
        new.close()


def _move(old: Database, new: Database, told: Told) -> int:
    with old.read() as source, new.write() as transaction:
        target = transaction.connection
        _see_that_it_is_empty(target)
        if old.kind == POSTGRESQL:  # it waits, and keeps its view, while what was written is compared
            source.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        target.execute(delete(t.state))
        whole = sum(source.execute(select(func.count()).select_from(table)).scalar_one() for table in _TABLES)
        read = Count()
        for table in _TABLES:
            for rows in _rows(source, table):
                target.execute(insert(table), rows)
                read += _count(rows)
                told("moving", read.rows, whole)
        found = sum((_count(rows) for table in _TABLES for rows in _rows(target, table)), Count())
        if found != read or read.rows != whole:
            raise RegistryUnavailable("the registry is not the same there: nothing was moved; report this, please")
        if new.kind == POSTGRESQL:
            _count_on(target)
        transaction.changed()
    return read.rows


_TABLES = t.metadata.sorted_tables
"""Each after those that it refers to."""


def _see_that_it_is_empty(target: Connection) -> None:
    for table in _IN_USE:
        if target.execute(select(table).limit(1)).first() is not None:
            raise RegistryUnavailable("there is a registry in that database already: name an empty one")


def _rows(connection: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    found = connection.execute(select(table).execution_options(yield_per=_AT_ONCE))
    for some in found.mappings().partitions():
        yield [{name: _plain(value) for name, value in row.items()} for row in some]


def _plain(value: object) -> object:
    """The value as both databases take it: PostgreSQL takes no text with U+0000."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _count(rows: list[dict[str, object]]) -> Count:
    marks = (hashlib.blake2b(repr(sorted(row.items())).encode(), digest_size=8).digest() for row in rows)
    return Count(len(rows), sum(int.from_bytes(mark) for mark in marks) % 2**64)


def _count_on(target: Connection) -> None:
    """Have the numbers that PostgreSQL draws go on behind those that are there."""
    for table in _TABLES:
        column = table.autoincrement_column
        if column is not None:
            last = target.execute(select(func.max(column))).scalar()
            sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            target.execute(
                text(f"SELECT setval({sequence}, :last, :used)"), {"last": last or 1, "used": last is not None}
            )
