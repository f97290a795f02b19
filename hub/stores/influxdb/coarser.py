"""Old rows as means of their windows, in columns: what `Store.thin` makes of a stretch of rows.

Rule: as `hub.core.store.Thinning` says; rows that some scope admits and others that it does not are never in one mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.history import BEGINNING
from hub.core.observations import Observations
from hub.core.store import Thinning
from hub.stores.batches import COLUMNS, keyed, window_start

_NEVER = BEGINNING
_Column = NDArray[np.generic]


def coarser(rows: Observations, thinning: Thinning) -> Observations:
    """What is left of rows (whole windows, ordered by (datastream, time)), in the same order."""
    start = window_start(rows.time, int(thinning.window))
    raw, last, late = _ages(rows, thinning)
    ends = start + thinning.window
    stays = ends > np.maximum(raw, last)
    old = np.flatnonzero(~stays & (ends > last))
    young = rows.take(stays)
    if not len(old):
        return young
    return _in_order(young, _means(rows.take(old), start[old], rows.received[old] >= start[old] + late[old], thinning))


def changed(before: Observations, after: Observations) -> NDArray[np.bool_]:
    """Of which rows of `after` anything but the time differs from the row of `before` with that datastream and time."""
    at = _places(before, after)
    differs = np.zeros(len(after), bool)
    for name in COLUMNS:
        differs |= getattr(before, name)[at] != getattr(after, name)
    return differs


def gone(before: Observations, after: Observations) -> NDArray[np.bool_]:
    """Which rows of `before` have none with their datastream and time in `after`."""
    left = np.ones(len(before), bool)
    left[_places(before, after)] = False
    return left


def _places(before: Observations, after: Observations) -> NDArray[np.intp]:
    """Where each row of `after` stands in `before`."""
    here, there = (keyed(datastream=b.datastream, time=b.time) for b in (before, after))
    _, place, order = np.intersect1d(here, there, assume_unique=True, return_indices=True)
    places = np.empty(len(after), np.intp)
    places[order] = place
    return places


def _ages(rows: Observations, t: Thinning) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each row until when its datastream's rows become means and go, and what is late."""
    order = np.argsort(t.datastream, kind="stable")
    ids = t.datastream[order]
    at = np.minimum(np.searchsorted(ids, rows.datastream), max(0, len(ids) - 1))
    if not len(ids):
        never = np.full(len(rows), _NEVER, np.int64)
        return never, never, np.zeros(len(rows), np.int64)
    known = ids[at] == rows.datastream
    raw, last = (np.where(known, column[order][at], _NEVER) for column in (t.raw, t.last))
    return raw, last, np.where(known, t.late[order][at], 0)


def _means(rows: Observations, start: NDArray[np.int64], late: NDArray[np.bool_], t: Thinning) -> Observations:
    """Each part of a window as so many of its rows, all of its mean, as keep the mean of the window what it was."""
    keys = (
        late, rows.received // DAY, _sides(rows, t), rows.wish, rows.grade, rows.owner, start, rows.datastream,
    )  # fmt: skip
    order = np.lexsort((rows.time, *keys))
    first = np.ones(len(order), bool)
    first[1:] = np.any([k[order][1:] != k[order][:-1] for k in keys], axis=0)
    at = np.flatnonzero(first)
    count = np.diff(np.append(at, len(order)))
    kept = count // _common(count, rows.datastream[order][at], start[order][at])
    part = np.repeat(np.arange(len(at)), count)
    keep = np.arange(len(order)) - at[part] < kept[part]
    rows, part = rows.take(order), part[keep]
    value, received = _values(rows.value, at, count), np.maximum.reduceat(rows.received, at)
    quality = np.bitwise_or.reduceat(rows.quality, at)
    left = rows.take(keep)
    return Observations(
        left.datastream, left.owner, left.time, received[part], value[part], left.grade, left.wish, quality[part]
    )


def _values(value: NDArray[np.float64], at: NDArray[np.intp], count: NDArray[np.intp]) -> NDArray[np.float64]:
    """The mean of each part; of one that is too large for a float its least value."""
    low, high = np.minimum.reduceat(value, at), np.maximum.reduceat(value, at)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.add.reduceat(value, at) / count
    return np.where((low < high) & np.isfinite(mean), mean, low)


def _common(count: NDArray[np.intp], datastream: _Column, start: _Column) -> NDArray[np.intp]:
    """For each part the greatest common divisor of the sizes of all parts of its window."""
    first = np.ones(len(count), bool)
    first[1:] = (datastream[1:] != datastream[:-1]) | (start[1:] != start[:-1])
    at = np.flatnonzero(first)
    divisor: NDArray[np.intp] = np.gcd.reduceat(count, at)
    return np.repeat(divisor, np.diff(np.append(at, len(count))))


def _sides(rows: Observations, t: Thinning) -> NDArray[np.intp]:
    """For each row how many of its datastream's cuts it arrived after."""
    sides = np.zeros(len(rows), np.intp)
    for datastream in np.intersect1d(t.cut_datastream, rows.datastream):
        mine = rows.datastream == datastream
        cuts = np.sort(t.cut[t.cut_datastream == datastream])
        sides[mine] = np.searchsorted(cuts, rows.received[mine], "right")
    return sides


def _in_order(young: Observations, means: Observations) -> Observations:
    columns = (np.concatenate([getattr(young, name), getattr(means, name)]) for name in COLUMNS)
    whole = Observations(*columns)
    return whole.take(np.lexsort((whole.time, whole.datastream)))
