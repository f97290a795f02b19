"""The engines that give a copy of the whole keep that contract; a long copy hinders nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core.grade import DAY
from hub.core.store import Store
from hub.stores.duckdb.store import DuckDBStore
from tests.stores.contract import THEN, rows
from tests.stores.copying import CopyContract, MomentContract, taken
from tests.stores.worlds import Row, batch, own


class _Opened(CopyContract, MomentContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = self.opened(tmp_path / "observations")
        yield store
        store.close()


class TestMemory(_Opened):
    engine = "memory"


@pytest.mark.slow
class TestDuckDB(_Opened):
    engine = "duckdb"


def test_while_a_copy_is_made_logs_are_written_and_months_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.duckdb.store.AGE", 60.0)
    monkeypatch.setattr("hub.stores.duckdb.store.HEAVY_LOG", 0)
    monkeypatch.setattr("hub.stores.duckdb.copying._MANY", 7)
    store = DuckDBStore(tmp_path)
    store.append(batch(*(Row(time=THEN - n * DAY, value=float(n)) for n in range(100))))
    with store.snapshot() as whole:
        store.append(batch(*(Row(time=THEN - n * DAY, value=-1.0) for n in range(200))))
        assert len(rows(store, own())) == 200
        store._tidy()
        assert sum(store._months.wal(m) for m in store._months.known()) == 0
        assert sorted(v[2] for v in taken(whole).values()) == [float(n) for n in range(100)]
    assert {v for *_, v in rows(store, own())} == {-1.0}
    store.close()
