"""Which stretches of InfluxDB's points an erasure takes.

Rule: what arrived later than the erasure says stays. Days of which that is certain are taken whole, of any other the
rows are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.history import BEGINNING, END
from hub.core.observations import Ints, Observations, Times
from hub.core.scope import SLICE
from hub.core.store import Erasure
from hub.stores.batches import window_start
from hub.stores.influxdb.admitting import verdicts
from hub.stores.influxdb.flux import Days, Windows

Raw = Callable[[Ints, int, int], Observations]
"""Reads the rows of datastreams with a time (µs) in [since, until)."""


class Stretch(NamedTuple):
    """Rows of a datastream with a time (µs) in [`since`, `until`)."""

    datastream: int
    since: int
    until: int


class Leaving(NamedTuple):
    """How many rows go; the stretches in which they and no others are; whether nothing at all stays beside them."""

    rows: int
    stretches: list[Stretch]
    everything: bool


def leaving(days: Days, erasure: Erasure, raw: Raw) -> Leaving:
    """What goes of days (UTC, cut by the erasure's own times); `raw` reads rows where a day alone does not tell."""
    windows = days.windows
    every, none = verdicts(windows, DAY, _slices(np.unique(windows.datastream), erasure))
    unsure = ~every & ~none
    ends = window_start(windows.start, DAY) + DAY  # the first day may be cut
    looked = _looked(windows, unsure, erasure, raw)
    events = _Events(windows.datastream, windows.start, ends, every).only(~unsure).also(looked)
    rows = int(days.count[every].sum()) + int(looked.goes.sum())
    return Leaving(rows, list(_runs(events)), bool(events.goes.all()))


class _Events(NamedTuple):
    """Stretches that either go or stay; equal-length columns."""

    datastream: Ints
    since: Times
    until: Times
    goes: NDArray[np.bool_]

    def only(self, which: NDArray[np.bool_]) -> _Events:
        return _Events(self.datastream[which], self.since[which], self.until[which], self.goes[which])

    def also(self, other: _Events) -> _Events:
        return _Events(
            np.concatenate([self.datastream, other.datastream]), np.concatenate([self.since, other.since]),
            np.concatenate([self.until, other.until]), np.concatenate([self.goes, other.goes]),
        )  # fmt: skip


def _slices(datastreams: Ints, erasure: Erasure) -> NDArray[np.void]:
    """The erasure as slices of days: rows of any grade that had arrived before."""
    slices = np.zeros(len(datastreams), SLICE)
    slices["datastream"] = datastreams
    slices["since"], slices["until"] = BEGINNING, min(erasure.arrived, END)
    slices["earliest"], slices["before"] = BEGINNING, END
    return slices


def _looked(w: Windows, unsure: NDArray[np.bool_], erasure: Erasure, raw: Raw) -> _Events:
    if not unsure.any():
        none = np.empty(0, np.int64)
        return _Events(w.datastream[:0], none, none, unsure[:0])
    start = w.start[unsure]
    since = max(int(start.min()), erasure.since)
    rows = raw(np.unique(w.datastream[unsure]), since, min(int(start.max()) + DAY, erasure.until))
    wanted = np.isin(_day_of(rows.datastream, rows.time), _day_of(w.datastream[unsure], start))
    rows = rows.take(wanted)
    return _Events(rows.datastream, rows.time, rows.time + 1, rows.received < erasure.arrived)


def _day_of(datastream: Ints, time: Times) -> Times:
    """One number for a datastream and a day."""
    day: Times = window_start(time, DAY) // DAY + (1 << 20)
    return datastream.astype(np.int64) << 22 | day


def _runs(events: _Events) -> Iterator[Stretch]:
    """What goes, put together wherever nothing that stays lies between."""
    order = np.lexsort((events.since, events.datastream))
    datastream, since, until, goes = (column[order] for column in events)
    first = np.ones(len(order), bool)
    first[1:] = (datastream[1:] != datastream[:-1]) | (goes[1:] != goes[:-1])
    at = np.flatnonzero(first)
    if not len(at):
        return
    ends = np.maximum.reduceat(until, at)
    for n in np.flatnonzero(goes[at]):
        yield Stretch(int(datastream[at[n]]), int(since[at[n]]), int(ends[n]))
