"""Compaction in the DuckDB engine: what came in since is put where it belongs, and summed up.

Rule: no answer changes by it, and nobody waits for it: what is filed into a month while it is written anew is noted,
and filed into the new file as well before that takes the old one's place.
"""

from __future__ import annotations

import duckdb
import numpy as np

from hub.core.observations import Observations
from hub.stores.duckdb.journal import Hashes
from hub.stores.duckdb.months import ODD, Months, bounds
from hub.stores.duckdb.rewriting import Gone
from hub.stores.duckdb.writing import put

FEW = 50
"""A month is compacted once more than one of so many of its rows came since: a few do no harm where they are."""
NOTED = 2_000_000
"""So many rows are noted while a month is written anew; with more it is left for another time."""
_SINCE = "SELECT count(*) FROM {}.observations"
_SETTLED = "SELECT count(*) FROM {}_settled"
_ALL = "SELECT * FROM {}_rows"
_NONE = np.empty(0, np.int32)


class Compacting:
    """The compaction of a month as a change of its file; what ended by `archive` (µs) comes into an archive."""

    def __init__(self, months: Months, month: int, archive: int) -> None:
        self._months, self._month = months, month
        self._old = month != ODD and bounds(month)[1] <= archive

    def concerns(self, month: int) -> bool:
        """The one it is for."""
        return month == self._month

    def prepare(self, cursor: duckdb.DuckDBPyConnection, name: str) -> Gone | None:
        """Nothing goes; nothing is done where little came."""
        since, settled = (int(cursor.execute(sql.format(name)).fetchall()[0][0]) for sql in (_SINCE, _SETTLED))
        moves = self._old and settled and not self._months.archives.is_archived(self._months.path(self._month).stem)
        return Gone(0, _NONE) if since * FEW > settled or moves else None

    def keep(self, name: str) -> str:
        """Every row."""
        return _ALL.format(name)

    def archives(self, month: int) -> bool:
        """Whether it is old enough."""
        del month
        return self._old


class Meanwhile:
    """What is filed into a month while it is written anew."""

    def __init__(self, month: int) -> None:
        self.month = month
        self._rows = 0
        self._noted: list[tuple[Observations, Hashes, int]] = []

    def note(self, batch: Observations, hashes: Hashes, now: int) -> None:
        """Remember what is filed at `now` (µs)."""
        self._rows += len(batch)
        if self.too_much():
            self._noted.clear()
        else:
            self._noted.append((batch, hashes, now))

    def too_much(self) -> bool:
        """Whether more came than is remembered."""
        return self._rows > NOTED

    def file_again(self, months: Months) -> None:
        """File it into the month's draft. What was read into that already is replaced by itself."""
        with months.using([self.month]) as (cursor, _), months.drafting(self.month, cursor) as new:
            for batch, hashes, now in self._noted:
                put(cursor, new, batch, np.ones(len(batch), bool), hashes, now)
