"""A copy of the whole out of the DuckDB engine while it is used.

Rule: all files are seen as they were at one moment (one transaction pins each of them), so that a batch over several
months is in a copy or is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np

from hub.core.observations import Observations
from hub.stores.batches import COLUMNS
from hub.stores.duckdb.journal import Hashes
from hub.stores.duckdb.trouble import told

_MANY = 250_000
"""So many rows are given at once."""
_COUNT = "SELECT count(*) FROM memory.{}_rows"
_ROWS = "SELECT {columns} FROM memory.{name}_rows"
_HASHES = "SELECT hash FROM {}.acknowledged"


class FilesAtOnce:
    """The months attached under `names` as they are when it is made; `cursor` is its own until its end."""

    replacing = 0

    def __init__(self, directory: Path, cursor: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
        """Pin them; raises `duckdb.Error` when that cannot be done."""
        self._directory, self._cursor, self._names = directory, cursor, names
        cursor.begin()
        self.rows = sum(int(cursor.execute(_COUNT.format(name)).fetchall()[0][0]) for name in names)
        self._hashes = [cursor.execute(_HASHES.format(name)).fetchnumpy()["hash"] for name in names]

    def batches(self) -> Iterator[Observations]:
        """Every row once, month by month."""
        columns = ", ".join(f'"{name}"' for name in COLUMNS)
        for name in self._names:
            with told(self._directory):
                reader = self._cursor.sql(_ROWS.format(columns=columns, name=name)).to_arrow_reader(_MANY)
            while True:
                with told(self._directory):
                    batch = next(reader, None)
                if batch is None:
                    break
                yield Observations(*(np.asarray(batch.column(c).to_numpy(), kind) for c, kind in COLUMNS.items()))

    def hashes(self) -> Hashes:
        """The hashes of acknowledged messages."""
        return np.unique(np.concatenate([np.empty(0, np.uint64), *self._hashes]))
