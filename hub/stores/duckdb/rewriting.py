"""A month written anew: how what has to go leaves a file for good, and how a file comes into good order.

Rule: DuckDB's DELETE, CHECKPOINT and VACUUM leave the bytes in the file, so none of them is used here. All new files
are whole and on the disk before the first takes the place of an old one; done again, a change does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import duckdb

from hub.core.observations import Ints
from hub.stores.duckdb.archives import on_the_disk
from hub.stores.duckdb.layout import quoted, source
from hub.stores.duckdb.months import Months
from hub.stores.duckdb.rollups import roll_up


class Gone(NamedTuple):
    """What a change does to one month: how many rows fewer there will be, and which datastreams are concerned."""

    rows: int
    datastreams: Ints


class Change(Protocol):
    """What is to be different in the files."""

    def concerns(self, month: int) -> bool:
        """Whether it can concern this month at all."""

    def prepare(self, cursor: duckdb.DuckDBPyConnection, name: str) -> Gone | None:
        """Look what it does to the month attached under `name`; None: nothing, it may stay as it is.

        What `keep` needs is registered with the cursor.
        """

    def keep(self, name: str) -> str:
        """The query for the rows that the month attached under `name` has afterwards."""

    def archives(self, month: int) -> bool:
        """Whether the month's settled rows are to be in an archive from now on; one that has an archive keeps one."""


_ORDERED = 'SELECT * FROM ({keep}) ORDER BY datastream, "time"'
_SETTLE = "INSERT INTO {new}.settled {ordered}"
# Its older encodings: they take a third more, and a number that is looked for by its bytes can be found in them.
_ARCHIVE = "COPY ({ordered}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
_NAME_IT = "INSERT INTO {new}.archive VALUES ('{file}')"
_LASTS = """
    INSERT INTO {new}.lasts SELECT s.* FROM {rows} s JOIN (
        SELECT datastream, max("time") AS "time" FROM {rows} GROUP BY datastream
    ) USING (datastream, "time")
"""
_REMEMBER = "INSERT INTO {new}.acknowledged SELECT * FROM {old}.acknowledged"


def draft(months: Months, concerned: Iterable[int], change: Change) -> dict[int, Gone]:
    """Write drafts of those of these months that something changes in; what changes in each.

    Rows may be appended meanwhile: they are not in the draft, and a month that got some has to be drafted again.
    """
    found = {month: _drafted(months, month, change) for month in concerned}
    return {month: gone for month, gone in found.items() if gone is not None}


def _drafted(months: Months, month: int, change: Change) -> Gone | None:
    with months.using([month]) as (cursor, (name,)):
        gone = change.prepare(cursor, name)
        if gone is not None:
            months.discard([month])
            with months.drafting(month, cursor) as new:
                ordered = _ORDERED.format(keep=change.keep(name))
                rows = _settle(months, month, cursor, new, ordered, archived=change.archives(month))
                cursor.execute(_LASTS.format(new=new, rows=rows)).fetchall()
                roll_up(cursor, new, rows)
                cursor.execute(_REMEMBER.format(new=new, old=name)).fetchall()
    return gone


def _settle(
    months: Months, month: int, cursor: duckdb.DuckDBPyConnection, new: str, ordered: str, *, archived: bool
) -> str:
    """Write the settled rows of a draft, into it or into an archive; what they are selected from."""
    stem = months.path(month).stem
    if not archived and not months.archives.is_archived(stem):
        cursor.execute(_SETTLE.format(new=new, ordered=ordered)).fetchall()
        return f"{new}.settled"
    path = months.archives.another(stem)
    cursor.execute(_ARCHIVE.format(ordered=ordered, path=quoted(path))).fetchall()
    on_the_disk(path)
    cursor.execute(_NAME_IT.format(new=new, file=path.name)).fetchall()
    return source(path)
