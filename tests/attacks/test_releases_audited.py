"""48 windows of a neighbourhood with churn, added and subtracted by somebody patient: nobody is isolated.

The control is what maps usually do, at least five homes a cell and zoom, everything recomputed from who is there: from
that the same auditor isolates many.
"""

from __future__ import annotations

import h3
import numpy as np
import pytest
from numpy.typing import NDArray

from hub.core.blocks import LEVELS, Chain, Epoch, Home, resting
from hub.core.grade import HOUR, Grade
from hub.core.releases import CARRIED, close, seats
from tests.attacks.auditor import Rows, audit, incidence, solved_by_two
from tests.core.towns import CHAINS, QUIET, counted, enrolled, home
from tests.core.world import CORNER

pytestmark = pytest.mark.slow

HOMES, WINDOWS = 120, 48
Flags = NDArray[np.bool_]
Chance = np.random.Generator


def town(chance: Chance) -> list[Home]:
    """Homes around two centres, in three chains."""
    found = []
    for n in range(HOMES):
        lat, lon = chance.normal((CORNER.lat + 0.02 * (n % 2), CORNER.lon), (0.001, 0.0015))
        found.append(home(n, h3.latlng_to_cell(lat, lon, 9), CHAINS[chance.choice([0, 0, 0, 1, 2])]))
    return found


def live(chance: Chance) -> Flags:
    """Window by home: 97 % there, in outages of a few windows."""
    there = np.ones((WINDOWS, HOMES), bool)
    for n in range(HOMES):
        for start in range(WINDOWS):
            if chance.random() < 0.01:
                there[start : start + chance.integers(1, 7), n] = False
    return there


def withdrawals(chance: Chance) -> dict[int, int]:
    """Home → the window from which on it is gone."""
    return {int(chance.integers(HOMES)): int(chance.integers(4, WINDOWS)) for _ in range(10)}


def published(epoch: Epoch, there: Flags, gone: dict[int, int]) -> Rows:
    """Every number of every window and level as a row over homes, by asking `close` itself."""
    table = seats(epoch)
    order = np.array([h for b in epoch.blocks for h in b.homes])
    rows: list[Rows] = []
    for window in range(WINDOWS):
        silent = resting(epoch, {1000 + h for h, since in gone.items() if since <= window})
        back = np.stack([there[max(0, window - b), order] for b in range(1 + CARRIED)], axis=1)

        def numbers(
            value: NDArray[np.float64], back: Flags = back, silent: frozenset[int] = silent
        ) -> NDArray[np.float64]:
            values = np.where(back, value[order][:, None], np.nan)
            sheets = close(table, window * HOUR, values, silent, QUIET, {})  # noqa: B023 - called within the round
            return np.concatenate([sheets[level].means for level in LEVELS])

        rows.append(incidence(numbers, HOMES))
    return np.concatenate(rows)


def recomputed(homes: list[Home], there: Flags, gone: dict[int, int]) -> Rows:
    """The control: each window and zoom anew from who is there, at least five in a cell."""
    rows = []
    for window in range(WINDOWS):
        present = [h for h in homes if there[window, h.home] and gone.get(h.home, WINDOWS) > window]
        for resolution in (9, 8, 7, 6):
            cells: dict[str, list[int]] = {}
            for h in present:
                cells.setdefault(h3.cell_to_parent(h.cell, resolution), []).append(h.home)
            rows += [
                np.isin(np.arange(HOMES), inside).astype(np.int64) for inside in cells.values() if len(inside) >= 5
            ]
    return np.stack(rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_48_windows_with_churn_isolate_nobody(seed: int) -> None:
    chance = np.random.default_rng(seed)
    homes = town(chance)
    epoch, there, gone = enrolled(homes), live(chance), withdrawals(chance)
    rows = published(epoch, there, gone)
    found = audit(rows)
    assert found.victims == frozenset()
    assert found.least_support >= 5
    assert solved_by_two(rows) == frozenset()
    assert len(counted(epoch.blocks)) == HOMES
    assert len(np.unique(rows, axis=0)) > 20
    control = audit(recomputed(homes, there, gone))
    assert len(control.exact) > HOMES // 3


def test_whoever_sees_single_rows_of_a_chain_learns_nothing_of_the_others() -> None:
    """A member subtracts all that she sees of her commons; a passer-by all `street` rows."""
    chance = np.random.default_rng(3)
    homes = town(chance)
    rows = published(enrolled(homes), live(chance), withdrawals(chance))
    for chain in CHAINS[1:]:
        seen = [h.home for h in homes if h.chain == chain]
        with_rows = np.vstack([rows, np.eye(HOMES, dtype=np.int64)[seen]])
        assert audit(with_rows).victims == set(seen)


def test_blocks_that_mix_chains_are_taken_apart_by_who_sees_rows() -> None:
    """The control of the test above: the same homes, dealt as if all were alike."""
    chance = np.random.default_rng(3)
    homes = town(chance)
    mixed = enrolled([home(h.home, h.cell, Chain(Grade.COUNTED)) for h in homes])
    rows = published(mixed, live(chance), withdrawals(chance))
    seen = [h.home for h in homes if h.chain.floor is not Grade.COUNTED]
    with_rows = np.vstack([rows, np.eye(HOMES, dtype=np.int64)[seen]])
    assert audit(with_rows).victims > set(seen)
