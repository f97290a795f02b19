"""What every engine does to a batch before it stores it.

Rule: what is stored is finite, its times fit, and no (datastream, time) is there twice: the last wins.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hub.core.history import BEGINNING, END
from hub.core.observations import Observations, Times
from hub.core.store import NO_ROWS, Erasure, Rows

COLUMNS = {
    "datastream": np.int32, "owner": np.int32, "time": np.int64, "received": np.int64,
    "value": np.float64, "grade": np.uint8, "wish": np.uint8, "quality": np.uint8,
}  # fmt: skip
"""The columns of `Observations`, in order."""


def clean(batch: Observations) -> Observations:
    """The rows to store: without values that are no number.

    Times further from 1970 than 146,000 years are moved to that limit: all later arithmetic (µs in 64 bits) is safe.
    """
    finite = np.isfinite(batch.value)
    if not finite.all():
        batch = batch.take(finite)
    if len(batch) and (batch.time.min() < BEGINNING or batch.time.max() >= END):
        batch = replace(batch, time=np.clip(batch.time, BEGINNING, END - 1))
    return batch


def last_wins(batch: Observations) -> Observations:
    """The rows that no later one of the batch replaces."""
    order = np.lexsort((batch.time, batch.datastream))  # stable: equal keys stay in the order of the batch
    datastream, time = batch.datastream[order], batch.time[order]
    replaced = order[:-1][(datastream[1:] == datastream[:-1]) & (time[1:] == time[:-1])]
    if not len(replaced):
        return batch
    keep = np.ones(len(batch), bool)
    keep[replaced] = False
    return batch.take(keep)


def named(stored: Observations, erasure: Erasure) -> NDArray[np.bool_]:
    """Which rows an erasure names."""
    yes: NDArray[np.bool_] = np.equal(stored.owner, erasure.owner)
    yes &= (stored.time >= erasure.since) & (stored.time < erasure.until) & (stored.received < erasure.arrived)
    if erasure.datastreams is not None:
        yes &= np.isin(stored.datastream, list(erasure.datastreams))
    return yes


def joined(parts: list[Rows]) -> Rows:
    """Several findings as one, ordered by (datastream, time); a mean too large for a float is left out."""
    if not parts:
        return NO_ROWS
    datastream = np.concatenate([p.datastream for p in parts])
    time = np.concatenate([p.time for p in parts])
    value = np.concatenate([p.value for p in parts])
    order = np.lexsort((time, datastream)) if len(parts) > 1 else np.arange(len(value))
    order = order[np.isfinite(value[order])]
    return Rows(datastream[order], time[order], value[order])


def last_of_each(rows: Rows) -> Rows:
    """The last row of every datastream; in: rows ordered by (datastream, time)."""
    last = np.ones(len(rows), bool)
    last[:-1] = rows.datastream[1:] != rows.datastream[:-1]
    return Rows(rows.datastream[last], rows.time[last], rows.value[last])


def keyed(**columns: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.void]:
    """Columns as one, to be compared and sorted by all of them."""
    rows = np.empty(len(next(iter(columns.values()))), [(name, np.int64) for name in columns])
    for name, column in columns.items():
        rows[name] = column
    return rows


def window_start(time: Times, window: Times | int) -> Times:
    """The start of the window (µs, multiples of its length since 1970, before 1970 too) that each time lies in."""
    start: Times = time - np.mod(time, window)
    return start


def steps(slices: NDArray[np.void], window: int) -> NDArray[np.void]:
    """Slices with one more column, `step`: the window its rows are averaged over (µs; 0: not at all).

    A slice's own window holds; a slice without one takes the `window` that the query asks for.
    """
    wider = np.empty(len(slices), [*slices.dtype.descr, ("step", np.int64)])
    for name in slices.dtype.names or ():
        wider[name] = slices[name]
    wider["step"] = np.where(slices["window"] > 0, slices["window"], min(window, END // 2))
    return wider
