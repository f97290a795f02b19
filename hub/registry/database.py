"""The database below the registry: opened, migrated, and given out in short transactions.

Rule: one writer at a time, readers never wait; a commit is on the disk when it returns. A database that a newer
Barrio wrote is not touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from sqlite3 import OperationalError as SqliteBusy
from threading import Lock, local
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, update
from sqlalchemy.exc import SQLAlchemyError

from hub.core.query import StoreUnavailable
from hub.registry import tables as t
from hub.registry.people import People, read_people

MIGRATIONS = Path(__file__).parent / "migrations"


class RegistryUnavailable(StoreUnavailable):
    """The registry cannot be read or written now; nothing was half done. The text says what to do."""


class Transaction:
    """An open write transaction: its `connection`, and whether it `changed` what is compiled from the registry."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.changes = False
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
        self.changes = True


class Database:
    """SQLite (or another SQLAlchemy URL) with the tables of this version."""

    def __init__(self, where: str | Path) -> None:
        """Open and migrate.

        Raises:
            RegistryUnavailable: the file cannot be opened, or a newer Barrio wrote it.
        """
        self._engine = _engine(where)
        self._lock = Lock()
        self._local = local()
        with _translated():
            _migrate(self._engine)
            self.revision = self.read_revision()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; within an open transaction of the same thread it sees what that has written."""
        mine = self._mine()
        if mine is not None:
            with _translated():
                yield mine.connection
            return
        with _translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction, all or nothing; within another of the same thread it is a part of that one."""
        mine = self._mine()
        if mine is not None:
            with _translated(), mine.connection.begin_nested():
                yield mine
            return
        with self._lock, _translated():
            with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
                self._local.open = Transaction(connection)
                try:
                    yield self._local.open
                    revision = self._raise(self._local.open)
                finally:
                    self._local.open = None
            self.revision = revision

    def within(self) -> bool:
        """Whether this thread has a transaction open."""
        return self._mine() is not None

    def read_revision(self) -> int:
        """The revision as the database has it."""
        with self.read() as connection:
            return int(connection.execute(select(t.state.c.revision)).scalar_one())

    def compact(self) -> bool:
        """Write SQLite's file anew, so that it holds nothing of what was deleted, and empty its log.

        False when that cannot be done now because somebody reads in the old one. What another database does with what
        was deleted is its operator's business: True.
        """
        if self._engine.url.get_backend_name() != "sqlite":
            return True
        with self._lock, _translated(), closing(self._engine.raw_connection()) as raw:
            try:
                raw.cursor().execute("VACUUM").close()
                busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except SqliteBusy:
                return False
            return not busy

    def copy(self, to: Path) -> None:
        """Write a copy of SQLite's file as it is at this moment, durable on return; writing and reading go on.

        Raises:
            RegistryUnavailable: it cannot be written, or the registry is another database's.
        """
        if self._engine.url.get_backend_name() != "sqlite":
            raise RegistryUnavailable("the registry is in a database of its own: let that one make its backups")
        to.touch(mode=0o600, exist_ok=False)
        with _translated(), closing(self._engine.raw_connection()) as raw:
            try:
                raw.cursor().execute("VACUUM INTO ?", (str(to),)).close()
            except SqliteError as error:
                raise RegistryUnavailable(f"{to}: the registry cannot be copied there ({error})") from error
        with to.open("rb+") as made:
            os.fsync(made.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _mine(self) -> Transaction | None:
        return getattr(self._local, "open", None)

    def _raise(self, transaction: Transaction) -> int:
        if not transaction.changes:
            return self.revision
        transaction.connection.execute(update(t.state).values(revision=t.state.c.revision + 1))
        return int(transaction.connection.execute(select(t.state.c.revision)).scalar_one())


def known_versions() -> frozenset[str]:
    """The versions of the tables that this program knows what to do with."""
    return _versions().known


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise RegistryUnavailable(
            f"the registry cannot be used now ({reason}): see to the disk and its rights"
        ) from error


def _engine(where: str | Path) -> Engine:
    if isinstance(where, Path):
        try:
            where.touch(mode=0o600)
        except OSError as error:
            raise RegistryUnavailable(f"{where}: cannot be opened: {error.strerror}") from error
        where = f"sqlite:///{where}"
    url = make_url(where)
    engine = create_engine(url, pool_size=8, max_overflow=32)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: SqliteConnection, _record: object) -> None:
    # The driver's own BEGIN comes too late for a consistent view: see `_begin`.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    versions = _versions()
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
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
