"""Erasure in the DuckDB engine: which rows go, and by which of their values a file could be found to hold them still.

Rule: the rows that go are named once, for the deed and for the look that follows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import numpy as np

from hub.core.history import BEGINNING, END
from hub.core.observations import Values
from hub.core.store import Erasure
from hub.stores.duckdb.months import overlaps
from hub.stores.duckdb.rewriting import Gone

# What was replaced counts for nothing, and goes all the same.
_OF = """
    SELECT datastream, sum(n)::BIGINT AS n FROM (
        SELECT datastream, 1 AS n FROM {0}_rows WHERE {1} UNION ALL SELECT datastream, 0 FROM {0}_gone WHERE {1}
    ) GROUP BY datastream
"""
_KEEP = "SELECT * FROM {0}_rows WHERE NOT ({1})"
_TRACES = 'SELECT DISTINCT "value" FROM {0}_rows WHERE {1} LIMIT {2}'
_HELD = 'SELECT DISTINCT "value" FROM {0}_rows SEMI JOIN sought USING ("value")'


class Erasing:
    """An erasure as a change of the files."""

    def __init__(self, erasure: Erasure) -> None:
        self._erasure = erasure
        since, until = max(erasure.since, BEGINNING), min(erasure.until, END)
        self._which = (
            f'owner = {int(erasure.owner)} AND "time" >= {since} AND "time" < {until} AND received < {erasure.arrived}'
        )
        if erasure.datastreams is not None:
            self._which += " AND datastream IN (FROM erased)"

    def concerns(self, month: int) -> bool:
        """Whether a month can hold such rows."""
        return overlaps(month, self._erasure.since, self._erasure.until)

    def prepare(self, cursor: duckdb.DuckDBPyConnection, name: str) -> Gone | None:
        """How many rows go, and of which datastreams."""
        self._name_them(cursor)
        found = cursor.execute(_OF.format(name, self._which)).fetchnumpy()
        return Gone(int(found["n"].sum()), found["datastream"]) if len(found["n"]) else None

    def keep(self, name: str) -> str:
        """The rows that stay."""
        return _KEEP.format(name, self._which)

    def archives(self, month: int) -> bool:
        """Nothing moves because of it."""
        del month
        return False

    def traces(self, cursor: duckdb.DuckDBPyConnection, names: Sequence[str], most: int) -> Iterator[Values]:
        """Values of rows that go, up to `most` of each month attached under these names."""
        self._name_them(cursor)
        for name in names:
            yield cursor.execute(_TRACES.format(name, self._which, most)).fetchnumpy()["value"]

    def _name_them(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if self._erasure.datastreams is not None:
            cursor.register("erased", {"datastream": np.array(sorted(self._erasure.datastreams), np.int32)})


def held(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], values: Values) -> Iterator[Values]:
    """Which of these values stand in the months attached under these names."""
    cursor.register("sought", {"value": np.ascontiguousarray(values)})
    for name in names:
        yield cursor.execute(_HELD.format(name)).fetchnumpy()["value"]
