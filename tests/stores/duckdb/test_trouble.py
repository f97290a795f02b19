"""Full disks, foreign locks, damaged files, a crash between two files: told clearly, and what was stored stays."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.query import Query
from hub.core.store import Erasure, StoreUnavailable
from hub.stores.duckdb.journal import Journal
from hub.stores.duckdb.months import AT_ONCE
from hub.stores.duckdb.store import DuckDBStore
from hub.stores.memory import MemoryStore
from tests.stores.contract import EVER, THEN, rows
from tests.stores.worlds import Row, all_of, batch, mixed, own, public, street

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def only_file(directory: Path) -> Path:
    (path,) = directory.glob("observations-*.duckdb")
    return path


def test_a_full_disk_refuses_and_with_room_again_all_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.stores.duckdb.full_disk", "duckdb", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.startswith("recovered"), done.stderr


def test_a_file_that_another_program_has_open_is_told_at_once(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(batch(Row()))
    store.close()
    command = [sys.executable, "-c", HOLD, str(only_file(tmp_path))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreUnavailable, match=rf"{tmp_path}.* has a file of it open"):
            DuckDBStore(tmp_path)
        holder.communicate("")
    store = DuckDBStore(tmp_path)
    assert rows(store, own()) == [(1000, THEN, 1.0)]
    store.close()


def test_a_damaged_file_is_told_and_touched_by_nobody(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(batch(Row()))
    store.close()
    path = only_file(tmp_path)
    path.write_bytes(b"not what it was" * 10_000)
    with pytest.raises(StoreUnavailable, match="damaged: put it aside"):
        DuckDBStore(tmp_path)
    assert path.read_bytes().startswith(b"not what it was")


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file/below"):
        DuckDBStore(tmp_path / "file" / "below")


def test_a_batch_that_was_noted_before_a_crash_is_stored_at_the_next_start(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(batch(Row(value=1.0), Row(1001, value=9.0)))
    store.close()
    Journal(tmp_path).write(batch(Row(value=2.0), Row(1002, THEN - 40 * DAY, 3.0)), _hashes(8))
    store = DuckDBStore(tmp_path)
    assert rows(store, all_of()) == [(1000, THEN, 2.0), (1001, THEN, 9.0), (1002, THEN - 40 * DAY, 3.0)]
    assert store.seen([8]) == {8}
    store.append(batch(Row(value=5.0)))
    store.close()
    store = DuckDBStore(tmp_path)
    assert rows(store, own()) == [(1000, THEN, 5.0)]
    store.close()


def test_what_an_interrupted_erasure_left_behind_is_removed(tmp_path: Path) -> None:
    DuckDBStore(tmp_path).close()
    for name in ("observations-2026-01.draft", "observations-2026-01.draft.wal", "pending.draft"):
        (tmp_path / name).write_text("half a file")
    (tmp_path / "spill").mkdir()
    store = DuckDBStore(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["lock"]
    store.close()


def test_an_engine_that_broke_down_begins_anew_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.stores.duckdb.store.AGE", 60.0)
    store = DuckDBStore(tmp_path)
    store.append(batch(Row(value=1.0)), [1])
    assert len(rows(store, all_of())) == 1
    store._months._instance.close()
    store.append(batch(Row(1001, value=2.0)), [2])
    assert rows(store, all_of()) == [(1000, THEN, 1.0), (1001, THEN, 2.0)]
    store.append(batch(Row(1002, value=3.0)), [3])
    assert rows(store, all_of()) == [(1000, THEN, 1.0), (1001, THEN, 2.0), (1002, THEN, 3.0)]
    assert store.seen([1, 2, 3, 4]) == {1, 2, 3}
    store.close()


def test_a_month_that_begins_on_a_full_disk_leaves_no_damaged_file(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = DuckDBStore(tmp_path)
    store.append(batch(Row(value=1.0)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        with pytest.raises(StoreUnavailable, match="full: make room"):
            store.append(batch(Row(value=2.0)))
        assert store.last_heard() == {1000: THEN}
        assert rows(store, own()) == rows(store, own(), Query(newest=True, until=THEN + 1)) == [(1000, THEN, 1.0)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert rows(store, own()) == [(1000, THEN, 1.0)]
    store.close()
    store = DuckDBStore(tmp_path)
    assert rows(store, own()) == [(1000, THEN, 1.0)]
    store.close()


def test_what_cannot_be_filed_is_answered_like_what_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store, same = DuckDBStore(tmp_path), MemoryStore()
    filed = batch(*(Row(1000 + n % 6, THEN + n * MINUTE, float(n)) for n in range(300)), Row(1002, THEN - 40 * DAY))
    after = [Row(1000 + n % 6, THEN + n * MINUTE, -1.0, wish=Grade.HOME) for n in range(0, 300, 7)]
    late = [Row(1000 + n, THEN + n, 9.0, THEN + 5 * HOUR) for n in range(6)]
    store.append(filed)
    assert len(rows(store, all_of())) == 301
    monkeypatch.setattr("hub.stores.duckdb.store.put", full)
    store.append(batch(*after, *late, Row(1001, THEN - 70 * DAY, 5.0)))
    store.append(batch(Row(1003, value=7.0)))
    for part in (filed, batch(*after, *late, Row(1001, THEN - 70 * DAY, 5.0)), batch(Row(1003, value=7.0))):
        same.append(part)
    for scope in (all_of(), own(1), street(), mixed(), public(Grade.OPEN, Grade.OPEN), public()):
        for query in (EVER, Query(newest=True), Query(window=HOUR), Query(newest=True, until=THEN + HOUR)):
            assert rows(store, scope, query) == rows(same, scope, query)
    with pytest.raises(StoreUnavailable, match="full: make room"):
        store.delete(Erasure(owner=100))
    store.close()
    monkeypatch.undo()
    store = DuckDBStore(tmp_path)
    assert rows(store, all_of()) == rows(same, all_of())
    store.close()


def test_with_too_much_waiting_nothing_is_taken_until_it_can_be_filed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.stores.duckdb.store.AGE", 60.0)
    monkeypatch.setattr("hub.stores.duckdb.store.MOST", 1)
    store = DuckDBStore(tmp_path)
    store.append(batch(Row(), Row(1001)))
    store._months._instance.close()
    with pytest.raises(StoreUnavailable, match="tries again by itself"):
        store.append(batch(Row(1002)))
    store.append(batch(Row(1003)))
    assert [d for d, *_ in rows(store, all_of())] == [1000, 1001, 1003]
    store.close()


def test_more_months_than_stay_open_are_read_like_few(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    expected = [(1000, THEN - n * 31 * DAY, float(n)) for n in range(45, -1, -1)]
    store.append(batch(*(Row(1000, t, v) for _, t, v in expected)))
    assert rows(store, own()) == expected
    store.append(batch(Row(time=THEN + 1, value=-1.0)))
    assert rows(store, own()) == [*expected, (1000, THEN + 1, -1.0)]
    assert len(store._months.attached()) == AT_ONCE
    store.close()


def _hashes(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(values, np.uint64)
