"""The database below the registry: migrated, and given out in short transactions.

Rule: one writer at a time, readers never wait; a commit is on the disk when it returns. A database that a newer
Barrio wrote is not touched. What other processes may write to is asked for its numbers each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from sqlite3 import Error as SqliteError
from sqlite3 import OperationalError as SqliteBusy
from threading import Lock, local
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from hub.registry import tables as t
from hub.registry.engines import SQLITE, RegistryUnavailable, engines, is_locked, translated
from hub.registry.people import People, read_people

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = 300
"""Whoever starts while another process brings the tables to this version waits so long (seconds)."""


class Numbers(NamedTuple):
    """What only ever grows: with what is compiled, with what devices say of themselves, with what is published."""

    revision: int
    heard: int
    published: int


class Transaction:
    """An open write transaction: its `connection`, and whether it `changed` what is compiled from the registry."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._raised: set[str] = set()
        self._before: Numbers | None = None
        self._people: People | None = None

    @property
    def people(self) -> People:
        """Who belongs together, as this transaction sees it; read once, until `people_changed`."""
        if self._people is None:
            self._people = read_people(self.connection)
        return self._people

    def people_changed(self) -> None:
        """Say that parties, households, guardians, dwellings or vouchers have changed."""
        self._people = None
        self.changed()

    def changed(self) -> None:
        """Say that holdings or series have to be compiled again: the revision will rise with the commit."""
        self._raised.add("revision")

    def announced(self) -> None:
        """Say that a device has said something new of itself."""
        self._raised.add("heard")

    def published(self) -> None:
        """Say that something was published."""
        self._raised.add("published")

    @property
    def changes(self) -> bool:
        """Whether any of the numbers will rise."""
        return bool(self._raised)

    def raised(self) -> Numbers:
        """Raise the numbers of what was said to have changed; all of them as they will be with the commit."""
        if self._before is None:
            self._before = read_numbers(self.connection)
        numbers = self._before._replace(**{name: getattr(self._before, name) + 1 for name in self._raised})
        if self._raised:  # written anew each time: a part that was taken back may have taken it along
            self.connection.execute(update(t.state).values(numbers._asdict()))
        return numbers


class Database:
    """A file of SQLite that is this process's alone, or an URL that several share, with the tables of this version."""

    def __init__(self, where: str | Path | URL) -> None:
        """Open and migrate; `where` is a file, or the URL of an SQLite or PostgreSQL that others write to as well.

        Raises:
            RegistryUnavailable: it cannot be opened, or a newer Barrio wrote it.
        """
        self.shared = not isinstance(where, Path)
        self._engines = engines(where)
        self._lock = Lock()
        self._local = local()
        try:
            with translated():
                _migrate(self._engines.write)
                self._numbers = self._asked()
        except BaseException:
            self._engines.close()
            raise

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engines.kind

    @property
    def numbers(self) -> Numbers:
        """The numbers as they are now: asked for where another process may have written, else remembered."""
        return self._asked() if self.shared else self._numbers

    @property
    def revision(self) -> int:
        """The first of them: it rises with every transaction that changes what is compiled."""
        return self.numbers.revision

    def refresh(self) -> int:
        """Look whether another process has written to a file after all; the revision."""
        self._numbers = self._asked()
        return self._numbers.revision

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; within an open transaction of the same thread it sees what that has written."""
        mine = self._mine()
        if mine is not None:
            with translated():
                yield mine.connection
            return
        with translated(), self._engines.read.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction, all or nothing; within another of the same thread it is a part of that one."""
        mine = self._mine()
        if mine is not None:
            with translated(), mine.connection.begin_nested():
                yield mine
            return
        with self._lock, translated():
            with self._engines.write.begin() as connection:
                self._local.open = mine = Transaction(connection)
                try:
                    yield mine
                    numbers = mine.raised() if mine.changes else self._numbers
                finally:
                    self._local.open = None
            self._numbers = numbers

    def within(self) -> bool:
        """Whether this thread has a transaction open."""
        return self._mine() is not None

    def compact(self) -> bool:
        """Write the files anew, so that they hold nothing of what was deleted, and empty SQLite's log.

        False when that cannot be done now because somebody reads in the old ones. What PostgreSQL has in its own log
        and its backups is its operator's business.
        """
        if self.kind != SQLITE:
            return self._vacuum()
        with self._lock, translated(), closing(self._engines.write.raw_connection()) as raw:
            try:
                raw.cursor().execute("VACUUM").close()
                busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except SqliteBusy:
                return False
            return not busy

    def _vacuum(self) -> bool:
        names = ", ".join(table.name for table in t.ERASED_FROM)
        with translated(), self._engines.ask.connect() as connection:
            try:
                connection.exec_driver_sql(f"VACUUM (FULL) {names}")
            except OperationalError as error:
                if is_locked(error):
                    return False
                raise
        return True

    def copy(self, to: Path) -> None:
        """Write a copy of SQLite's file as it is at this moment, durable on return; writing and reading go on.

        Raises:
            RegistryUnavailable: it cannot be written, or the registry is another database's.
        """
        if self._engines.kind != SQLITE:
            raise RegistryUnavailable("the registry is in a database of its own: let that one make its backups")
        to.touch(mode=0o600, exist_ok=False)
        with translated(), closing(self._engines.write.raw_connection()) as raw:
            try:
                raw.cursor().execute("VACUUM INTO ?", (str(to),)).close()
            except SqliteError as error:
                raise RegistryUnavailable(f"{to}: the registry cannot be copied there ({error})") from error
        with to.open("rb+") as made:
            os.fsync(made.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._engines.close()

    def _mine(self) -> Transaction | None:
        return getattr(self._local, "open", None)

    def _asked(self) -> Numbers:
        with translated():
            try:
                return self._ask()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return self._ask()  # the server was away meanwhile; every old connection has been let go

    def _ask(self) -> Numbers:
        with self._engines.ask.connect() as connection:
            return read_numbers(connection)


def known_versions() -> frozenset[str]:
    """The versions of the tables that this program knows what to do with."""
    return _versions().known


def read_numbers(connection: Connection) -> Numbers:
    """The numbers as this view has them."""
    c = t.state.c
    return Numbers(*map(int, connection.execute(select(c.revision, c.heard, c.published)).one()))


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    versions = _versions()
    with engine.execution_options(patience=_MIGRATING).begin() as connection:
        present = frozenset(MigrationContext.configure(connection).get_current_heads())
        if not present <= versions.known:
            raise RegistryUnavailable("a newer Barrio wrote this registry: start that version, or restore a backup")
        if present == versions.heads:
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


class _Versions(NamedTuple):
    known: frozenset[str]
    heads: frozenset[str]


@cache
def _versions() -> _Versions:
    """What this program's migrations lead to: they do not change while it runs."""
    script = ScriptDirectory(str(MIGRATIONS))
    return _Versions(frozenset(r.revision for r in script.walk_revisions()), frozenset(script.get_heads()))
