"""An empty registry, its tables made once and copied: making them anew for each test takes longer than the test.

Rule: that migrations make these tables is tested in ``test_database.py``, which copies nothing. Where a test asks for a
file there is a file, or a PostgreSQL database for it: the same whenever the same file is asked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import URL

from hub.registry.database import Database
from tests.servers.postgresql import Server

_here: list[Databases] = []


class Databases:
    """Databases instead of files, on one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._of: dict[Path, URL] = {}

    def of(self, path: Path, *, empty: bool = False) -> URL:
        """The database that stands for a file; `empty`: without tables, when it is new."""
        if path not in self._of:
            self._of[path] = self._server.database() if empty else self._server.copied(_template(self._server))
        return self._of[path]

    def drop(self) -> None:
        """Let go of all of them."""
        for url in self._of.values():
            self._server.sql(f"DROP DATABASE {url.database} WITH (FORCE)")


@contextmanager
def in_databases_of(server: Server) -> Iterator[None]:
    """Within, registries are in databases of this server."""
    _here.append(Databases(server))
    try:
        yield
    finally:
        _here.pop().drop()


def migrated(path: Path) -> Path | URL:
    """Where an empty registry is, unless there is one already: the path, or a database in its stead."""
    if _here:
        return _here[-1].of(path)
    if not path.exists():
        path.write_bytes(_empty())
    return path


def untouched(path: Path) -> Path | URL:
    """The same without any table."""
    return _here[-1].of(path, empty=True) if _here else path


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.sqlite"
        database = Database(path)
        database.close()
        return path.read_bytes()


@cache
def _template(server: Server) -> URL:
    url = server.database()
    Database(url).close()
    return url
