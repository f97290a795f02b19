"""A backup as operators make it: under load, checked, put back; what was erased since does not come back."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.loading import Load
from tests.e2e.programs import free_port
from tests.e2e.running import RunningHub, barrio, rows, running
from tests.e2e.test_erasing import MINE, THEIRS, standing_in, two_neighbours

pytestmark = pytest.mark.e2e


def under_load(hub: RunningHub, to: Path) -> tuple[Load, int, str]:
    """Make a backup while somebody publishes without end; his load, how much was acknowledged before, what was said."""
    who = hub.add_thing("probe", "Ana")
    load, done = Load(hub.mqtt, who.user, who.password), threading.Event()
    sender = threading.Thread(target=load.run, args=(done.is_set,))
    sender.start()
    try:
        deadline = time.monotonic() + 20
        while len(load.acknowledged) < 2000 and time.monotonic() < deadline:
            time.sleep(0.005)
        before = len(load.acknowledged)
        said = hub.barrio("backup", str(to))
    finally:
        done.set()
        sender.join(30)
    return load, before, said


def test_a_backup_under_load_has_all_that_was_acknowledged_before_it_began(tmp_path: Path) -> None:
    with running(tmp_path, mqtt=free_port()) as hub:
        hub.barrio("party", "add", "Ana")
        load, before, said = under_load(hub, tmp_path / "backup")
        assert "asked the running hub" in said
        assert "read again and found as they are" in said
        assert "never" not in next(line for line in hub.barrio("status").splitlines() if "last backup" in line)
        hub.stop()
    assert len(load.acknowledged) > before >= 2000, "things were answered while it was made"
    assert {round(v) for *_, v in rows(tmp_path)} >= set(load.acknowledged)
    shutil.rmtree(tmp_path / "var")
    assert "found as they are" in barrio(tmp_path / "barrio.toml", "check-backup", str(tmp_path / "backup"))
    barrio(tmp_path / "barrio.toml", "restore", str(tmp_path / "backup"))
    found = Counter(round(value) for *_, value in rows(tmp_path))
    assert set(load.acknowledged[:before]) <= set(found)
    assert set(found.values()) == {1}
    assert sorted(found) == list(range(1, len(found) + 1)), "all of one moment"


def test_what_was_erased_since_is_gone_when_the_restore_is_done(tmp_path: Path) -> None:
    config, backup = tmp_path / "barrio.toml", tmp_path / "backup"
    with running(tmp_path) as hub:
        two_neighbours(hub)
        link = hub.barrio("party", "link", "Ana").split("/mine/")[-1].split()[0]
        assert hub.get(f"/mine/{link}")[0] == 200
        hub.barrio("backup", str(backup))
        hub.barrio("erase", "Ana", "--everything", "--yes")
        assert "running" in hub.barrio("status")
        hub.stop()
    assert "is not empty" in barrio(config, "restore", str(backup), fails=True)
    shutil.rmtree(tmp_path / "var")
    listed = tmp_path / "var.erased"
    listed.rename(tmp_path / "elsewhere")
    assert "--without-list" in barrio(config, "restore", str(backup), fails=True)
    assert "no such list" in barrio(config, "restore", str(backup), "--erased", str(tmp_path / "x"), fails=True)
    assert not (tmp_path / "var").exists()
    said = barrio(config, "restore", str(backup), "--erased", str(tmp_path / "elsewhere"))
    assert "1 of 1 erasures are gone from every file" in said
    assert standing_in(tmp_path / "var", MINE) == []
    assert [value for *_, value in rows(tmp_path)] == [THEIRS]
    assert listed.read_bytes() == (tmp_path / "elsewhere").read_bytes()
    assert "gone from every file     yes" in barrio(config, "erased", "Ana")
    with running(tmp_path) as hub:
        assert hub.get(f"/mine/{link}")[0] == 403, "links that had ended since must not begin again"
