"""A backup is whole, private and of one moment, or there is none."""

from __future__ import annotations

import json
import resource
import stat
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from hub import actions
from hub.actions.results import Erased
from hub.backup import BackupError, Stopped, check, make
from hub.core.observations import Observations
from hub.core.store import StoreUnavailable
from hub.stores.memory import MemoryStore
from tests.backup.world import Home, fill, home, home_of, put_back, quietly, stored
from tests.registry.town import NOW
from tests.stores.worlds import Row, batch

pytestmark = pytest.mark.slow


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path) as one:
        yield one


def test_it_holds_all_that_the_hub_holds_for_the_operators_eyes_only(made: Home) -> None:
    fill(made)
    told = made.back_up()
    assert (told.rows, told.parties, told.things, told.datastreams, told.hashes) == (360, 2, 2, 2, 2)
    folder = made.folder / "backup"
    assert check(folder, quietly) == told
    assert {f.name for f in told.files} | {"manifest.json"} == {p.name for p in folder.iterdir()}
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_any_tool_can_read_the_readings(made: Home) -> None:
    fill(made)
    made.back_up()
    table = pq.read_table(made.folder / "backup" / "observations-0001.parquet")
    assert table.column_names == ["datastream", "owner", "time", "received", "value", "grade", "wish", "quality"]
    assert sorted(set(table["value"].to_pylist())) == [n + 0.25 for n in range(1, 181)]


def test_a_hub_that_has_heard_nothing_can_be_backed_up_too(made: Home) -> None:
    assert made.back_up().rows == 0
    put_back(made.folder / "backup", made.folder / "again")
    assert (made.folder / "again" / "registry.sqlite").exists()


def test_many_readings_come_in_several_files(made: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.backup.rows._ROWS_A_FILE", 100)
    monkeypatch.setattr("hub.stores.duckdb.copying._MANY", 30)
    fill(made)
    told = made.back_up()
    assert len(told.observations) > 2
    assert sum(f.rows for f in told.observations) == told.rows == 360
    put_back(made.folder / "backup", made.folder / "again")
    with home_of(made.folder / "again") as again:
        assert stored(again.store) == stored(made.store)


def test_what_somebody_erases_while_it_is_made_does_not_come_back(made: Home) -> None:
    ana, eva = fill(made)
    asked: list[Future[Erased]] = []

    def told(what: str, done: int, of: int) -> None:
        if what == "readings" and not asked:
            asked.append(pool.submit(actions.erase, made.registry, made.store, ana, now=NOW))
        quietly(what, done, of)

    with ThreadPoolExecutor(1) as pool:
        kept = make(made.registry, made.store, "duckdb", made.data, made.folder / "backup", NOW, told)
        assert asked[0].result(60).rows == 180
    assert kept.rows == 360, "what there was when it was begun"
    assert {v[0] for v in stored(made.store).values()} == {eva}


class Broken(MemoryStore):
    """Fails in the middle of a copy."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure
        self.rows = 2

    @contextmanager
    def snapshot(self) -> Iterator[Broken]:  # type: ignore[override]
        yield self

    def batches(self) -> Iterator[Observations]:
        yield batch(Row())
        raise self.failure

    def hashes(self) -> NDArray[np.uint64]:
        return np.empty(0, np.uint64)


@pytest.mark.parametrize(
    ("failure", "why"),
    [(StoreUnavailable("the disk is full"), "the disk is full"), (OSError(28, "No space left"), "No space left")],
)
def test_what_was_begun_is_removed_when_it_cannot_be_finished(made: Home, failure: Exception, why: str) -> None:
    to = made.folder / "backup"
    with pytest.raises(BackupError, match=why):
        make(made.registry, Broken(failure), "duckdb", made.data, to, NOW, quietly)
    assert not to.exists()


def test_a_hub_that_stops_leaves_no_half_backup(made: Home) -> None:
    fill(made)

    def stop(what: str, *_: int) -> None:
        if what == "readings":
            raise Stopped

    with pytest.raises(BackupError, match="stopped before the backup was whole"):
        make(made.registry, made.store, "duckdb", made.data, made.folder / "backup", NOW, stop)
    assert not (made.folder / "backup").exists()
    assert made.back_up().rows == 360, "and nothing is held any more"


def test_a_disk_that_is_full_is_told(made: Home) -> None:
    fill(made)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(BackupError, match=r"is full: make room"):
            made.back_up()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (made.folder / "backup").exists()
    assert made.back_up().rows == 360


def test_a_folder_that_is_in_use_is_left_alone(made: Home) -> None:
    (made.folder / "mine").mkdir()
    (made.folder / "mine" / "letter").write_text("dear")
    (made.folder / "file").write_text("dear")
    for to, why in (
        ("mine", "not empty"),
        ("file", "not empty"),
        ("no/where", "cannot be made"),
        ("var/b", "own data"),
    ):
        with pytest.raises(BackupError, match=why):
            made.back_up(to)
    assert (made.folder / "mine" / "letter").read_text() == (made.folder / "file").read_text() == "dear"
    (made.folder / "empty").mkdir()
    assert made.back_up("empty").rows == 0


class Elsewhere:
    """An engine that keeps its data on a server: no copy of it can be had."""


def test_an_engine_on_a_server_of_its_own_is_said_not_to_be_in_it(made: Home) -> None:
    fill(made)
    elsewhere: MemoryStore = Elsewhere()  # type: ignore[assignment]
    told = make(made.registry, elsewhere, "elsewhere", made.data, made.folder / "backup", NOW, quietly)
    assert (told.rows, told.parties, told.observations) == (None, 2, ())
    assert json.loads((made.folder / "backup" / "manifest.json").read_text())["rows"] is None
    put_back(made.folder / "backup", made.folder / "again")
    assert not (made.folder / "again" / "observations").exists()
