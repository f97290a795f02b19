"""A copy of the whole out of an engine and an outbox before it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hub.core.observations import Observations
from hub.core.store import Snapshot
from hub.stores.duckdb.journal import Hashes
from hub.stores.outbox.shelf import Copy


class Both:
    """What the engine has at one moment, and what waits then."""

    def __init__(self, whole: Snapshot, waiting: Copy) -> None:
        """What waits comes last."""
        self._whole, self._waiting = whole, waiting
        self.rows = whole.rows + waiting.rows
        self.replacing = whole.replacing + waiting.rows

    def batches(self) -> Iterator[Observations]:
        """Every row."""
        yield from self._whole.batches()
        yield from self._waiting.batches

    def hashes(self) -> Hashes:
        """The hashes of acknowledged messages."""
        return np.unique(np.concatenate([self._whole.hashes(), self._waiting.hashes]))
