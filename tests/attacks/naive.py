"""What others do: averages of at least five homes for every zoom, made anew whenever somebody asks.

Rule: these are the weak variants on which an attack shows that it can succeed. Nothing of the hub is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import h3
import numpy as np
from numpy.typing import NDArray

from hub.core.grade import HOUR
from tests.attacks.explain import Ledger
from tests.attacks.town import MIDNIGHT

LEAST = 5
ZOOMS = (9, 8, 7, 6)


def rows_by_home(ledger: Ledger, observed: str, windows: int) -> tuple[NDArray[np.int64], int]:
    """Every number such a map would have shown over these hours, as rows over homes; and how many homes there are.

    One record a home; a number for each zoom and cell in which at least five had something to say, made again with
    what came late, and without whoever had left by then.
    """
    every = [*ledger.story.devices, *ledger.story.gone]
    homes = {d.party: n for n, d in enumerate(every)}
    cells = {d.party: h3.latlng_to_cell(d.place.lat, d.place.lon, ZOOMS[0]) for d in every}
    gone = {d.party for d in ledger.story.gone}
    rows: set[frozenset[int]] = set()
    for window in range(windows):
        start = MIDNIGHT + window * HOUR
        there = _there(ledger, observed, start, in_time=True)
        late = _there(ledger, observed, start, in_time=False)
        for present in (there, late, late - gone):
            rows |= _cells(present & set(cells), cells)
    matrix = np.zeros((len(rows), len(homes)), np.int64)
    for i, row in enumerate(sorted(map(sorted, rows))):
        matrix[i, [homes[h] for h in row]] = 1
    return matrix, len(homes)


def _cells(present: Collection[int], cells: Mapping[int, str]) -> set[frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for home in present:
        for zoom in ZOOMS:
            found[h3.cell_to_parent(cells[home], zoom)].add(home)
    return {frozenset(some) for some in found.values() if len(some) >= LEAST}


def _there(ledger: Ledger, observed: str, start: int, *, in_time: bool) -> set[int]:
    """The homes that had said something about a window, by its end or ever."""
    owner = ledger.party_of
    return {
        owner[stream]
        for stream, said in ledger.story.said.items() for one in said
        if one.observed == observed and one.at // HOUR * HOUR == start and (one.heard is None or not in_time)
    }  # fmt: skip
