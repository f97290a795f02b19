"""A backup is put back whole, or nothing is; what was erased since does not come back."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import actions
from hub.backup import BackupError, check, restore
from hub.backup.rows import Checksum
from hub.core.store import Store
from hub.stores import STORES
from hub.stores.duckdb.store import DuckDBStore
from tests.backup.world import Home, fill, home, home_of, put_back, quietly, stored
from tests.registry.town import NOW
from tests.stores.contract import THEN
from tests.stores.worlds import Row, batch

pytestmark = pytest.mark.slow


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Home]:
    """A hub that was backed up."""
    with home(tmp_path) as one:
        fill(one)
        one.back_up()
        yield one


def reopened(data: Path) -> Store:
    return STORES["duckdb"](data / "observations")


def test_everything_is_there_again(made: Home) -> None:
    odd = [Row(5, t, float(n), THEN) for n, t in enumerate((-(2**61), -1, 0, 2**61))]
    made.store.append(batch(*odd), [2**64 - 1])
    made.back_up("second")
    data = made.folder / "again"
    put_back(made.folder / "second", data)
    store = reopened(data)
    assert stored(store) == stored(made.store)
    assert len(stored(store)) == 364
    assert store.last_heard() == made.store.last_heard()
    assert store.seen([2**64 - 1, 4]) == {2**64 - 1}
    store.close()
    with home_of(data) as again:
        assert again.registry.holdings().parties.keys() == made.registry.holdings().parties.keys()
    for name in ("secret.key", "fragments.key"):
        assert (data / name).read_bytes() == (made.data / name).read_bytes()
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["registry.sqlite", "secret.key", "observations-0001.parquet", "acknowledged.parquet"])
def test_a_damaged_backup_is_told_and_nothing_is_restored(made: Home, name: str) -> None:
    file = made.folder / "backup" / name
    whole = file.read_bytes()
    data = made.folder / "again"
    middle = len(whole) // 2
    for damaged in (whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :], whole[:-1], whole + b"x", b""):
        file.write_bytes(damaged)
        with pytest.raises(BackupError, match=rf"{name}.*use another backup"):
            put_back(made.folder / "backup", data)
        assert not data.exists()
    file.unlink()
    with pytest.raises(BackupError, match="use another backup"):
        put_back(made.folder / "backup", data)
    file.write_bytes(whole)
    put_back(made.folder / "backup", data)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "one"}', '{"format": 1, "made": 5}', "{}x"])
def test_a_damaged_manifest_is_told(made: Home, text: str) -> None:
    (made.folder / "backup" / "manifest.json").write_text(text)
    with pytest.raises(BackupError, match=r"manifest.json is damaged: use another backup"):
        check(made.folder / "backup", quietly)


def test_what_a_newer_barrio_made_is_left_to_it(made: Home) -> None:
    backup = made.folder / "backup"
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(manifest | {"format": 2, "files": "elsewhere"}))
    with pytest.raises(BackupError, match="a newer Barrio made the backup"):
        check(backup, quietly)


def test_a_registry_of_a_newer_barrio_is_left_to_it(made: Home) -> None:
    with closing(sqlite3.connect(made.data / "registry.sqlite")) as registry, registry:
        registry.execute("UPDATE alembic_version SET version_num = 'from tomorrow'")
    with pytest.raises(BackupError, match="a newer Barrio wrote this registry"):
        made.back_up("second")


def test_a_folder_without_a_backup_is_told_so(made: Home, tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", made.data):
        with pytest.raises(BackupError, match="there is no backup"):
            put_back(folder, tmp_path / "again")


def test_a_folder_that_is_not_empty_is_left_alone(made: Home) -> None:
    data = made.folder / "again"
    data.mkdir()
    (data / "letter").write_text("dear")
    with pytest.raises(BackupError, match="is not empty: move it away first"):
        put_back(made.folder / "backup", data)
    assert [p.name for p in data.iterdir()] == ["letter"]
    (data / "letter").unlink()
    put_back(made.folder / "backup", data)
    assert (data / "registry.sqlite").exists()


def test_a_store_that_holds_something_is_not_added_to(made: Home, tmp_path: Path) -> None:
    def occupied(_: Path) -> Store:
        store = DuckDBStore(tmp_path / "occupied")
        store.append(batch(Row()))
        return store

    with pytest.raises(BackupError, match="holds readings already"):
        restore(made.folder / "backup", tmp_path / "again", tmp_path / "list", [], occupied, quietly)
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "again.restoring").exists()


def test_a_store_that_keeps_nothing_is_found_out(made: Home) -> None:
    with pytest.raises(BackupError, match="0 readings are there, and the backup has 360"):
        put_back(made.folder / "backup", made.folder / "again", engine="memory")
    assert not (made.folder / "again").exists()


def test_a_restore_that_was_cut_short_can_be_done_again(made: Home) -> None:
    (made.folder / "again.restoring" / "observations").mkdir(parents=True)
    (made.folder / "again.restoring" / "registry.sqlite").write_text("half of it")
    put_back(made.folder / "backup", made.folder / "again")
    store = reopened(made.folder / "again")
    assert len(stored(store)) == 360
    store.close()


def ana_of(made: Home) -> int:
    return next(i for i, p in made.registry.holdings().parties.items() if p.name == "Ana")


@pytest.mark.parametrize("where", ["beside", "given"])
def test_what_was_erased_since_is_erased_again(made: Home, where: str) -> None:
    actions.erase(made.registry, made.store, ana_of(made), now=NOW)
    listed = made.listed if where == "given" else made.folder / "again.erased"
    if where == "beside":
        shutil.copy(made.listed, listed)
    put_back(made.folder / "backup", made.folder / "again", *([made.listed] if where == "given" else []))
    with home_of(made.folder / "again") as again:
        assert len(stored(again.store)) == 360
        assert actions.erase_again(again.registry, again.store, NOW) == 1
        assert len(stored(again.store)) == 180
        assert actions.erase_again(again.registry, again.store, NOW) == 0


def test_a_list_that_cannot_be_read_restores_nothing(made: Home) -> None:
    (made.folder / "list").write_text("what was erased, in a tongue of its own")
    with pytest.raises(BackupError, match="a list of what was erased cannot be used"):
        put_back(made.folder / "backup", made.folder / "again", made.folder / "list")
    assert not (made.folder / "again").exists()


def test_lists_are_put_together_and_nothing_of_them_is_lost(made: Home) -> None:
    first = made.folder / "again.erased"
    actions.erase(made.registry, made.store, ana_of(made), until=NOW - 1, now=NOW)
    shutil.copy(made.listed, first)
    actions.erase(made.registry, made.store, ana_of(made), now=NOW + 1)
    for _ in range(2):
        shutil.rmtree(made.folder / "again", ignore_errors=True)
        put_back(made.folder / "backup", made.folder / "again", made.listed)
        assert sorted(first.read_bytes().splitlines()) == sorted(made.listed.read_bytes().splitlines())
        assert len(first.read_bytes().splitlines()) == 2


@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_checksum_is_the_same_however_rows_are_cut(cuts: list[int]) -> None:
    whole = batch(*(Row(1000 + n, THEN + n, n / 7) for n in range(40)))
    one, many = Checksum(), Checksum()
    one.add(whole)
    edges = [0, *sorted(cuts), 40]
    for first, after in pairwise(edges):
        many.add(whole.take(np.arange(first, after)))
    assert (one.value, one.rows) == (many.value, many.rows)
    other = Checksum()
    other.add(batch(*(Row(1000 + n, THEN + n, n / 7 if n != 20 else 1.0) for n in range(40))))
    assert other.value != one.value
