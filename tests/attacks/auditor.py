"""The linear auditor: what follows from published numbers, for somebody who only adds and subtracts them.

Rule: the attacker's best case. Every published number is a row of 0s and 1s over homes (or over single readings), and
what was measured is taken as constant. Rows are reduced modulo the prime 2^61 - 1: whatever is a combination of rows
over the rationals is one here too, and nothing else but by an accident of one in 10^18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.uint64]
Rows = NDArray[np.integer]
PRIME = 2**61 - 1
_P = np.uint64(PRIME)
_LOW, _MIDDLE = np.uint64(2**31 - 1), np.uint64(2**30 - 1)
_MORE_THAN_ENOUGH = 16


@dataclass(frozen=True, slots=True)
class Findings:
    """What can be solved: `exact` by anybody, `insiders` as (who knows his own value, whose value he learns then).

    `least_support` is the least number of homes in a reduced row, 0 without any row.
    """

    exact: frozenset[int]
    insiders: frozenset[tuple[int, int]]
    least_support: int

    @property
    def victims(self) -> frozenset[int]:
        """Whoever is solved by somebody."""
        return self.exact | {victim for _, victim in self.insiders}


@dataclass(frozen=True, slots=True)
class Reduced:
    """Rows in reduced echelon form, and the column of each row's pivot."""

    rows: Matrix
    pivots: NDArray[np.intp]

    def exact(self) -> frozenset[int]:
        """The columns that are known: a unit vector is in the row space just if it is a reduced row."""
        alone = np.count_nonzero(self.rows, axis=1) == 1
        return frozenset(self.pivots[alone].tolist())

    def pairs(self) -> frozenset[tuple[int, int]]:
        """All (i, v): whoever knows column i knows v, and without i it is not known.

        Vectors with two non-zero columns are reduced rows of support two, or combinations of two rows that are
        proportional outside their pivots.
        """
        found: set[tuple[int, int]] = set()
        rest = self.rows.copy()
        rest[np.arange(len(self.pivots)), self.pivots] = 0
        alike: dict[bytes, list[int]] = {}
        for pivot, row in zip(self.pivots.tolist(), rest, strict=True):
            others = np.flatnonzero(row)
            if len(others) == 1:
                found |= {(pivot, int(others[0])), (int(others[0]), pivot)}
            if len(others):
                alike.setdefault(_times(row, _inverse(row[others[0]])).tobytes(), []).append(pivot)
        for group in alike.values():
            found |= {(i, v) for i in group for v in group if i != v}
        return frozenset(found)

    def without(self, column: int) -> Reduced:
        """The same to somebody who knows a column."""
        rows, pivots = self.rows.copy(), self.pivots.copy()
        rows[:, column] = 0
        for at in np.flatnonzero(pivots == column):
            others = np.flatnonzero(rows[at])
            if not len(others):
                return Reduced(np.delete(rows, at, 0), np.delete(pivots, at))
            _eliminate(rows, int(at), int(others[0]))
            pivots[at] = others[0]
        return Reduced(rows, pivots)


def audit(rows: Rows) -> Findings:
    """What follows from these rows (one a published number, columns are homes or readings; small whole numbers ≥ 0)."""
    form = reduce(rows)
    support = np.count_nonzero(form.rows, axis=1)
    return Findings(form.exact(), form.pairs(), int(support.min(initial=rows.shape[1])) if len(support) else 0)


def solved(rows: Rows, known: Iterable[int]) -> frozenset[int]:
    """Whose values those learn together who know the columns `known`."""
    form = reduce(rows)
    for column in known:
        form = form.without(column)
    return form.exact()


def solved_by_two(rows: Rows) -> frozenset[tuple[int, int, int]]:
    """All (i, j, v), i < j: what two know together, and neither alone, tells them v."""
    form = reduce(rows)
    alone = form.pairs() | {(i, v) for v in form.exact() for i in range(rows.shape[1])}
    return frozenset(
        (i, j, v)
        for i in np.flatnonzero(form.rows.any(axis=0)).tolist()
        for j, v in form.without(i).pairs()
        if i < j and (i, v) not in alone and (j, v) not in alone
    )


def incidence(publish: Callable[[NDArray[np.float64]], NDArray[np.float64]], columns: int) -> Rows:
    """The rows of what somebody publishes, found by asking: which column moves which number.

    `publish` gives the numbers for values, always as many and in the same order, hardly rounded.
    """
    nothing = publish(np.zeros(columns))
    return np.stack([publish(unit) != nothing for unit in np.eye(columns)], axis=1).astype(np.int64)


def reduce(rows: Rows) -> Reduced:
    """The reduced echelon form modulo `PRIME`.

    Raises:
        ValueError: an entry is negative or larger than 2^20.
    """
    if rows.size and (rows.min() < 0 or rows.max() > 2**20):
        raise ValueError("rows are small whole numbers, 0 or 1 for a mean: scale them")
    distinct = np.unique(rows, axis=0)
    matrix: Matrix = distinct[distinct.any(axis=1)].astype(np.uint64)
    if len(matrix) > matrix.shape[1] + _MORE_THAN_ENOUGH:
        matrix = _mixed(matrix)
    pivots: list[int] = []
    for column in range(matrix.shape[1]):
        at = len(pivots)
        candidates = np.flatnonzero(matrix[at:, column])
        if len(candidates):
            matrix[[at, at + candidates[0]]] = matrix[[at + candidates[0], at]]
            _eliminate(matrix, at, column)
            pivots.append(column)
    return Reduced(matrix[: len(pivots)], np.array(pivots, np.intp))


def _eliminate(matrix: Matrix, at: int, column: int) -> None:
    """Make a row's entry in a column 1, and that of all others 0."""
    matrix[at] = _times(matrix[at], _inverse(matrix[at, column]))
    factors = matrix[:, column].copy()
    factors[at] = 0
    hit = np.flatnonzero(factors)
    matrix[hit] = _folded(matrix[hit] + _times(_P - factors[hit, None], matrix[at]))


def _mixed(matrix: Matrix) -> Matrix:
    """A few random combinations of many rows, with the same row space (Schwartz-Zippel: but for one in 10^16)."""
    chance = np.random.default_rng(61)
    limbs = chance.integers(0, 2**20, (3, matrix.shape[1] + _MORE_THAN_ENOUGH, len(matrix))).astype(np.float64)
    low, middle, high = ((limb @ matrix.astype(np.float64)).astype(np.uint64) for limb in limbs)
    return _folded(low + _folded(_times(middle, np.uint64(2**20)) + _times(high, np.uint64(2**40))))


def _times(a: Matrix | np.uint64, b: Matrix | np.uint64) -> Matrix:
    """The product modulo 2^61 - 1 of numbers below 2^61, by halves of 31 bits, with 2^61 = 1."""
    a1, a0, b1, b0 = a >> np.uint64(31), a & _LOW, b >> np.uint64(31), b & _LOW
    middle = a1 * b0 + a0 * b1
    high = np.uint64(2) * (a1 * b1) + (middle >> np.uint64(30))
    return _folded(_folded(high + ((middle & _MIDDLE) << np.uint64(31))) + _folded(a0 * b0))


def _folded(x: Matrix | np.uint64) -> Matrix:
    """A number below 2^64 modulo 2^61 - 1."""
    once = (x & _P) + (x >> np.uint64(61))
    return np.asarray(once - np.where(once >= _P, _P, np.uint64(0)), np.uint64)


def _inverse(x: np.uint64) -> np.uint64:
    return np.uint64(pow(int(x), PRIME - 2, PRIME))
