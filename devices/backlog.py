"""What a device could not send yet, on its own disk.

Rule: in order, bounded, and gone only when the hub has said that it has it. A power cut loses nothing that `add`
returned from.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

Record = dict[str, str | float | bool]
"""One SenML record (RFC 8428), resolved: `n`, `v` or `vb`, `t`, and perhaps `u` and `grade`."""


class Backlog:
    """A queue of records in one SQLite file; in memory without a path. Used from one thread."""

    def __init__(self, path: Path | None = None, most: int = 1_000_000) -> None:
        """Open or make the file; of more than `most` records the oldest are given up."""
        self._most = most
        self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS waiting (id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL)"
        )

    def add(self, records: Sequence[Record]) -> None:
        """Keep these records, all of them or (on an `sqlite3.Error`) none."""
        rows = [(json.dumps(record, ensure_ascii=False),) for record in records]
        self._db.execute("BEGIN")
        try:
            self._db.executemany("INSERT INTO waiting (record) VALUES (?)", rows)
            self._db.execute("DELETE FROM waiting WHERE id <= (SELECT max(id) FROM waiting) - ?", (self._most,))
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def oldest(self, count: int) -> tuple[int, list[Record]]:
        """The oldest records in the order they were added, and the mark to `forget` them by (0 for none)."""
        rows = self._db.execute("SELECT id, record FROM waiting ORDER BY id LIMIT ?", (count,)).fetchall()
        return (rows[-1][0] if rows else 0), [json.loads(record) for _, record in rows]

    def forget(self, mark: int) -> None:
        """Drop what `oldest` returned with this mark: the hub has it."""
        self._db.execute("DELETE FROM waiting WHERE id <= ?", (mark,))

    def __len__(self) -> int:
        """How many records wait."""
        return int(self._db.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
