"""Which rows, and which windows of a server's making, a scope's slices admit; in columns.

Rule: a window counts only if all of its rows are surely admitted, and is left out only if surely none is; of any other
its rows are read and admitted one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hub.core.history import BEGINNING, END
from hub.core.observations import Ints, Observations
from hub.core.store import NO_ROWS, Rows
from hub.stores.batches import window_start
from hub.stores.influxdb.flux import Windows
from hub.stores.influxdb.points import unpack

Flags = NDArray[np.bool_]
_ALIKE = ("datastream", "least_grade", "least_wish", "window", "watermark", "earliest", "before", "step")


def merged(slices: NDArray[np.void]) -> NDArray[np.void]:
    """The same slices, where one begins when another alike ends put together; none that is empty."""
    slices = slices[slices["since"] < slices["until"]]
    slices = slices[np.lexsort([slices[n] for n in ("since", *reversed(_ALIKE))])]
    if not len(slices):
        return slices
    begins = np.ones(len(slices), bool)
    begins[1:] = slices["since"][1:] > slices["until"][:-1]
    for name in _ALIKE:
        begins[1:] |= slices[name][1:] != slices[name][:-1]
    first = np.flatnonzero(begins)
    whole = slices[first]
    whole["until"] = np.maximum.reduceat(slices["until"], first)
    return whole


def plain(slices: NDArray[np.void]) -> Flags:
    """Which slices admit rows however and whenever they arrived."""
    anything = (slices["least_grade"] == 0) & (slices["least_wish"] == 0) & (slices["window"] == 0)
    yes: Flags = anything & (slices["since"] <= BEGINNING) & (slices["until"] >= END)
    return yes


def admitted(rows: Observations, slices: NDArray[np.void]) -> Rows:
    """The rows that slices (of one `step`) admit; where there is a step, with the start of their window as time."""
    step = slices["step"][0]
    start = window_start(rows.time, step) if step else rows.time
    shown = np.zeros(len(rows), bool)
    for at, s in _pairs(rows.datastream, slices):
        time, received = rows.time[at], rows.received[at]
        yes = (received >= s["since"]) & (received < s["until"])
        yes &= (rows.grade[at] >= s["least_grade"]) & (rows.wish[at] >= s["least_wish"])
        yes &= (time >= s["earliest"]) & (time < s["before"])
        yes &= (s["window"] == 0) | (received < start[at] + s["window"] + s["watermark"])
        shown[at] |= yes
    return Rows(rows.datastream[shown], start[shown], rows.value[shown])


def verdicts(windows: Windows, step: int, slices: NDArray[np.void]) -> tuple[Flags, Flags]:
    """Of which windows (of `step` µs) all rows are surely admitted by slices, and of which surely none."""
    low, high = unpack(windows.least), unpack(windows.most)
    first, last, end = windows.start + low.delay, windows.start + step - 1 + high.delay, windows.start + step
    told = (low.grade == high.grade) & (low.wish == high.wish)
    every, none = np.zeros(len(end), bool), np.ones(len(end), bool)
    for at, s in _pairs(windows.datastream, slices):
        closes = np.where(s["window"] > 0, windows.start[at] + s["window"] + s["watermark"], END)
        good = (low.grade[at] >= s["least_grade"]) & (low.wish[at] >= s["least_wish"])
        inside = good & (first[at] >= s["since"]) & (last[at] < np.minimum(s["until"], closes))
        outside = ~good | (last[at] < s["since"]) | (first[at] >= np.minimum(s["until"], closes))
        whole = (windows.start[at] >= s["earliest"]) & (end[at] <= s["before"])
        apart = (end[at] <= s["earliest"]) | (windows.start[at] >= s["before"])
        every[at] |= whole & (plain(s) | (told[at] & inside))
        none[at] &= apart | (told[at] & outside)
    return every, none


def means(rows: Rows) -> Rows:
    """Rows whose time is the start of their window as one mean a window, ordered by (datastream, start)."""
    if not len(rows):
        return NO_ROWS
    order = np.lexsort((rows.time, rows.datastream))
    datastream, start, value = rows.datastream[order], rows.time[order], rows.value[order]
    first = np.ones(len(order), bool)
    first[1:] = (datastream[1:] != datastream[:-1]) | (start[1:] != start[:-1])
    at = np.flatnonzero(first)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is left out later
        mean = np.add.reduceat(value, at) / np.diff(np.append(at, len(order)))
    return Rows(datastream[at], start[at], mean)


def within(datastream: Ints, slices: NDArray[np.void]) -> Flags:
    """Which of these datastreams any of the slices is about."""
    yes: Flags = np.isin(datastream, slices["datastream"])
    return yes


def _pairs(datastream: Ints, slices: NDArray[np.void]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.void]]]:
    """Each row beside each slice of its datastream: numbers of rows and as many slices, a round for each further."""
    slices = slices[np.argsort(slices["datastream"], kind="stable")]
    ids = slices["datastream"].copy()
    first, after = np.searchsorted(ids, datastream, "left"), np.searchsorted(ids, datastream, "right")
    for n in range(int((after - first).max(initial=0))):
        at = np.flatnonzero(first + n < after)
        yield at, slices[first[at] + n]
