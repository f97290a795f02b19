"""The judge is judged: it must find what can be solved, and nothing else."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.attacks.auditor import PRIME, _times, audit, incidence, reduce, solved, solved_by_two

matrices = st.tuples(st.integers(0, 7), st.integers(2, 6)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(0, 1))
)


def rank(rows: list[list[int]]) -> int:
    """The slow way, over the rationals."""
    left, found = [[Fraction(x) for x in row] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((r for r in left if r[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        found += 1
        left = [[x - r[column] / pivot[column] * p for x, p in zip(r, pivot, strict=True)] for r in left]
    return found


def follows(matrix: np.ndarray[tuple[int, int], np.dtype[np.int64]], known: set[int], victim: int) -> bool:
    unit = np.eye(matrix.shape[1], dtype=np.int64)
    rows = [*matrix.tolist(), *(unit[k].tolist() for k in known)]
    return rank(rows) == rank([*rows, unit[victim].tolist()])


@settings(deadline=None)
@given(matrices)
def test_it_finds_exactly_what_follows(matrix: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> None:
    homes = range(matrix.shape[1])
    found = audit(matrix)
    assert found.exact == {v for v in homes if follows(matrix, set(), v)}
    assert found.insiders == {
        (i, v) for i in homes for v in homes if i != v and v not in found.exact and follows(matrix, {i}, v)
    }


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(matrices)
def test_it_finds_exactly_what_two_learn_together(matrix: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> None:
    homes = range(matrix.shape[1])
    expected = {
        (i, j, v)
        for i in homes for j in homes for v in homes
        if i < j and v not in (i, j) and follows(matrix, {i, j}, v)
        and not follows(matrix, {i}, v) and not follows(matrix, {j}, v)
    }  # fmt: skip
    assert solved_by_two(matrix) == expected
    assert all(v in solved(matrix, [i, j]) for i, j, v in expected)


@given(st.integers(0, PRIME - 1), st.integers(0, PRIME - 1))
def test_products_are_those_of_whole_numbers(a: int, b: int) -> None:
    assert int(_times(np.uint64(a), np.uint64(b))) == a * b % PRIME


def test_many_rows_are_mixed_without_losing_any() -> None:
    chance = np.random.default_rng(5)
    blocks = np.kron(np.eye(30, dtype=np.int64), np.ones((1, 5), np.int64))
    rows = (chance.integers(0, 2, (2000, 30)) @ blocks).astype(np.int64)
    found = audit(rows)
    assert len(reduce(rows).pivots) == 30
    assert (found.exact, found.insiders, found.least_support) == (frozenset(), frozenset(), 5)
    caught = audit(np.vstack([rows, np.eye(150, dtype=np.int64)[3] + blocks[7]]))
    assert caught.exact == {3}
    assert caught.victims == {3}


def test_of_nothing_nothing_follows() -> None:
    found = audit(np.zeros((0, 4), np.int64))
    assert (found.exact, found.insiders, found.least_support) == (frozenset(), frozenset(), 0)


def test_rows_that_are_no_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="small whole numbers"):
        audit(np.array([[-1, 1]]))


def test_rows_are_found_by_asking() -> None:
    rows = incidence(lambda x: np.array([x[:2].mean(), x.mean()]), 3)
    assert rows.tolist() == [[1, 1, 0], [1, 1, 1]]
