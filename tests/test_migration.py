"""Readings move from one engine to another: all of them, compared; cut short it goes on; the source stays as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hub.cli import cli
from hub.core.grade import DAY
from hub.core.history import Span
from hub.core.observations import Observations
from hub.core.store import Store, StoreUnavailable
from hub.migration import MigrationError, Tally, migrate
from hub.stores.duckdb.store import DuckDBStore
from hub.stores.memory import MemoryStore
from tests.backup.world import quietly, stored
from tests.stores.contract import THEN
from tests.stores.worlds import Row, batch


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Files with a hundred rows of four months, that are read ten at a time."""
    monkeypatch.setattr("hub.stores.duckdb.copying._MANY", 10)
    store = DuckDBStore(tmp_path / "old")
    store.append(batch(*(Row(1000 + n % 6, THEN - n * DAY, n / 7) for n in range(100))), [1, 2**64 - 1])
    store.append(batch(Row(7, -5, -0.0), Row(7, 2**61, float("nan")), Row(7, 2**61 - 1)))
    yield store
    store.close()


class Picky(MemoryStore):
    """Takes so many batches, and then none for a while."""

    def __init__(self, takes: int = 10**9) -> None:
        super().__init__()
        self.takes = takes
        self.taken = 0

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        if self.taken >= self.takes:
            raise StoreUnavailable("the server is away")
        self.taken += 1
        super().append(batch, acknowledged)


def test_all_is_there_afterwards_and_the_source_as_it_was(source: Store, tmp_path: Path) -> None:
    before, target = stored(source), DuckDBStore(tmp_path / "new")
    assert migrate(source, target, tmp_path / "notes", quietly).rows == 102
    assert stored(target) == stored(source) == before
    assert target.last_heard() == source.last_heard()
    assert target.seen([1, 2, 2**64 - 1]) == {1, 2**64 - 1}
    assert not (tmp_path / "notes").exists()
    target.close()


def test_cut_short_it_goes_on_where_it_was(source: Store, tmp_path: Path) -> None:
    target = Picky(3)
    with pytest.raises(StoreUnavailable, match="away"):
        migrate(source, target, tmp_path / "notes", quietly)
    first, target.takes = target.taken, 10**9
    migrate(source, target, tmp_path / "notes", quietly)
    assert first == 3
    assert stored(target) == stored(source)
    with source.snapshot() as whole:  # type: ignore[attr-defined]
        assert target.taken == len(list(whole.batches())) + 1, "none was sent twice, and the hashes once"


def test_a_source_that_has_changed_meanwhile_is_noticed(source: Store, tmp_path: Path) -> None:
    target = Picky(3)
    with pytest.raises(StoreUnavailable):
        migrate(source, target, tmp_path / "notes", quietly)
    source.append(batch(Row(8)))
    with pytest.raises(MigrationError, match="has 103 readings and had 102 when this was begun"):
        migrate(source, target, tmp_path / "notes", quietly)


def test_a_target_that_holds_something_is_left_alone(source: Store, tmp_path: Path) -> None:
    target = MemoryStore()
    target.append(batch(Row()))
    with pytest.raises(MigrationError, match="holds readings already"):
        migrate(source, target, tmp_path / "notes", quietly)
    assert len(stored(target)) == 1


class Liar(MemoryStore):
    """Stores one value a little wrong."""

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        if len(batch):
            value = batch.value.copy()
            value[0] = np.nextafter(value[0], 1)
            batch = replace(batch, value=value)
        super().append(batch, acknowledged)


class Forgetful(MemoryStore):
    """Loses a row now and then."""

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        super().append(batch.take(np.arange(1, len(batch))), acknowledged)


@pytest.mark.parametrize("kind", [Liar, Forgetful])
def test_a_target_that_does_not_keep_what_it_was_given_is_found_out(
    source: Store, tmp_path: Path, kind: type[MemoryStore]
) -> None:
    with pytest.raises(MigrationError, match="some of them are not the same"):
        migrate(source, kind(), tmp_path / "notes", quietly)


class Bounded(MemoryStore):
    """Keeps nothing that is older than fifty days."""

    keeps = Span(THEN - 50 * DAY, 2**62)


def test_what_the_target_would_not_keep_is_told_before_it_is_lost(source: Store, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="older than the target keeps"):
        migrate(source, Bounded(), tmp_path / "notes", quietly)


@given(st.lists(st.integers(0, 39), max_size=8), st.permutations(range(40)))
def test_a_tally_is_the_same_in_any_order_and_in_any_pieces(cuts: list[int], order: list[int]) -> None:
    rows = [Row(1000 + n, THEN + n % 3, n / 7, THEN + n) for n in range(40)]
    one, many = Tally(), Tally()
    one.add(batch(*rows))
    edges = [0, *sorted(cuts), 40]
    for first, after in pairwise(edges):
        many.add(batch(*(rows[n] for n in order[first:after])))
    assert one == many


@pytest.mark.parametrize(
    "other", [Row(1001), Row(time=THEN + 1), Row(value=1.0000001), Row(received=THEN + 1), Row(owner=5)]
)
def test_a_tally_tells_rows_apart_by_every_column(other: Row) -> None:
    one, two = Tally(), Tally()
    one.add(batch(Row()))
    two.add(batch(other))
    assert one != two
    assert one.rows == two.rows


def test_the_engine_that_the_settings_name_is_the_target(tmp_path: Path) -> None:
    (tmp_path / "barrio.toml").write_text("")
    done = CliRunner().invoke(cli, ["migrate", "--from", "duckdb", "-c", str(tmp_path / "barrio.toml")])
    assert "the readings are in duckdb already" in str(done.exception)
