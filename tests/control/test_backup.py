"""A backup by command: begun, asked after, one at a time, and written down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from hub.backup import BackupError, Told
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.control.work import Progress, Work
from hub.gate import Gate
from hub.settings import HubSettings, Settings, StoreSettings
from tests.backup.world import fill, home
from tests.registry.town import CATALOGUE, NOW


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with home(tmp_path) as made:
        fill(made)
        settings = Settings(hub=HubSettings(data=made.data), store=StoreSettings(folder=made.data / "observations"))
        yield Desk(
            made.registry, made.store, Gate(made.store, made.registry, CATALOGUE, lambda: NOW), settings, lambda: NOW
        )


def awaited(desk: Desk) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while not (found := perform(desk, "backup.progress", {}))["ended"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_a_backup_is_begun_asked_after_and_written_down(desk: Desk, tmp_path: Path) -> None:
    assert perform(desk, "status", {})["last backup"] == "never"
    perform(desk, "backup.begin", {"to": str(tmp_path / "backup")})
    found = awaited(desk)
    assert "360 readings, 2 parties, 2 things, 2 datastreams" in found["told"]
    assert (tmp_path / "backup" / "manifest.json").exists()
    assert perform(desk, "status", {})["last backup"] == "2027-01-15 08:00"
    (entry, *_) = desk.registry.journal()
    assert (entry.who, entry.about, entry.what) == (None, None, "made a backup of everything, with 360 readings")


def test_what_went_wrong_is_told_to_whoever_asks_after_it(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    perform(desk, "backup.begin", {"to": str(tmp_path / "file")})
    assert "is there already" in awaited(desk)["trouble"]
    assert "is there already" in perform(desk, "status", {})["backup not made"]
    perform(desk, "backup.begin", {"to": str(tmp_path / "other")})
    assert awaited(desk)["trouble"] == ""


def test_a_place_is_named_with_its_whole_path(desk: Desk) -> None:
    with pytest.raises(CommandError, match="whole path"):
        perform(desk, "backup.begin", {"to": "here"})


def test_one_backup_at_a_time(desk: Desk, tmp_path: Path) -> None:
    go = Event()
    assert desk.work.begin(lambda _: str(go.wait(30)))
    with pytest.raises(CommandError, match="a backup is being made"):
        perform(desk, "backup.begin", {"to": str(tmp_path / "backup")})
    assert perform(desk, "status", {})["backup being made"] == "beginning, 0 %"
    go.set()
    awaited(desk)
    assert not (tmp_path / "backup").exists()


def test_work_that_shall_stop_stops_where_it_tells_how_far_it_is() -> None:
    work, begun = Work(), Event()

    def count(told: Told) -> str:
        for n in range(10**9):
            told("counting", n, 10**9)
            begun.set()
            time.sleep(0.001)
        return "counted"

    assert work.begin(count)
    assert begun.wait(20)
    assert work.progress.what == "counting"
    work.stop()
    assert work.progress == Progress(ended=True, trouble="it was stopped")
    assert not work.begin(count), "the hub is about to end"


@pytest.mark.parametrize(
    ("error", "trouble"), [(BackupError("no room"), "no room"), (KeyError("4242.5"), "it failed (KeyError)")]
)
def test_work_that_fails_says_so_and_other_work_can_begin(error: Exception, trouble: str) -> None:
    work = Work()

    def fail(_: Told) -> str:
        raise error

    assert work.begin(fail)
    deadline = time.monotonic() + 20
    while not work.progress.ended:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert trouble in work.progress.trouble
    assert "4242.5" not in work.progress.trouble
    assert work.begin(lambda _: "done")
    work.stop()
