"""Envelopes that the hub has not acknowledged yet, on the device's own disk, in the backlog's file.

Rule: in order, bounded, and gone only when the hub has said that it has them; a sequence number is never used twice,
whatever the clock does.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


class Outbox:
    """A queue of envelopes in one SQLite file; in memory without a path. Used from one thread."""

    def __init__(self, path: Path | None = None, most: int = 100_000) -> None:
        """Open or make the tables; of more than `most` envelopes the oldest are given up."""
        self._most = most
        self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE IF NOT EXISTS envelopes (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        self._db.execute("CREATE TABLE IF NOT EXISTS last_sequence (last INTEGER NOT NULL)")

    def next(self, milliseconds: int) -> int:
        """The next sequence number: the time (ms since 1970), or later if that was used."""
        (last,) = self._db.execute("SELECT coalesce(max(last), 0) FROM last_sequence").fetchone()
        return max(int(last) + 1, milliseconds)

    def add(self, sequence: int, body: bytes) -> None:
        """Keep an envelope, and its number as used; both or (on an `sqlite3.Error`) none."""
        self._db.execute("BEGIN")
        try:
            self._db.execute("INSERT INTO envelopes VALUES (?, ?)", (sequence, body))
            self._db.execute("DELETE FROM last_sequence")
            self._db.execute("INSERT INTO last_sequence VALUES (?)", (sequence,))
            surplus = "SELECT sequence FROM envelopes ORDER BY sequence DESC LIMIT -1 OFFSET ?"
            self._db.execute(f"DELETE FROM envelopes WHERE sequence IN ({surplus})", (self._most,))  # noqa: S608 - ours
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def oldest(self) -> tuple[int, bytes] | None:
        """The oldest envelope with its number; None when none waits."""
        row = self._db.execute("SELECT sequence, body FROM envelopes ORDER BY sequence LIMIT 1").fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def forget(self, sequence: int) -> None:
        """Drop an envelope: the hub has it."""
        self._db.execute("DELETE FROM envelopes WHERE sequence = ?", (sequence,))

    def __len__(self) -> int:
        """How many envelopes wait."""
        return int(self._db.execute("SELECT count(*) FROM envelopes").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
