"""What the DuckDB engine does for itself between two batches: logs are emptied, old hashes forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep, time_ns

import pytest

from hub.core.grade import DAY
from hub.stores.duckdb.store import IDLE, DuckDBStore
from hub.stores.duckdb.writing import REMEMBERED, prune
from tests.stores.contract import THEN, rows
from tests.stores.worlds import Row, batch, own


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBStore]:
    monkeypatch.setattr("hub.stores.duckdb.store.AGE", 60.0)
    store = DuckDBStore(tmp_path)
    yield store
    store.close()


def waiting(store: DuckDBStore) -> int:
    """How many bytes wait in logs."""
    return sum(store._months.wal(m) for m in store._months.known())


def test_what_waits_in_a_log_is_written_once_nobody_appends(store: DuckDBStore) -> None:
    store.append(batch(Row(), Row(time=THEN - 40 * DAY)))
    assert len(rows(store, own())) == 2
    store._tidy()
    assert waiting(store) > 0
    store._appended = monotonic() - IDLE - 1
    store._tidy()
    assert waiting(store) == 0
    assert len(rows(store, own())) == 2


def test_a_long_log_is_written_while_batches_come(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.duckdb.store.HEAVY_LOG", 100)
    store.append(batch(*(Row(time=THEN + n) for n in range(1000))))
    assert len(rows(store, own())) == 1000
    assert waiting(store) > 0
    store._tidy()
    assert waiting(store) == 0
    store.append(batch(Row(time=THEN - 1)))
    assert len(rows(store, own())) == 1001


def test_hashes_are_forgotten_after_two_days_and_not_before(store: DuckDBStore) -> None:
    store.append(batch(Row()), [1])
    assert len(rows(store, own())) == 1
    now = time_ns() // 1000
    prune(store._months, store._hashes, now + REMEMBERED - DAY)
    assert store.seen([1]) == {1}
    prune(store._months, store._hashes, now + REMEMBERED + DAY)
    assert store.seen([1]) == set()
    store.append(batch(Row()), [2])
    assert store.seen([1, 2]) == {2}


@pytest.mark.parametrize(("age", "many"), [(0.05, 100_000), (60.0, 2)])
def test_what_waits_is_filed_soon_or_when_it_is_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: float, many: int
) -> None:
    monkeypatch.setattr("hub.stores.duckdb.store.AGE", age)
    monkeypatch.setattr("hub.stores.duckdb.store.MANY", many)
    store = DuckDBStore(tmp_path)
    store.append(batch(Row(), Row(1001)), [1])
    until = monotonic() + 20
    while store._waiting:
        assert monotonic() < until
        sleep(0.01)
    assert waiting(store) > 0
    assert store.seen([1]) == {1}
    store.close()
