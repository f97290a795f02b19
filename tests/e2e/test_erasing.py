"""A change of mind on a hub as people run it: published over MQTT, erased by command, looked for in every file."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from tests.e2e.running import RunningHub, barrio, configure, rows, running, start

pytestmark = pytest.mark.e2e
MINE, THEIRS = 17.345678912345, 18.456789123456


def standing_in(folder: Path, value: float) -> list[str]:
    """The files below a folder in which a number stands: its eight bytes, either way round, or its digits."""
    needles = struct.pack("<d", value), struct.pack(">d", value), repr(value).encode()
    files = [p for p in folder.rglob("*") if p.is_file()]
    return sorted(p.name for p in files if any(n in p.read_bytes() for n in needles))


def two_neighbours(hub: RunningHub) -> None:
    for name, thing, value in (("Ana", "balcony", MINE), ("Eva", "roof", THEIRS)):
        hub.barrio("party", "add", name)
        made = hub.add_thing(thing, name, "--exposure", "outdoor")
        assert hub.publish(made, f"things/{thing}/pm25", repr(value)).returncode == 0


def test_what_was_erased_is_in_no_file_of_a_running_hub_nor_after_it_stopped(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        two_neighbours(hub)
        assert standing_in(tmp_path, MINE)
        assert standing_in(tmp_path, THEIRS)
        told = hub.barrio("erase", "Ana", "--thing", "balcony", "--yes")
        assert "1 readings" in told
        assert "gone from every file     yes" in told
        assert "none is there" in told
        assert standing_in(tmp_path, MINE) == []
        assert standing_in(tmp_path, THEIRS)
        assert "gone from every file     yes" in hub.barrio("erased", "Ana")
        assert "upkeep: erasures" in hub.barrio("status")
        hub.stop()
    assert standing_in(tmp_path, MINE) == []
    assert [value for *_, value in rows(tmp_path)] == [THEIRS]


def test_a_backup_that_is_restored_does_not_bring_it_back(tmp_path: Path) -> None:
    data, backup = tmp_path / "var", tmp_path / "backup"
    with running(tmp_path) as hub:
        two_neighbours(hub)
        hub.stop()
    shutil.copytree(data, backup)
    barrio(tmp_path / "barrio.toml", "erase", "Ana", "--everything", "--yes")
    shutil.rmtree(data)
    shutil.move(backup, data)
    assert standing_in(data, MINE)
    hub = start(tmp_path)
    try:
        assert "gone from every file" in hub.barrio("erased", "Ana")
        hub.stop()
    finally:
        if hub.process.poll() is None:
            hub.kill()
    assert [value for *_, value in rows(tmp_path)] == [THEIRS]
    assert "gone from every file     yes" in barrio(tmp_path / "barrio.toml", "erased", "Ana")
    assert standing_in(data, MINE) == []


def test_it_is_asked_again_before_anything_goes(tmp_path: Path) -> None:
    file = configure(tmp_path)
    barrio(file, "party", "add", "Ana")
    assert "no way back" in barrio(file, "erase", "Ana", "--everything", stdin=b"n\n", fails=True)
    assert "receipt" in barrio(file, "erase", "Ana", "--everything", stdin=b"y\n")
