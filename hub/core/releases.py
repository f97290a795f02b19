"""Closing a window: the means of whole blocks, and what each level may be told of them.

Rule: a sheet is a function of block sums alone. Whether a block speaks follows from which homes are there, never from
what they measured; a published figure stands for at least its level's number of homes and is never computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.core.blocks import LEVELS, Epoch, Level, Where
from hub.core.catalogue import ObservedProperty
from hub.core.grade import DAY, HOUR, RELEASE_HOMES_INTIMATE
from hub.core.observations import Bytes, Ints, Values
from hub.core.regions import number_of

Cells = NDArray[np.uint64]

WINDOW = HOUR
CARRIED = 4
"""So many windows a home's last value stands for it at most."""
_LIVE_OF_FIVE = 4
_DECIMALS = 9
_BANDS = {False: (5, 10, 20), True: (15, 30)}
_WORDS = {5: "5–9", 10: "10–19", 20: "20 or more", 15: "15–29", 30: "30 or more"}  # noqa: RUF001 - a range, for people


@dataclass(frozen=True, slots=True)
class Sheet:
    """All figures of a property for one window and level: columns, one `Release` a row, ordered by cell.

    `start` and `window` in µs; `cells` are H3 indexes (0: the whole neighbourhood); `means` in the property's unit,
    stepped; `homes` the lower end of the band in which the number of homes lies.
    """

    property: str
    where: Where
    level: Level
    start: int
    window: int
    cells: Cells
    means: Values
    homes: Bytes

    def __len__(self) -> int:
        """How many figures."""
        return len(self.cells)


@dataclass(frozen=True, slots=True)
class Seats:
    """An epoch as columns. A row is a home's place in a block, block after block; `datastream` is in order.

    `row` is the row of each datastream; `first` and `size` the rows of each block, `number` its number; `labels` the
    cell of each block's figure by level, and `told` whether it has one.
    """

    epoch: Epoch
    rows: int
    datastream: Ints
    row: NDArray[np.intp]
    first: NDArray[np.intp]
    size: NDArray[np.intp]
    number: Ints
    labels: Mapping[Level, Cells]
    told: Mapping[Level, NDArray[np.bool_]]


def seats(epoch: Epoch) -> Seats:
    """The epoch's blocks as columns, to be used for each of its windows."""
    members = [member for block in epoch.blocks for member in block.members]
    datastream = np.array([d for member in members for d in member], np.int32)
    row = np.repeat(np.arange(len(members)), [len(member) for member in members])
    order = np.argsort(datastream)
    size = np.array([len(b.homes) for b in epoch.blocks], np.intp)
    named: dict[Level, list[str | None]] = {
        "near": [b.region for b in epoch.blocks],
        "public": [b.public for b in epoch.blocks],
    }
    return Seats(
        epoch, len(members), datastream[order], row[order],
        np.cumsum(size) - size, size, np.array([b.number for b in epoch.blocks], np.int32),
        {level: _numbers(named[level]) for level in LEVELS},
        {level: np.array([label is not None for label in named[level]], bool) for level in LEVELS},
    )  # fmt: skip


def windows_wanted(observed: ObservedProperty) -> int:
    """How many windows `home_values` needs, the one that closes included."""
    return 1 + CARRIED + observed.meter


def home_values(table: Seats, observed: ObservedProperty, datastream: Ints, back: Ints, mean: Values) -> Values:
    """What each home measured in the window that closes and in those before.

    In: rows of a window's mean (property's own unit) of a datastream, `back` windows before the closing one (0: itself;
    others than `windows_wanted` are left out, as are datastreams in no block). Out: (rows of `table`, 1 + CARRIED)
    numbers, NaN where there is none: the mean over the home's datastreams, each clipped to the release bounds; of a
    meter the growth of its mean since the window before, and nothing when it went back.
    """
    wanted = windows_wanted(observed)
    grid = np.full((len(table.datastream), wanted), np.nan)
    at = np.searchsorted(table.datastream, datastream)
    known = (at < len(table.datastream)) & (back >= 0) & (back < wanted)
    known[known] = table.datastream[at[known]] == datastream[known]
    grid[at[known], back[known]] = mean[known]
    grid[~np.isfinite(grid)] = np.nan
    if observed.meter:
        grid = grid[:, :-1] - grid[:, 1:]
        grid[grid < 0] = np.nan
    low = observed.low if observed.release_low is None else observed.release_low
    high = observed.high if observed.release_high is None else observed.release_high
    return _averaged(np.clip(grid, low, high), table)


def close(
    table: Seats, start: int, values: Values, resting: Iterable[int], observed: ObservedProperty,
    usual: Mapping[int, float],
) -> dict[Level, Sheet]:  # fmt: skip
    """The sheets of the window that began at `start` (µs).

    In: `home_values`, the numbers of the blocks that rest, and `usual_means` of the epoch before (public cell → mean).
    A block speaks when at least four in five of its homes are live in this window and each of the others was within
    the last `CARRIED`, which then stands for it. Each value is clipped to `release_spread` around what is usual where
    the block is told to the public. A figure is the mean over the homes of its speaking blocks, if they are enough.
    """
    sums, speaks = _spoken(table, values, np.fromiter(resting, np.int64), observed.release_spread, usual)
    least = {"near": table.epoch.k, "public": table.epoch.public_k}
    step = observed.step_commons if observed.release_step is None else observed.release_step
    found: dict[Level, Sheet] = {}
    for level in LEVELS:
        told = speaks & table.told[level]
        cells, area = np.unique(table.labels[level][told], return_inverse=True)
        homes = np.bincount(area, table.size[told], len(cells))
        means = _stepped(np.bincount(area, sums[told], len(cells)) / np.maximum(homes, 1), step)
        enough = homes >= least[level]
        found[level] = Sheet(
            table.epoch.property, table.epoch.where, level, start, WINDOW, cells[enough], means[enough],
            _banded(homes[enough], table.epoch.k),
        )  # fmt: skip
    return found


def usual_means(sheets: Iterable[Sheet], start: int) -> dict[int, float]:
    """What was published before as the middle of what is plausible now: cell → mean.

    In: the public sheets of the previous epoch, and the start of the window that closes. The hours of the same time of
    day decide; where a cell has none, all of its hours.
    """
    told = [s for s in sheets if len(s)]
    same = [s for s in told if (s.start - start) % DAY == 0]
    return _means(told) | _means(same)


def band(homes: int, k: int) -> int:
    """The lower end of the band in which a number of homes lies (exact numbers are never told)."""
    return int(_banded(np.array([homes]), k)[0])


def band_words(lowest: int) -> str:
    """The band with this lower end in words: from 5 to 9, say, or 30 or more."""
    return _WORDS[lowest]


def _spoken(
    table: Seats, values: Values, resting: NDArray[np.int64], spread: float, usual: Mapping[int, float]
) -> tuple[Values, NDArray[np.bool_]]:
    """The sum of each block, and whether it speaks."""
    if not len(table.size):
        return np.empty(0), np.empty(0, bool)
    there = np.isfinite(values)
    value = values[np.arange(table.rows), there.argmax(axis=1)]
    live = np.add.reduceat(there[:, 0].astype(np.intp), table.first)
    whole = np.logical_and.reduceat(there.any(axis=1), table.first)
    speaks = (5 * live >= _LIVE_OF_FIVE * table.size) & whole & ~np.isin(table.number, resting)
    middle = np.array([usual.get(int(c), np.nan) for c in table.labels["public"]])
    middle = np.repeat(np.where(table.told["public"], middle, np.nan), table.size)
    clipped = np.where(np.isnan(middle), value, np.clip(value, middle - spread, middle + spread))
    return np.add.reduceat(np.where(np.repeat(speaks, table.size), clipped, 0.0), table.first), speaks


def _numbers(labels: Sequence[str | None]) -> Cells:
    known = {label: number_of(label) for label in set(labels) if label is not None}
    return np.array([0 if label is None else known[label] for label in labels], np.uint64)


def _averaged(grid: Values, table: Seats) -> Values:
    """The mean over each home's datastreams that have a number, window by window."""
    there = np.isfinite(grid)
    total, count = np.zeros((table.rows, grid.shape[1])), np.zeros((table.rows, grid.shape[1]))
    np.add.at(total, table.row, np.where(there, grid, 0.0))
    np.add.at(count, table.row, there)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _stepped(means: Values, step: float) -> Values:
    stepped: Values = np.round(np.round(means / step) * step, _DECIMALS) + 0.0  # no minus nought
    return stepped


def _banded(homes: NDArray[np.generic], k: int) -> Bytes:
    edges = np.array(_BANDS[k >= RELEASE_HOMES_INTIMATE])
    return edges[np.maximum(np.searchsorted(edges, homes, side="right") - 1, 0)].astype(np.uint8)


def _means(sheets: Iterable[Sheet]) -> dict[int, float]:
    """The mean of each cell over these sheets."""
    sheets = list(sheets)
    if not sheets:
        return {}
    cells, area = np.unique(np.concatenate([s.cells for s in sheets]), return_inverse=True)
    total = np.bincount(area, np.concatenate([s.means for s in sheets]))
    return dict(zip(cells.tolist(), (total / np.bincount(area)).tolist(), strict=True))
