"""A copy of the registry's file, looked at before anything is built on it.

Rule: only looked at, never written: a copy that is damaged or that a newer Barrio wrote is told, and stays as it is.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from hub.registry.database import known_versions
from hub.registry.engines import RegistryUnavailable


class Looked(Struct, frozen=True):
    """What a copy holds: how many parties, things and datastreams."""

    parties: int
    things: int
    datastreams: int


def look_at(file: Path) -> Looked:
    """Look whether a copy is whole and of a version that this program knows; what it holds.

    Raises:
        RegistryUnavailable: it is damaged, is no registry, or a newer Barrio wrote it.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            sound = copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            versions = {str(row[0]) for row in copy.execute("SELECT version_num FROM alembic_version")}
            counted = [_count(copy, table) for table in ("parties", "things", "datastreams")]
    except sqlite3.Error as error:
        raise RegistryUnavailable(f"{file}: this is no registry, or it is damaged: take another backup") from error
    if not sound:
        raise RegistryUnavailable(f"{file}: the registry in this copy is damaged: take another backup")
    if not versions or not versions <= known_versions():
        raise RegistryUnavailable(f"{file}: a newer Barrio wrote this registry: use that version, or a later one")
    return Looked(*counted)


def _count(copy: sqlite3.Connection, table: str) -> int:
    return int(copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - one of our three words
