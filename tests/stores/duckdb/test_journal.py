"""The journal: what it acknowledged it gives back in order; a tail cut short counts for nothing, damage is told."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

import numpy as np
import pytest

from hub.core.grade import DAY
from hub.core.store import Erasure, StoreUnavailable
from hub.stores.duckdb.journal import Hashes, Journal
from hub.stores.duckdb.store import DuckDBStore
from tests.stores.contract import THEN, rows
from tests.stores.worlds import Row, all_of, batch, own

VALUES = (1.0, 2.0, 3.0)


def hashes(*values: int) -> Hashes:
    return np.array(values, np.uint64)


def journals(directory: Path) -> list[Path]:
    return sorted(directory.glob("journal-*"))


def written(directory: Path) -> Path:
    """A journal of three records, one row each."""
    journal = Journal(directory)
    for n, value in enumerate(VALUES):
        journal.write(batch(Row(time=THEN + n, value=value)), hashes(n))
    journal.close()
    (path,) = journals(directory)
    return path


def replayed(directory: Path) -> list[tuple[list[float], list[int]]]:
    return [(noted.value.tolist(), words.tolist()) for noted, words in Journal(directory).replay()]


def test_every_column_comes_back_as_it_was(tmp_path: Path) -> None:
    journal, given = Journal(tmp_path), batch(Row(1000, 5, -0.1, 7), Row(2**31 - 1, -(2**61), 1e308))
    journal.write(given, hashes(0, 2**64 - 1))
    journal.write(batch(), hashes(3))
    (back, words), (nothing, more) = Journal(tmp_path).replay()
    for name in given.__dataclass_fields__:
        assert getattr(back, name).tolist() == getattr(given, name).tolist()
        assert getattr(back, name).dtype == getattr(given, name).dtype
    assert (words.tolist(), len(nothing), more.tolist()) == ([0, 2**64 - 1], 0, [3])
    journal.close()


def test_a_record_cut_short_anywhere_counts_for_nothing_and_those_before_it_stay(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    one = len(whole) // len(VALUES)
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert replayed(tmp_path) == [([v], [n]) for n, v in enumerate(VALUES[: cut // one])]
    path.write_bytes(whole[: 2 * one] + bytes(one))  # as after a power cut: long enough, and never written
    assert len(replayed(tmp_path)) == 2


@pytest.mark.parametrize("place", [0, 5, 13, 17, 30])
def test_damage_in_front_of_a_whole_record_is_told_and_nothing_is_touched(tmp_path: Path, place: int) -> None:
    path = written(tmp_path)
    spoilt = bytearray(path.read_bytes())
    spoilt[len(spoilt) // 3 + place] ^= 0x40
    path.write_bytes(spoilt)
    with pytest.raises(StoreUnavailable, match=f"{path} is damaged .* restore it from a backup, or put it aside"):
        DuckDBStore(tmp_path)
    assert path.read_bytes() == spoilt
    path.rename(tmp_path / "aside")
    DuckDBStore(tmp_path).close()


def test_a_file_cut_short_in_front_of_another_is_damage_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for value in (1.0, 2.0):
        journal.write(batch(Row(value=value)), hashes())
        journal.prepare()
        journal.turn()
    journal.close()
    first, _ = journals(tmp_path)
    first.write_bytes(first.read_bytes()[:-1])
    with pytest.raises(StoreUnavailable, match=f"{first} is damaged"):
        DuckDBStore(tmp_path)


def test_what_could_not_be_written_leaves_no_trace(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(batch(Row()), hashes(1))
    (path,) = journals(tmp_path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 40, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            journal.write(batch(Row(value=2.0)), hashes(2))
        assert path.read_bytes() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    journal.write(batch(Row(value=3.0)), hashes(3))
    assert replayed(tmp_path) == [([1.0], [1]), ([3.0], [3])]
    journal.close()


def test_what_is_filed_leaves_the_journal_and_a_closed_store_has_none(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(batch(Row()), [1])
    assert rows(store, own()) == [(1000, THEN, 1.0)]
    assert [p.stat().st_size for p in journals(tmp_path)] == [0]
    store.append(batch(Row(1001)), [2])
    store.close()
    assert journals(tmp_path) == []


def test_filed_and_not_struck_out_before_a_crash_it_is_there_once_and_the_last_wins(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append(batch(Row(value=1.0), Row(1001, THEN - 40 * DAY, 4.0)), [1])
    store.append(batch(Row(value=2.0), Row(time=THEN + 1, value=5.0)), [2])
    kept = tmp_path.with_name("kept")
    kept.mkdir()
    for path in journals(tmp_path):
        shutil.copy(path, kept)
    expected = rows(store, all_of())
    assert expected == [(1000, THEN, 2.0), (1000, THEN + 1, 5.0), (1001, THEN - 40 * DAY, 4.0)]
    store.close()
    for path in journals(kept):
        shutil.copy(path, tmp_path)
    store = DuckDBStore(tmp_path)
    assert rows(store, all_of()) == expected
    assert store.seen([1, 2, 3]) == {1, 2}
    assert store.delete(Erasure(owner=100)) == 2
    store.close()
    store = DuckDBStore(tmp_path)
    assert rows(store, all_of()) == expected[2:]
    store.close()
