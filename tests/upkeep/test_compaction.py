"""Stored readings are put in order by the hub itself; which months are old is the operator's to say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hub.core.grade import DAY, MINUTE
from hub.core.history import BEGINNING
from hub.stores.duckdb.store import DuckDBStore
from hub.upkeep.compaction import compact, oldest
from tests.stores.contract import rows
from tests.stores.worlds import own, regular


def at(day: str) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))


def test_a_month_is_old_so_many_whole_months_after_its_end() -> None:
    assert oldest(0, at("2026-11-23")) == BEGINNING
    assert oldest(1, at("2026-11-23")) == at("2026-10-01")
    assert oldest(12, at("2026-11-01")) == oldest(12, at("2026-11-30")) == at("2025-11-01")


def test_the_hub_puts_in_order_what_came_and_archives_what_is_old(tmp_path: Path) -> None:
    store, now = DuckDBStore(tmp_path), at("2026-11-23")
    for start in (now - 2 * DAY, now - 70 * DAY):
        store.append(regular(1000, start, MINUTE, [1.0] * 100))
    assert compact(store, 0, now) == "2 of 2 months"
    assert compact(store, 0, now) == ""
    assert list(tmp_path.glob("*.parquet")) == []
    assert compact(store, 1, now) == "1 of 2 months"
    assert [p.name for p in tmp_path.glob("*.parquet")] == ["observations-2026-09-000001.parquet"]
    assert len(rows(store, own())) == 200
    store.close()
