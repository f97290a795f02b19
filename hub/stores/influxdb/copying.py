"""A copy of the whole out of an InfluxDB bucket, some days at a time.

Rule: all that was stored when it was begun is in it; the server knows no moment at which everything stands still, so
some of what came meanwhile may be in it too, and a row that was replaced meanwhile stands in it as it was or as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.observations import Observations
from hub.stores.influxdb.bucket import Bucket
from hub.stores.influxdb.points import FIRST, LAST
from hub.stores.influxdb.rows import Finder

_MANY = 250_000
"""About so many rows are asked for at once; a day at least."""


class BucketAtWork:
    """A bucket that goes on being written to; `rows` is how many there were when this was made."""

    replacing = 0

    def __init__(self, bucket: Bucket, finder: Finder, remembered: int) -> None:
        """Count what is there; raises `StoreUnavailable`. `remembered`: hashes stored since then (µs) are copied."""
        self._bucket = bucket
        self._odd = finder.odd()
        self._hashes = bucket.all_hashes(remembered)
        counted: dict[int, int] = {}
        for days in bucket.counts(None, LAST, DAY):
            for start, count in zip(days.windows.start.tolist(), days.count.tolist(), strict=True):
                counted[start] = counted.get(start, 0) + count
        self._counted = sorted(counted.items())
        self.rows = sum(counted.values()) + len(self._odd)

    def batches(self) -> Iterator[Observations]:
        """Every row once, day by day; last those of clocks that were wrong."""
        for since, until in self._stretches():
            found = self._bucket.rows(None, since, until)
            if len(found):
                yield found
        if len(self._odd):
            yield self._odd

    def hashes(self) -> NDArray[np.uint64]:
        """The hashes of acknowledged messages."""
        return self._hashes

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """Days that have rows, several together where they have few."""
        since, rows = None, 0
        for start, count in self._counted:
            if since is not None and rows + count > _MANY:
                yield max(since, FIRST), start
                since, rows = None, 0
            since, rows = start if since is None else since, rows + count
        if since is not None:
            yield max(since, FIRST), LAST
