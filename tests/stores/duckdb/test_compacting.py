"""Compaction changes no answer: with rows settled, summed up and archived the engine keeps the whole contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.history import BEGINNING, END
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Rows, StoreUnavailable, Thinning
from hub.stores import STORES
from hub.stores.batches import COLUMNS
from hub.stores.duckdb.rewriting import Gone, draft
from hub.stores.duckdb.store import DuckDBStore
from tests.core.world import NOW
from tests.stores.aging import AgingContract
from tests.stores.contract import THEN, StoreContract, rows
from tests.stores.durable import CANARIES, DurableContract, found_in
from tests.stores.histories import HistoriesContract
from tests.stores.worlds import Row, all_of, batch, own, regular

ALWAYS = 10**9


class Orderly(DuckDBStore):
    """Compacts before whatever it is asked."""

    archive = BEGINNING

    def read(self, query: Query, scope: Scope) -> Rows:
        self.compact(self.archive)
        return super().read(query, scope)

    def delete(self, erasure: Erasure) -> int:
        self.compact(self.archive)
        return super().delete(erasure)

    def thin(self, thinning: Thinning) -> int:
        self.compact(self.archive)
        return super().thin(thinning)


class Archiving(Orderly):
    """Puts into archives all that is not of a wrong clock."""

    archive = END


@pytest.fixture(scope="class", autouse=True)
def _every_row_counts(request: pytest.FixtureRequest) -> Iterator[None]:
    """However few rows there are, they are settled and summed up, by the class's own kind of engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.stores.duckdb.compacting.FEW", ALWAYS)
        patch.setattr("hub.stores.duckdb.rollups.PAYS", 0)
        patch.setitem(STORES, "duckdb", getattr(request.cls, "kind", DuckDBStore))
        yield


@pytest.mark.slow
class TestCompactedNowAndThen(HistoriesContract):
    engine = "duckdb"
    kind = DuckDBStore


@pytest.mark.slow
class TestCompactedAlways(StoreContract, HistoriesContract, AgingContract, DurableContract):
    engine = "duckdb"
    kind = Orderly


@pytest.mark.slow
class TestArchivedAlways(StoreContract, HistoriesContract, AgingContract, DurableContract):
    engine = "duckdb"
    kind = Archiving


# What a compaction does to files


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    one = DuckDBStore(tmp_path)
    yield one
    one.close()


def settled(store: DuckDBStore) -> list[tuple[int, ...]]:
    """How many rows are settled and how many came since, month by month."""
    found = []
    for month in store._months.known():
        with store._months.using([month]) as (cursor, (name,)):
            counts = (cursor.table(f"{name}{of}").count("*").fetchall() for of in ("_settled", ".observations"))
            found.append(tuple(count[0][0] for count in counts))
    return found


def test_what_came_in_any_order_is_settled_in_order_of_datastream_and_time_once(store: DuckDBStore) -> None:
    times = [THEN + n * 7919 % 1000 for n in range(1000)]
    store.append(batch(*(Row(1000 + n % 3, t, float(n)) for n, t in enumerate(times))))
    store.append(batch(*(Row(1000 + n % 3, t, -1.0) for n, t in enumerate(times[:50]))))
    before = rows(store, all_of())
    assert settled(store) == [(0, 1000)]
    version = store.version
    assert store.compact() == "1 of 1 months"
    assert settled(store) == [(1000, 0)]
    with store._months.using(store._months.known()) as (cursor, (name,)):
        lain = cursor.table(f"{name}.settled").select("datastream", "time").fetchall()
    assert lain == [r[:2] for r in before]
    assert rows(store, all_of()) == before
    assert store.version == version
    assert store.compact() == ""


def test_a_month_in_which_little_came_since_is_left_alone(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.duckdb.compacting.FEW", 50)
    store.append(regular(1000, THEN, MINUTE, [1.0] * 100))
    store.append(regular(1000, THEN - 40 * DAY, MINUTE, [1.0] * 100))
    assert store.compact() == "2 of 2 months"
    store.append(regular(1000, THEN - MINUTE, 1, [1.0] * 2))
    assert store.compact() == ""
    store.append(batch(Row(time=THEN - 1)))
    assert store.compact() == "1 of 2 months"
    assert settled(store) == [(100, 0), (103, 0)]


def test_what_is_filed_while_a_month_is_compacted_is_in_the_new_file(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*asked: object) -> dict[int, Gone]:
        drafted = draft(*asked)  # type: ignore[arg-type]
        store.append(batch(Row(value=2.0), Row(1001, THEN + 5, 7.0), Row(1002, THEN - 40 * DAY, 8.0)), [9])
        store.append(batch(Row(1001, THEN + 5, 6.0)))
        assert len(rows(store, all_of())) == 4
        return drafted

    store.append(batch(Row(value=1.0), Row(time=THEN + 1, value=3.0)), [8])
    monkeypatch.setattr("hub.stores.duckdb.store.draft", meanwhile)
    assert store.compact() == "1 of 1 months"
    expected = [(1000, THEN, 2.0), (1000, THEN + 1, 3.0), (1001, THEN + 5, 6.0), (1002, THEN - 40 * DAY, 8.0)]
    assert rows(store, all_of()) == expected
    assert store.seen([7, 8, 9]) == {8, 9}
    assert settled(store)[1] == (1, 2)


def test_with_too_much_coming_in_a_month_is_left_for_another_time(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*asked: object) -> dict[int, Gone]:
        drafted = draft(*asked)  # type: ignore[arg-type]
        store.append(batch(Row(1001), Row(1002)))
        assert len(rows(store, all_of())) == 3
        return drafted

    monkeypatch.setattr("hub.stores.duckdb.compacting.NOTED", 1)
    store.append(batch(Row()))
    with monkeypatch.context() as patch:
        patch.setattr("hub.stores.duckdb.store.draft", meanwhile)
        assert store.compact() == ""
    assert settled(store) == [(0, 3)]
    assert store.compact() == "1 of 1 months"


def test_old_months_become_parquet_that_any_tool_reads_and_go_on_from_there(store: DuckDBStore, tmp_path: Path) -> None:
    old = regular(1000, THEN - 40 * DAY, MINUTE, [float(n) for n in range(100)])
    store.append(old)
    store.append(batch(Row(value=-1.0)))
    assert store.compact(THEN - 10 * DAY) == "2 of 2 months"
    (path,) = tmp_path.glob("*.parquet")
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == list(COLUMNS)
    assert table["value"].to_pylist() == [float(n) for n in range(100)]
    assert store.compact(THEN - 10 * DAY) == ""
    store.append(batch(Row(time=THEN - 40 * DAY, value=50.0), Row(time=THEN - 40 * DAY + 1, value=51.0)))
    before = rows(store, own())
    assert [v for *_, v in before][:3] == [50.0, 51.0, 1.0]
    assert store.compact() == "1 of 2 months", "what has an archive keeps one"
    (other,) = tmp_path.glob("*.parquet")
    assert other != path
    assert pyarrow.parquet.read_table(other)["value"].to_pylist()[:3] == [50.0, 51.0, 1.0]
    assert rows(store, own()) == before


def test_a_leftover_of_a_compaction_that_was_killed_goes_and_what_is_named_stays(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(batch(Row()))
    store.compact(END)
    store.close()
    (path,) = tmp_path.glob("*.parquet")
    for number in ("000000", "000002"):
        path.with_name(f"{path.stem[:-6]}{number}.parquet").write_bytes(b"half a file")
    store = DuckDBStore(tmp_path)
    assert list(tmp_path.glob("*.parquet")) == [path]
    assert rows(store, own()) == [(1000, THEN, 1.0)]
    store.close()
    path.unlink()
    with pytest.raises(StoreUnavailable, match="is missing: restore it from a backup"):
        DuckDBStore(tmp_path)


def test_a_file_of_an_earlier_version_is_one_of_which_nothing_is_settled(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(regular(1000, THEN, MINUTE, [1.0, 3.0, 5.0]), [7])
    assert len(rows(store, own())) == 3
    store.close()
    (path,) = tmp_path.glob("*.duckdb")
    with duckdb.connect(path) as file:
        for table in ("settled", "replaced", "rollups", "tiers", "lasts", "archive"):
            file.execute(f"DROP TABLE {table}")
    store = DuckDBStore(tmp_path)
    assert [v for *_, v in rows(store, own())] == [1.0, 3.0, 5.0]
    assert store.compact() == "1 of 1 months"
    store.append(batch(Row(value=4.0)))
    assert rows(store, own(), Query(window=HOUR)) == [(1000, THEN, 4.0)]
    assert store.seen([7]) == {7}
    store.close()


@pytest.mark.parametrize("archive", [BEGINNING, END])
def test_erasing_rewrites_settled_rows_sums_and_what_was_replaced_there(
    store: DuckDBStore, tmp_path: Path, archive: int
) -> None:
    store.append(batch(*(Row(1000, THEN + n * 40 * MINUTE, v) for n, v in enumerate(CANARIES[:2000].tolist()))))
    store.append(batch(*(Row(1001, THEN + n * 40 * MINUTE, v) for n, v in enumerate(CANARIES[2000:].tolist()))))
    store.compact(archive)
    gone, stays = float(CANARIES[5]), float(CANARIES[2005])
    store.append(batch(Row(1000, THEN + 5 * 40 * MINUTE, 1.0, received=NOW + 400 * DAY)))
    assert len(rows(store, own())) == 2000
    assert any(found_in(tmp_path, gone))
    assert store.delete(Erasure(owner=100, until=THEN + 6 * 40 * MINUTE, since=THEN + 5, arrived=NOW + 300 * DAY)) == 4
    assert found_in(tmp_path, gone) == found_in(tmp_path, float(CANARIES[4])) == []
    assert any(found_in(tmp_path, stays))
    assert any(found_in(tmp_path, float(CANARIES[7])))


def test_the_newest_of_settled_rows_is_known_at_the_next_start_whatever_replaced_it(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(batch(*(Row(1000 + n % 3, THEN + n, float(n)) for n in range(30)), Row(1001, THEN - 40 * DAY)))
    store.compact()
    store.append(batch(Row(1000, THEN + 27, -1.0), Row(1001, THEN + 2, -2.0), Row(1002, THEN + 90, -3.0)))
    newest, heard = rows(store, all_of(), Query(newest=True)), store.last_heard()
    assert newest == [(1000, THEN + 27, -1.0), (1001, THEN + 28, 28.0), (1002, THEN + 90, -3.0)]
    store.close()
    store = DuckDBStore(tmp_path)
    assert rows(store, all_of(), Query(newest=True)) == newest
    assert store.last_heard() == heard
    assert store.delete(Erasure(owner=101, since=THEN)) == 11
    assert store.last_heard() == heard | {1001: THEN - 40 * DAY}
    store.close()
