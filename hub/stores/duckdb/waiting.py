"""What is stored and not yet in a file of the DuckDB engine: durable in the journal, at hand in memory.

Rule: memory changes only after the journal is on the disk; what is taken to be filed stays here until it is filed, so
that at every moment a row or a hash is here or there.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from hub.core.observations import Observations
from hub.core.store import StoreUnavailable
from hub.stores.batches import COLUMNS, last_wins
from hub.stores.duckdb.journal import Hashes, Journal
from hub.stores.newest import Newest, newest_rows

_NOTHING = {name: np.empty(0, kind) for name, kind in COLUMNS.items()}


class Taken(NamedTuple):
    """What is to be filed: the rows without those that a later one replaces, and what `Waiting` needs to know of it."""

    rows: Observations
    hashes: Hashes
    batches: int
    below: int


class Waiting:
    """Batches on their way into the files, in the order in which they came. Any thread may add and ask; one takes."""

    def __init__(self, directory: Path) -> None:
        """Begin with what an earlier process left; raises `StoreUnavailable` when that cannot be read."""
        self._lock = Lock()
        self._journal = Journal(directory)
        self._closed = False
        noted = self._journal.replay()
        if not noted:
            self._journal.strike()  # what was cut short there goes too
        self._batches = [batch for batch, _ in noted]
        self._hashes = [hashes for _, hashes in noted]
        self._words = {word for hashes in self._hashes for word in hashes.tolist()}
        self.rows = sum(map(len, self._batches))
        self._newest = Newest()
        self._unheard: list[Observations] = []

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._batches)

    def add(self, batch: Observations, hashes: Hashes) -> None:
        """Store a batch; durable on return. Raises OSError, and then nothing is stored."""
        with self._lock:
            if self._closed:
                raise StoreUnavailable("the store is closed: start the hub again")
            self._journal.write(batch, hashes)
            self._batches.append(batch)
            self._hashes.append(hashes)
            self._words.update(hashes.tolist())
            self._unheard.append(batch)
            self.rows += len(batch)

    def seen(self, words: Collection[int]) -> set[int]:
        """Which of these hashes wait."""
        with self._lock:
            return self._words.intersection(words)

    def newest(self) -> Newest:
        """The newest row of every datastream, filed or not."""
        with self._lock:
            if self._unheard:
                self._newest = self._newest.with_rows(newest_rows(_joined(self._unheard)))
                self._unheard.clear()
            return self._newest

    def above(self, filed: Newest) -> None:
        """Begin anew with the newest rows that are in the files."""
        with self._lock:
            self._newest = filed
            self._unheard = self._batches.copy()

    def left(self) -> Observations:
        """The rows that wait, without those that a later one replaces."""
        with self._lock:
            batches = self._batches.copy()
        return last_wins(_joined(batches))

    def take(self) -> Taken:
        """Everything, to be filed; what is added from now on goes to another file of the journal."""
        self._journal.prepare()
        with self._lock:
            below = self._journal.turn()
            batches, hashes = self._batches.copy(), self._hashes.copy()
        return Taken(last_wins(_joined(batches)), np.concatenate(hashes), len(batches), below)

    def done(self, taken: Taken) -> None:
        """What was taken is in its files and on the disk: strike it out."""
        self._journal.strike(taken.below)
        with self._lock:
            del self._batches[: taken.batches]
            del self._hashes[: taken.batches]
            self._words = {word for hashes in self._hashes for word in hashes.tolist()}
            self.rows = sum(map(len, self._batches))

    def close(self) -> None:
        """Let go of the journal: what waits, waits there for the next process."""
        with self._lock:
            self._closed = True
            self._journal.close()


def _joined(batches: list[Observations]) -> Observations:
    if len(batches) == 1:
        return batches[0]
    return Observations(*(np.concatenate([_NOTHING[n], *(getattr(b, n) for b in batches)]) for n in _NOTHING))
