"""Observations in the process's memory: for tests, for a try, and as the plain reference of the other engines.

Rule: obviously right before fast; nothing survives the process.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import groupby
from math import gcd, isfinite
from operator import or_
from pathlib import Path
from threading import RLock
from time import time_ns
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.history import BEGINNING, END
from hub.core.observations import Observations, Values
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Rows, Thinning
from hub.stores.batches import COLUMNS, clean, joined, last_of_each, last_wins, named, steps, window_start

_Row = tuple[int, int, int, int, float, int, int, int]
"""The columns of `Observations`."""
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


class MemoryStore:
    """The engine ``memory``; keeps the `Store` protocol. Takes a directory and leaves it alone."""

    def __init__(self, directory: Path | None = None) -> None:
        del directory
        self._lock, self._erasing = RLock(), RLock()
        self._parts = [Observations(*(np.empty(0, kind) for kind in COLUMNS.values()))]
        self._hashes: set[int] = set()
        self._version = time_ns() // 1000

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self._version

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        """Keep a batch and the hashes of what it came in by."""
        with self._lock:
            self._parts.append(batch)
            self._hashes.update(acknowledged)
            self._version += 1

    def seen(self, hashes: Collection[int]) -> set[int]:
        """Which of these hashes came with a batch."""
        with self._lock:
            return self._hashes.intersection(hashes)

    def read(self, query: Query, scope: Scope) -> Rows:
        """The rows that the scope admits and the query asks for."""
        stored = self._all()
        found = [_under(s, query, stored) for s in _by_datastream(steps(scope.slices, query.window))]
        rows = joined([r for r in found if len(r)])
        return last_of_each(rows) if query.newest else rows

    def last_heard(self) -> dict[int, int]:
        """The newest time of every datastream."""
        stored = self._all()
        newest = last_of_each(Rows(stored.datastream, stored.time, stored.value))
        return dict(zip(newest.datastream.tolist(), newest.time.tolist(), strict=True))

    def delete(self, erasure: Erasure) -> int:
        """Forget rows; how many."""
        with self._erasing, self._lock:
            stored = self._all()
            going = named(stored, erasure)
            self._parts[0] = stored.take(~going)
            self._version += 1
        return int(going.sum())

    def thin(self, thinning: Thinning) -> int:
        """Put old rows together; how many rows fewer."""
        with self._erasing, self._lock:
            stored = self._all()
            rows = list(zip(*(getattr(stored, name).tolist() for name in COLUMNS), strict=True))
            left = list(_thinned(rows, thinning))
            columns = zip(*left, strict=True) if left else [()] * len(COLUMNS)
            self._parts = [Observations(*map(np.array, columns, COLUMNS.values()))]
            self._version += 1
        return len(stored) - len(left)

    def compact(self, archive: int = BEGINNING) -> str:
        """Nothing to do."""
        del archive
        return ""

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        """Values of some of the rows that an erasure names."""
        stored = self._all()
        return np.unique(stored.value[named(stored, erasure)])[:most]

    def holds(self, values: Values) -> Values:
        """Which of these values any row has."""
        return np.intersect1d(values, self._all().value)

    @contextmanager
    def snapshot(self) -> Iterator[_Whole]:
        """All that is stored now."""
        with self._erasing:
            with self._lock:
                whole = _Whole(self._all(), np.array(sorted(self._hashes), np.uint64))
            yield whole

    def close(self) -> None:
        """Nothing to write."""

    def _all(self) -> Observations:
        """Everything as one batch, ordered by (datastream, time)."""
        with self._lock:
            if len(self._parts) > 1:
                columns = (np.concatenate([getattr(p, name) for p in self._parts]) for name in COLUMNS)
                whole = last_wins(clean(Observations(*columns)))
                self._parts = [whole.take(np.lexsort((whole.time, whole.datastream)))]
            return self._parts[0]


class _Whole:
    """All there is at one moment."""

    replacing = 0

    def __init__(self, stored: Observations, hashes: NDArray[np.uint64]) -> None:
        self._stored, self._hashes = stored, hashes
        self.rows = len(stored)

    def batches(self) -> Iterator[Observations]:
        if self.rows:
            yield self._stored

    def hashes(self) -> NDArray[np.uint64]:
        return self._hashes


def _thinned(rows: Iterable[_Row], t: Thinning) -> Iterator[_Row]:
    """The rows (in order of datastream and time) as they are afterwards; one at a time, window by window."""
    ages = dict(
        zip(t.datastream.tolist(), zip(t.raw.tolist(), t.last.tolist(), t.late.tolist(), strict=True), strict=True)
    )
    cuts: dict[int, list[int]] = defaultdict(list)
    for datastream, cut in sorted(zip(t.cut_datastream.tolist(), t.cut.tolist(), strict=True)):
        cuts[datastream].append(cut)
    for (datastream, start), window in groupby(rows, lambda r: (r[0], r[2] // t.window * t.window)):
        raw, last, late = ages.get(datastream, (BEGINNING, BEGINNING, 0))
        if start + t.window > max(raw, last):
            yield from window
        elif start + t.window > last:
            parts: dict[object, list[_Row]] = defaultdict(list)
            for r in window:
                since = bisect_right(cuts[datastream], r[3])
                parts[r[1], r[5], r[6], since, r[3] >= start + late, r[3] // DAY].append(r)
            least = gcd(*map(len, parts.values()))
            for part in parts.values():
                yield from (_mean(part, r[2]) for r in part[: len(part) // least])


def _mean(part: list[_Row], time: int) -> _Row:
    values = [r[4] for r in part]
    mean = values[0] if len(set(values)) == 1 else sum(values) / len(values)
    quality = reduce(or_, (r[7] for r in part))
    first = part[0]
    value = mean if isfinite(mean) else min(values)
    return first[0], first[1], time, max(r[3] for r in part), value, first[5], first[6], quality


def _by_datastream(slices: NDArray[np.void]) -> list[NDArray[np.void]]:
    slices = slices[np.argsort(slices["datastream"], kind="stable")]
    first = np.unique(slices["datastream"], return_index=True)[1]
    return np.split(slices, first[1:]) if len(slices) else []


def _under(slices: NDArray[np.void], query: Query, stored: Observations) -> Rows:
    """What one datastream's slices show: its rows, or the means of its windows."""
    datastream = slices["datastream"][0]
    first, after = (int(np.searchsorted(stored.datastream, datastream, side)) for side in _SIDES)
    rows = stored.take(np.arange(first, after))
    admitted = np.zeros(len(rows), bool)
    time = rows.time
    for s in slices:
        yes = (rows.received >= s["since"]) & (rows.received < s["until"])
        yes &= (rows.grade >= s["least_grade"]) & (rows.wish >= s["least_wish"])
        yes &= (rows.time >= s["earliest"]) & (rows.time < s["before"])
        if s["step"]:
            time = window_start(rows.time, s["step"])
        if s["window"]:
            yes &= rows.received < time + s["window"] + s["watermark"]
        admitted |= yes
    admitted &= (time >= max(query.since, BEGINNING)) & (time < min(query.until, END))
    shown = Rows(rows.datastream[admitted], time[admitted], rows.value[admitted])
    return _means(shown) if slices["step"][0] else shown


def _means(rows: Rows) -> Rows:
    """Rows whose time is the start of their window as one mean per window."""
    starts, first, count = np.unique(rows.time, return_index=True, return_counts=True)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is left out later
        mean = np.add.reduceat(rows.value, first) / count if len(rows) else rows.value
    return Rows(rows.datastream[first], starts, mean)
