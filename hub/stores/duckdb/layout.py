"""What a file of the DuckDB engine holds: rows in good order, rows that came since, and sums of the former.

Rule: what is settled is written once, ordered by (datastream, time), and stays as it is until the whole file is
written anew. A row that comes later stands in `observations`; one that replaces a settled row besides names it in
`replaced`. So sums of settled rows are right until their file goes, but for windows in which something is replaced.
A file of an earlier version is one of which nothing is settled yet.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

_COLUMNS = """
    datastream INTEGER, owner INTEGER, "time" BIGINT, received BIGINT, "value" DOUBLE,
    grade UTINYINT, wish UTINYINT, quality UTINYINT
"""
TABLES = f"""
CREATE TABLE IF NOT EXISTS {{0}}.observations ({_COLUMNS});
CREATE TABLE IF NOT EXISTS {{0}}.acknowledged (hash UBIGINT, stored BIGINT);
CREATE TABLE IF NOT EXISTS {{0}}.settled ({_COLUMNS});
CREATE TABLE IF NOT EXISTS {{0}}.replaced (datastream INTEGER, "time" BIGINT);
CREATE TABLE IF NOT EXISTS {{0}}.tiers (tier BIGINT);
CREATE TABLE IF NOT EXISTS {{0}}.rollups (
    tier BIGINT, datastream INTEGER, start BIGINT, grade UTINYINT, wish UTINYINT, late BOOLEAN, n BIGINT, total DOUBLE,
    low DOUBLE, high DOUBLE, first DOUBLE, last DOUBLE, arrived BIGINT, arrived_last BIGINT);
CREATE TABLE IF NOT EXISTS {{0}}.lasts ({_COLUMNS});
CREATE TABLE IF NOT EXISTS {{0}}.archive (file VARCHAR);
"""
"""Everything that a file has.

`lasts` is the last settled row of each datastream, `archive` the name of the Parquet file that takes the place of
`settled`, if there is one.
"""
_VIEWS = """
CREATE OR REPLACE VIEW memory.{0}_settled AS
    SELECT s.* FROM {settled} s ANTI JOIN {0}.replaced USING (datastream, "time");
CREATE OR REPLACE VIEW memory.{0}_whole AS SELECT * FROM {settled};
CREATE OR REPLACE VIEW memory.{0}_gone AS
    SELECT s.* FROM {settled} s SEMI JOIN {0}.replaced USING (datastream, "time");
CREATE OR REPLACE VIEW memory.{0}_rows AS
    SELECT * FROM {0}.observations UNION ALL SELECT * FROM memory.{0}_settled
"""
_ARCHIVE = "SELECT file FROM {0}.archive"
_TIERS = "SELECT tier FROM {0}.tiers"
_CAME_SINCE = "SELECT 1 FROM {0}.observations UNION ALL SELECT 1 FROM {0}.replaced LIMIT 1"
NO_VIEWS = "; ".join(f"DROP VIEW IF EXISTS memory.{{0}}_{what}" for what in ("rows", "gone", "whole", "settled"))
"""Forget the views of a file."""


class File(NamedTuple):
    """A file attached under `name`: over how long (µs) it has sums, and whether anything came since it was settled."""

    name: str
    tiers: tuple[int, ...]
    touched: bool

    @property
    def rows(self) -> str:
        """What all of its rows are selected from; where nothing came since that costs less to plan and to read."""
        return f"{self.name}_rows" if self.touched else f"{self.name}_whole"


def open_file(cursor: duckdb.DuckDBPyConnection, name: str, directory: Path) -> tuple[File, Path | None]:
    """Make what the file attached under `name` lacks, and views of it beside it; what it is, and its archive, if any.

    `{name}_rows` is all that is stored, `{name}_settled` the settled part of it, `{name}_gone` what was replaced and
    still stands there, `{name}_whole` both of these.
    """
    cursor.execute(TABLES.format(name))
    named = cursor.execute(_ARCHIVE.format(name)).fetchall()
    archive = directory / named[0][0] if named else None
    settled = f"{name}.settled" if archive is None else source(archive)
    cursor.execute(_VIEWS.format(name, settled=settled))
    tiers = tuple(tier for (tier,) in cursor.execute(_TIERS.format(name)).fetchall())
    return File(name, tiers, bool(cursor.execute(_CAME_SINCE.format(name)).fetchall())), archive


def source(archive: Path) -> str:
    """A Parquet file as something to select from."""
    return f"read_parquet('{quoted(archive)}')"


def quoted(path: Path) -> str:
    """A path inside of an SQL text."""
    return str(path).replace("'", "''")
