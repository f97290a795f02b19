"""How the two databases are opened, and what their errors mean.

Rule: SQLite or PostgreSQL, a reader has one consistent view, a writer is alone, and a commit is on the disk when it
returns. Every error becomes one line that says what to do, without a value.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hub.core.query import StoreUnavailable

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_WRITER = int.from_bytes(b"barrio")
"""The number of the lock (within one database) that whoever writes holds until the end of the transaction."""
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "secure_delete=ON")
_SESSION = (
    "SELECT set_config('lock_timeout', '5s', false), set_config('idle_in_transaction_session_timeout', '60s', false), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, false), current_setting('server_encoding')"
)
_CONNECTING = {
    "connect_timeout": 5, "application_name": "barrio", "keepalives_idle": 10, "keepalives_interval": 3,
    "keepalives_count": 3, "tcp_user_timeout": 10_000,
}  # fmt: skip
"""What libpq is told: a server that says nothing is away within seconds."""
_OWNER = "let the user of registry.url own its database: ALTER DATABASE … OWNER TO …"
_SERVER = "start the database server, and see registry.url in barrio.toml"
_PASSWORD = "see the user in registry.url, and registry.password_file"  # noqa: S105 - a word, not a password
_MAKE = "make it: createdb --encoding=UTF8 --template=template0 --owner=…, and see registry.url"
_LOCKED = "55P03"
_STATES = {
    "25006": "that server only reads: name the one that writes in registry.url",
    "28000": _PASSWORD,
    "28P01": _PASSWORD,
    "3D000": _MAKE,
    "42501": _OWNER,
    "53100": "make room on the database's disk",
    "53300": "let the database take more connections (max_connections), about twenty for each process of the hub",
    _LOCKED: "another process writes for long: it is tried again",
    "57P01": _SERVER,
    "57P02": _SERVER,
    "57P03": "the database server is starting or stopping: it is tried again",
}
"""PostgreSQL's error codes (its manual, appendix A), and what to do."""
_SAID = (
    (re.compile(r"(password|peer|ident|trust|no pg_hba|role \".*\" does not exist|no password)"), _PASSWORD),
    (re.compile(r"database \".*\" does not exist"), _MAKE),
    (re.compile(r"permission denied for database"), _OWNER),
    (re.compile(r"(too many clients|remaining connection slots)"), _STATES["53300"]),
    (re.compile(r"(starting up|shutting down|in recovery)"), _STATES["57P03"]),
    (re.compile(r"(connection|could not translate|resolve|timeout|timed out)"), _SERVER),
)
"""While a connection is made the server says no code: how its words begin to be understood."""


class RegistryUnavailable(StoreUnavailable):
    """The registry cannot be read or written now; nothing was half done. The text says what to do."""


class Engines(NamedTuple):
    """Connections for three uses: to `read` in one view, to `write` alone, to `ask` one thing as it is now."""

    read: Engine
    write: Engine
    ask: Engine

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.read.url.get_backend_name()

    def close(self) -> None:
        """Let go of all connections."""
        self.read.dispose()
        self.ask.dispose()


def engines(where: str | Path | URL) -> Engines:
    """Connections to a file of SQLite, made if it is not there, or to the database of an URL.

    Raises:
        RegistryUnavailable: the file cannot be opened, or the URL is none of the two databases'.
    """
    if isinstance(where, Path):
        try:
            where.touch(mode=0o600)
        except OSError as error:
            raise RegistryUnavailable(f"{where}: cannot be opened: {error.strerror}") from error
        where = URL.create(SQLITE, database=str(where))
    url = make_url(where)
    kind = url.get_backend_name()
    if kind == SQLITE:
        return _sqlite(url)
    if kind != POSTGRESQL:
        raise RegistryUnavailable(f"the registry can be in a file or in PostgreSQL, not in {kind}: see registry.url")
    return _postgresql(url.set(drivername="postgresql+psycopg"))


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the database says within becomes `RegistryUnavailable`."""
    try:
        yield
    except SQLAlchemyError as error:
        original = getattr(error, "orig", None) or error
        reason = (str(original).splitlines() or [type(original).__name__])[0]
        raise RegistryUnavailable(f"the registry cannot be used now ({reason}): {_advice(original, reason)}") from error


def is_locked(error: DBAPIError) -> bool:
    """Whether PostgreSQL has waited for another process in vain."""
    return getattr(error.orig, "sqlstate", None) == _LOCKED


def _advice(error: BaseException, reason: str) -> str:
    """What to do about an error of a database."""
    if "sqlite" in type(error).__module__:
        return "see to the disk and its rights"
    state = getattr(error, "sqlstate", None)
    found = _STATES.get(state) if state else next((told for said, told in _SAID if said.search(reason)), None)
    return found or "see to the database server and its log"


def _sqlite(url: URL) -> Engines:
    engine = create_engine(url, pool_size=8, max_overflow=32)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return Engines(engine, engine.execution_options(writes=True), engine)


def _prepare(connection: SqliteConnection, _record: object) -> None:
    # The driver's own BEGIN comes too late for a consistent view: see `_begin`.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engines:
    engine = create_engine(
        url, pool_size=4, max_overflow=10, pool_timeout=10, pool_pre_ping=True, connect_args=_CONNECTING
    )
    # Asked before every answer, so with one round trip: whether the connection still stands is seen by asking.
    ask = create_engine(
        url, pool_size=2, max_overflow=4, pool_timeout=10, pool_reset_on_return=None, connect_args=_CONNECTING,
        isolation_level="AUTOCOMMIT",
    )  # fmt: skip
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # what failed is raised, and said where it is dealt with
    for each in (engine, ask):
        event.listen(each, "connect", _greet)
    event.listen(engine, "begin", _wait_for_turn)
    # A writer holds the one lock before his first statement, so that each of them sees all that was committed: under
    # REPEATABLE READ his view would be from before he waited.
    return Engines(
        engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
        engine.execution_options(isolation_level="READ COMMITTED", writes=True),
        ask,
    )


def _greet(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg's, which is there for PostgreSQL only
    before, connection.autocommit = connection.autocommit, True
    with closing(connection.cursor()) as cursor:
        encoding = cursor.execute(_SESSION).fetchone()[-1]
    connection.autocommit = before
    if encoding != "UTF8":
        raise RegistryUnavailable(f"the registry's database is in {encoding}, where not every name can stand: {_MAKE}")


def _wait_for_turn(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("writes", False):
        patience = options.get("patience")
        if patience is not None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(patience)}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
