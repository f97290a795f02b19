"""A month written anew: how what has to go leaves a file for good.

Rule: DuckDB's DELETE, CHECKPOINT and VACUUM leave the bytes in the file, so none of them is used here. All new files
are whole and on the disk before the first takes the place of an old one; done again, a change does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import duckdb

from hub.core.observations import Ints
from hub.stores.months import Months


class Gone(NamedTuple):
    """What a change does to one month: how many rows fewer there will be, and which datastreams are concerned."""

    rows: int
    datastreams: Ints


class Change(Protocol):
    """What is to be different in the files."""

    def concerns(self, month: int) -> bool:
        """Whether it can concern this month at all."""

    def prepare(self, cursor: duckdb.DuckDBPyConnection, name: str) -> Gone:
        """Look what it does to the month attached under `name`; what `keep` needs is registered with the cursor."""

    def keep(self, name: str) -> str:
        """The query for the rows that the month attached under `name` has afterwards."""


_FILL = """
    INSERT INTO {new}.observations {keep};
    INSERT INTO {new}.acknowledged SELECT * FROM {old}.acknowledged
"""


def draft(months: Months, concerned: Iterable[int], change: Change) -> dict[int, Gone]:
    """Write drafts of those of these months that something changes in; what changes in each.

    Rows may be appended meanwhile: they are not in the draft, and a month that got some has to be drafted again.
    """
    found = {month: _drafted(months, month, change) for month in concerned}
    return {month: gone for month, gone in found.items() if len(gone.datastreams)}


def _drafted(months: Months, month: int, change: Change) -> Gone:
    with months.using([month]) as (cursor, (name,)):
        gone = change.prepare(cursor, name)
        if len(gone.datastreams):
            with months.drafting(month, cursor) as new:
                cursor.execute(_FILL.format(new=new, old=name, keep=change.keep(name))).fetchall()
    return gone
