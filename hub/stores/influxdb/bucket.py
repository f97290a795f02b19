"""What the InfluxDB engine does with its bucket: rows, windows, newest rows, hashes, deletions.

Rule: times are µs here and outside; only tags and times are deleted by (a field answers 204 and deletes nothing).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.history import END
from hub.core.observations import Ints, Observations, Values
from hub.core.store import NO_ROWS, Erasure, Rows
from hub.stores.batches import COLUMNS
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.flux import (
    Asked,
    Days,
    Windows,
    days_in,
    observations_in,
    odd_in,
    question,
    rows_in,
    windowed,
    windows_in,
)
from hub.stores.influxdb.leaving import Leaving
from hub.stores.influxdb.points import FIRST, LAST, NANO, lines, split
from hub.stores.influxdb.served import LEAST, MOST, SECONDS, Answer, Served

AT_ONCE = 2000
"""So many datastreams are asked for in one question."""
MOST_ROWS = 50_000
"""More rows than this are sent in several requests."""
FEW = 50
"""So many hashes are looked for in one question: Flux gives up on much longer ones."""
_AT_ONCE = 1_000_000
_WEEK = 7 * DAY
NOTHING = Observations(*(np.empty(0, kind) for kind in COLUMNS.values()))
T = TypeVar("T")
Ids = Collection[int] | None
"""Datastreams; None: all there are."""


class Bucket(Served):
    """The bucket `vault` of a server."""

    def __init__(self, access: Access, seconds: float = SECONDS) -> None:
        super().__init__(access, seconds)
        self._name = access.bucket

    def rows(self, datastreams: Ids, since: int, until: int, measurement: str = "o", then: str = "") -> Observations:
        """The rows of datastreams with a time in [since, until), ordered by (datastream, time)."""
        return together([
            observations_in(self._fields(part, {"v": "ds,o,_time", "a": "ds,_time"}, then)) or NOTHING
            for part in self._parts(datastreams, since, until, measurement)
        ])  # fmt: skip

    def values(self, datastreams: Ids, since: int, until: int) -> Rows:
        """The same without anything that says how they arrived."""
        found = [rows_in(self._fields(part, {"v": "ds,_time"})) for part in self._parts(datastreams, since, until)]
        columns = ([getattr(f, name) for f in found] or [getattr(NO_ROWS, name)] for name in Rows.__slots__)
        return Rows(*(np.concatenate(c) for c in columns))

    def odd(self, datastreams: Ids, owner: int | None = None, then: str = "") -> Observations:
        """The rows with odd times, of one owner or of all."""
        shown = {"v": "ds,o,e,_time", "r": "ds,e,_time", "k": "ds,e,_time"}
        asked = Asked(0, MOST, datastreams, owner, "odd")
        return odd_in(self._fields(asked, shown, then)) or NOTHING

    def windows(self, datastreams: Ids, since: int, until: int, window: int, *, whole: bool) -> list[Windows]:
        """Windows that begin in [since, until), both multiples of `window`; `whole`: how rows arrived is no matter."""
        wanted = [("v", "mean"), *([] if whole else [("a", "min"), ("a", "max")])]
        return [
            windows_in(self.ask(windowed(self._name, part, window, wanted)), whole=whole)
            for part in self._parts(datastreams, since, until)
        ]

    def days(self, erasure: Erasure) -> Days:
        """The days on which an erasure's owner has rows between its times; the first may be cut."""
        whole = erasure.arrived >= END
        since, until = _usual(erasure)
        if since >= until:
            return days_in({}, whole=True)
        asked = Asked(since * NANO, until * NANO, erasure.datastreams, erasure.owner)
        wanted = [("v", "count"), *([] if whole else [("a", "min"), ("a", "max")])]
        return days_in(self.ask(windowed(self._name, asked, DAY, wanted)), whole=whole)

    def counts(self, datastreams: Ids, until: int, span: int) -> list[Days]:
        """How many rows there are in windows of `span` that begin before `until`."""
        first = FIRST // span * span
        return [
            days_in(self.ask(windowed(self._name, part, span, [("v", "count")])), whole=True)
            for part in self._parts(datastreams, first, until)
        ]

    def present(self, since: int, until: int) -> Ints:
        """The datastreams that have any row with a time in [since, until)."""
        asked = Asked(since * NANO, until * NANO)
        days = days_in(self.ask(windowed(self._name, asked, until - since, [("v", "count")])), whole=True)
        return np.unique(days.windows.datastream)

    def last(self, datastreams: Ids, since: int, until: int) -> Observations:
        """The last row of each datastream with a time in [since, until)."""
        return self.rows(datastreams, since, until, then=" |> last()")

    def some(self, erasure: Erasure, most: int) -> Observations:
        """Up to so many rows of each datastream that an erasure names."""
        since, until = _usual(erasure)
        if since >= until:
            return NOTHING
        asked = Asked(since * NANO, until * NANO, erasure.datastreams, erasure.owner)
        answer = self._fields(asked, {"v": "ds,o,_time", "a": "ds,_time"}, f" |> limit(n: {most:d})")
        return observations_in(answer) or NOTHING

    def store(self, rows: Observations, measurement: str = "o") -> None:
        """Store usual rows, in as many requests as it needs."""
        for first in range(0, len(rows), MOST_ROWS):
            self.write(lines(rows.take(np.arange(first, min(first + MOST_ROWS, len(rows)))), measurement))

    def hashes(self, words: Collection[int], since: int) -> set[int]:
        """Which of these were stored since then."""
        found: set[int] = set()
        for some in _few(sorted(words)):
            one = " or ".join(f'r._value == "x{w:016x}"' for w in some)
            flux = question(
                self._name, Asked(since * NANO, measurement="ack"), "h", more=f" and ({one})", columns="_time"
            )
            found.update(int(h[1:], 16) for h in self.ask(flux).get("h", {}).get("_value", ()))
        return found

    def all_hashes(self, since: int) -> NDArray[np.uint64]:
        """All that were stored since then."""
        found = self.ask(question(self._name, Asked(since * NANO, measurement="ack"), "h", columns="_time"))
        return np.unique(np.array([int(h[1:], 16) for h in found.get("h", {}).get("_value", ())], np.uint64))

    def held(self, values: Values) -> Values:
        """Which of these values any row has.

        All rows are read for it, a part of a week at a time: a storage that is asked for many values takes forty times
        as long to look through them itself.
        """
        left = np.setdiff1d(values, self.odd(None).value)
        weeks = self.counts(None, LAST, _WEEK)
        starts, at = np.unique(np.concatenate([w.windows.start for w in weeks]), return_inverse=True)
        rows = np.bincount(at, np.concatenate([w.count for w in weeks]), len(starts))
        for start, count in zip(starts.tolist(), rows.tolist(), strict=True):
            step = _WEEK // (1 + int(count) // _AT_ONCE) + 1
            for since in range(start, start + _WEEK, step):
                if not len(left):
                    return np.unique(values)
                found = self.values(None, since, min(since + step, start + _WEEK)).value
                left = np.setdiff1d(left, found)
        return np.setdiff1d(values, left)

    def delete_named(self, erasure: Erasure, leaving: Leaving) -> None:
        """Delete the usual rows that leave."""
        since, until = _usual(erasure)
        if not leaving.rows:
            return
        if leaving.everything and erasure.datastreams is None:
            self.delete(f'_measurement="o" AND o="{erasure.owner:d}"', since * NANO, until * NANO)
            return
        for s in leaving.stretches:
            first, after = max(s.since, since), min(s.until, until)
            self.delete(
                f'_measurement="o" AND o="{erasure.owner:d}" AND ds="{s.datastream:d}"', first * NANO, after * NANO
            )

    def delete_rows(self, datastream: int, since: int, until: int, measurement: str = "o") -> None:
        """Delete a datastream's usual rows with a time in [since, until)."""
        self.delete(f'_measurement="{measurement}" AND ds="{datastream:d}"', since * NANO, until * NANO)

    def delete_odd(self, rows: Observations) -> None:
        """Delete these rows with odd times."""
        era, rest = split(rows.time)
        for d, e, t in zip(rows.datastream.tolist(), era.tolist(), rest.tolist(), strict=True):
            self.delete(f'_measurement="odd" AND ds="{d:d}" AND e="{e:d}"', t, t + 1)

    def forget(self, before: int) -> None:
        """Delete hashes that were stored before."""
        self.delete('_measurement="ack"', LEAST, before * NANO)

    def _fields(self, asked: Asked, shown: Mapping[str, str], then: str = "") -> Answer:
        return self.ask(
            "\n".join(question(self._name, asked, field, then=then, columns=c) for field, c in shown.items())
        )

    def _parts(self, datastreams: Ids, since: int, until: int, measurement: str = "o") -> Iterator[Asked]:
        """What is asked for in as many questions as it needs."""
        if since >= until:
            return
        if datastreams is None:
            yield Asked(since * NANO, until * NANO, None, None, measurement)
            return
        ids = np.unique(np.fromiter(datastreams, np.int32, len(datastreams)))
        for first in range(0, len(ids), AT_ONCE):
            part = ids[first : first + AT_ONCE].tolist()
            yield Asked(since * NANO, until * NANO, part, None, measurement)


def together(parts: list[Observations]) -> Observations:
    """Several findings as one, ordered by (datastream, time)."""
    parts = [p for p in parts if len(p)] or [NOTHING]
    if len(parts) == 1:
        return parts[0]
    whole = Observations(*(np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS))
    return whole.take(np.lexsort((whole.time, whole.datastream)))


def among(datastream: Ints, start: NDArray[np.int64], windows: Windows) -> NDArray[np.bool_]:
    """Which rows, by datastream and start of their window, lie in any of these windows."""
    ids, starts = np.unique(windows.datastream), np.unique(windows.start)
    if not len(ids):
        return np.zeros(len(datastream), bool)

    def number(d: Ints, s: NDArray[np.int64]) -> NDArray[np.int64]:
        at = np.minimum(np.searchsorted(ids, d), len(ids) - 1), np.minimum(np.searchsorted(starts, s), len(starts) - 1)
        return np.where((ids[at[0]] == d) & (starts[at[1]] == s), at[0] * len(starts) + at[1], -1)

    return np.isin(number(datastream, start), number(windows.datastream, windows.start))


def _usual(erasure: Erasure) -> tuple[int, int]:
    """The part of an erasure's time that is not odd."""
    return max(erasure.since, FIRST), min(erasure.until, LAST)


def _few(some: list[T]) -> Iterator[list[T]]:
    for first in range(0, len(some), FEW):
        yield some[first : first + FEW]
