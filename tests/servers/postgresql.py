"""A real PostgreSQL on loopback, in a folder of its own, ended by who started it.

Rule: `initdb` and `postgres` are looked for on the PATH and where Debian puts them. Where they cannot be had those who
need them are skipped with one line; in CI they fail. It refuses to run as root: then it runs as an unprivileged user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from tests.e2e.programs import HOST, free_port

USER, PASSWORD = "barrio", "password-of-the-tests"
_DEBIAN = Path("/usr/lib/postgresql")
_UNPRIVILEGED = ("postgres", "nobody")
_FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=60", "shared_buffers=32MB")
"""A database of a test need not survive a power cut, and nobody cleans up behind it."""


def program(name: str) -> str:
    """A program of the server: skipped, or failed in CI, where there is none."""
    there = [p / "bin" / name for p in sorted(_DEBIAN.glob("*"), key=_version, reverse=True)]
    found = shutil.which(name) or next((str(p) for p in there if p.exists()), None)
    if found is None:
        why = f"no {name} on the PATH or below {_DEBIAN}: install PostgreSQL (make system)"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found


class Server:
    """A PostgreSQL that can be stopped, killed and started again; `user` may do everything in it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = (*_FAST, *options)
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.port = free_port()

    def url(self, database: str, user: str = USER, password: str = PASSWORD) -> URL:
        """Where a database is."""
        return URL.create("postgresql", user, password, HOST, self.port, database)

    def database(self, encoding: str = "UTF8", *, collation: str = "C") -> URL:
        """A new database, empty."""
        self._databases += 1
        name = f"d{self._databases}"
        self.sql(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE '{collation}' TEMPLATE template0")
        return self.url(name)

    def copied(self, template: URL) -> URL:
        """A new database with what is in another one, to which nobody may be connected."""
        self._databases += 1
        name = f"d{self._databases}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template.database}")
        return self.url(name)

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Do something as its operator would; what it answers."""
        engine = create_engine(
            self.url(database).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", pool_size=1
        )
        try:
            with engine.connect() as connection:
                found = connection.execute(text(statement))
                return [tuple(row) for row in found] if found.returns_rows else []
        finally:
            engine.dispose()

    def cut(self, url: URL) -> None:
        """End all connections to a database."""
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        self.sql(f"{cut}'{url.database}'")

    def holds(self, some: bytes) -> bool:
        """Whether something stands in a file of its tables (not of its log)."""
        files = (self._folder / "files" / "base").rglob("*")
        return any(some in file.read_bytes() for file in files if file.is_file())

    def make(self) -> None:
        """Its files, once."""
        self._folder.mkdir(parents=True, exist_ok=True)
        word = self._folder / "password"
        word.write_text(PASSWORD)
        files = self._folder / "files"
        files.mkdir(mode=0o700)
        self._give()
        command = [
            program("initdb"), "--pgdata", str(files), "--username", USER, "--pwfile", str(word), "--encoding", "UTF8",
            "--locale", "C", "--auth", "scram-sha-256", "--no-sync", "--no-instructions",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, user=_as_whom())
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = (*self._options, f"port={self.port}", f"listen_addresses={HOST}")
        options = [part for setting in settings for part in ("-c", setting)]
        log = self._folder / "log"
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", str(self._folder / "files"), "-c", "unix_socket_directories=", *options],
                stdout=stream, stderr=stream, user=_as_whom(),
            )  # fmt: skip
        until = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < until, log.read_text()[-500:]
            assert self._process.poll() is None, log.read_text()[-500:]
            time.sleep(0.05)

    def stop(self) -> None:
        """End it properly, whoever is connected."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a power cut would end it: all of its processes."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _answers(self) -> bool:
        command = [program("pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
        return subprocess.run(command, check=False, timeout=10).returncode == 0

    def _give(self) -> None:
        """All that is in the folder to whom the server runs as."""
        whom = _as_whom()
        if whom is not None:
            for path in (self._folder, *self._folder.iterdir()):
                shutil.chown(path, whom)


@contextmanager
def postgresql(*options: str) -> Iterator[Server]:
    """A server of its own, until the block is left. Its folder is where an unprivileged user may go."""
    program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="barrio-postgresql-", dir="/tmp"))
    server = Server(folder, *options)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _as_whom() -> str | None:
    """Who the server runs as: ourselves (None), or as root somebody who may do little."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _version(folder: Path) -> int:
    return int(folder.name) if folder.name.isdigit() else 0
