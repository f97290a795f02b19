"""Reading in the InfluxDB engine: the server forms windows wherever it can be sure that they are right.

Rule: the scope's slices decide over every row. Means of the server count only for windows whose rows are all admitted;
of windows in doubt, and of datastreams with odd times, the rows are read and admitted here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.observations import Ints, Observations, Times
from hub.core.store import Erasure, Rows
from hub.stores.batches import joined, window_start
from hub.stores.influxdb.admitting import admitted, means, plain, verdicts
from hub.stores.influxdb.bucket import Bucket, Ids, among, together
from hub.stores.influxdb.flux import Windows
from hub.stores.influxdb.points import FIRST, LAST, is_odd

LONGEST = 3660 * DAY
"""Longer windows than this are formed here."""


class Finder:
    """Answers questions about slices; remembers which datastreams have rows with odd times."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._odd: frozenset[int] = frozenset()

    def heard(self, rows: Observations) -> None:
        """Rows that were stored."""
        self.heard_at(rows.datastream, rows.time)

    def heard_at(self, datastream: Ints, time: Times) -> None:
        """The same, by datastream and time."""
        odd = is_odd(time)
        if odd.any():
            self._odd |= frozenset(datastream[odd].tolist())

    def find(self, slices: NDArray[np.void], since: int, until: int) -> Rows:
        """What slices with their `step` admit that has a time, or a start of its window, in [since, until)."""
        found = []
        for step in np.unique(slices["step"]).tolist():
            mine = slices[slices["step"] == step]
            low = max(since, int(mine["earliest"].min()))
            high = min(until + step, int(mine["before"].max()))
            if since < until and low < high:
                found += self._windows(mine, low, high) if step else [self._instants(mine, low, high)]
        rows = joined(found)
        inside = (rows.time >= since) & (rows.time < until)
        return Rows(rows.datastream[inside], rows.time[inside], rows.value[inside])

    def raw(self, datastreams: Ints, since: int, until: int) -> Observations:
        """All rows of datastreams with a time in [since, until), ordered by (datastream, time)."""
        usual = self._bucket.rows(datastreams.tolist(), max(since, FIRST), min(until, LAST))
        odd = self.odd(datastreams)
        return together([usual, odd.take((odd.time >= since) & (odd.time < until))])

    def odd(self, datastreams: Ids = None) -> Observations:
        """The rows of datastreams that have odd times."""
        ids = self._odd if datastreams is None else self._odd.intersection(datastreams)
        return self._bucket.odd(ids) if ids else together([])

    def odd_of(self, erasure: Erasure) -> Observations:
        """Those that an erasure names."""
        odd = self.odd(erasure.datastreams)
        named = (odd.owner == erasure.owner) & (odd.time >= erasure.since) & (odd.time < erasure.until)
        return odd.take(named & (odd.received < erasure.arrived))

    def newest(self, datastreams: Ints | None = None) -> Observations:
        """The newest row of each datastream (None: of all there are)."""
        ids = None if datastreams is None else datastreams.tolist()
        odd = self._bucket.odd(ids, then=" |> last()")
        self.heard(odd)
        whole = together([self._bucket.last(ids, FIRST, LAST), odd])
        last = np.ones(len(whole), bool)
        last[:-1] = whole.datastream[1:] != whole.datastream[:-1]
        return whole.take(last)

    def _instants(self, slices: NDArray[np.void], low: int, high: int) -> Rows:
        ids = np.unique(slices["datastream"])
        if plain(slices).all() and (slices["earliest"] <= low).all() and (slices["before"] >= high).all():
            usual = self._bucket.values(ids.tolist(), max(low, FIRST), min(high, LAST))
            odd = self.odd(ids)
            odd = odd.take((odd.time >= low) & (odd.time < high))
            return joined([usual, Rows(odd.datastream, odd.time, odd.value)])
        return admitted(self.raw(ids, low, high), slices)

    def _windows(self, slices: NDArray[np.void], low: int, high: int) -> list[Rows]:
        step = int(slices["step"][0])
        here = np.isin(slices["datastream"], list(self._odd)) | (step > LONGEST)
        found = []
        if here.any():
            rows = self.raw(np.unique(slices["datastream"][here]), low, high)
            found.append(means(admitted(rows, slices[here])))
        if not here.all():
            found += self._served(slices[~here], low, high)
        return found

    def _served(self, slices: NDArray[np.void], low: int, high: int) -> Iterator[Rows]:
        """Windows that the server formed, and those it could not be trusted with."""
        step = int(slices["step"][0])
        first, after = max(low, FIRST) // step * step, -(-min(high, LAST) // step) * step
        ids = np.unique(slices["datastream"]).tolist()
        for w in self._bucket.windows(ids, first, after, step, whole=bool(plain(slices).all())):
            every, none = verdicts(w, step, slices)
            yield Rows(w.datastream[every], w.start[every], w.mean[every])
            unsure = ~every & ~none
            if unsure.any():
                yield self._looked_at(w, unsure, slices)

    def _looked_at(self, w: Windows, unsure: NDArray[np.bool_], slices: NDArray[np.void]) -> Rows:
        step = slices["step"][0]
        doubt = Windows(w.datastream[unsure], w.start[unsure], w.mean[unsure], w.least[unsure], w.most[unsure])
        rows = self.raw(np.unique(doubt.datastream), int(doubt.start.min()), int(doubt.start.max()) + int(step))
        rows = rows.take(among(rows.datastream, window_start(rows.time, step), doubt))
        return means(admitted(rows, slices))
