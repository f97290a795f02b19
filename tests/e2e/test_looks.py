"""The log of looks as neighbours meet it: on a public topic, on a page, in a file of their own that finds a rewrite."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import RunningHub, barrio, configure, running, start

pytestmark = pytest.mark.e2e
_LOOK = """
import sys, time
from pathlib import Path
import numpy as np
from hub import actions, app, settings
from hub.core.catalogue import Exposure
from hub.core.grade import HOUR, Grade
from hub.core.observations import Key, Observations
from hub.core.places import Place
from hub.core.query import Query
now = time.time_ns() // 1000 // HOUR * HOUR - 2 * HOUR + 1
with app.opened(settings.read(Path(sys.argv[1])), lambda: now) as parts:
    r = parts.registry
    ana, eva = (next(p.id for p in r.holdings().parties.values() if p.name == name) for name in ("Ana", "Eva"))
    thing = actions.add_thing(
        r, ana, "balcony", exposure=Exposure.OUTDOOR, place=Place(50.103, 14.403), now=now - 9 * HOUR
    )
    r.first_heard([Key(thing.credential, "balcony", "pm25", None)], now - 9 * HOUR)
    dust = r.holdings().datastreams[0].id
    yards = actions.add_commons(r, "Courtyards", "to breathe", now=now - 9 * HOUR).commons
    for party in (ana, eva):
        actions.join(r, yards, party, now=now - 8 * HOUR)
    actions.set_grade(r, dust, Grade.COMMONS, commons=yards, now=now - 8 * HOUR)
    one = lambda x, kind: np.array([x], kind)
    at = one(now - 4 * HOUR, np.int64)
    parts.store.append(Observations(
        one(dust, np.int32), one(ana, np.int32), at, at, one(4242.5, float), one(Grade.COMMONS, np.uint8),
        one(Grade.OPEN, np.uint8), one(0, np.uint8),
    ))
    print(len(parts.gate.read(Query(), r.audience_of_party(eva))))
"""
"""Eva, a member, looks at Ana's dust two hours ago."""


def looked_at(folder: Path) -> None:
    """A hub in whose past somebody looked, stopped."""
    config = configure(folder)
    for name in ("Ana", "Eva"):
        barrio(config, "party", "add", name)
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(config)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "1", done.stderr


def heard(hub: RunningHub, user: str, password: str, *more: str) -> str:
    """What mosquitto_sub gets from the board, to the byte."""
    done = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(hub.mqtt), "-u", user, "-P", password, "-C", "1", "-W", "15",
         "-N", "-t", "public/log/checkpoint", *more],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_neighbour_keeps_checkpoints_and_finds_the_log_rewritten(tmp_path: Path) -> None:
    looked_at(tmp_path)
    mine = tmp_path / "mine.txt"
    with running(tmp_path) as hub:
        told = hub.barrio("who-looked", "Ana")
        assert re.search(r"\w+ of Courtyards", told)
        assert re.search(r"of balcony: 1 value \(commons\)", told)
        assert not re.search(r"\b4242", told)
        assert "Nobody has looked" in hub.barrio("who-looked", "Eva")
        shelf = hub.add_thing("shelf", "Eva")
        note = heard(hub, shelf.user, shelf.password)
        for version in ("mqttv311", "mqttv5"):
            assert heard(hub, shelf.user, shelf.password, "-V", version, "--retained-only") == note
        assert hub.get("/log/checkpoint") == (200, note)
        assert note.splitlines()[1] == "1024"
        assert "Kept: the log has 1024 leaves" in hub.barrio("log", "keep", str(mine), "--from", hub.web)
        assert "Kept already" in hub.barrio("log", "keep", str(mine), "--from", hub.web)
        assert mine.read_text().endswith(note)
        proofs = tmp_path / "proofs.jsonl"
        proofs.write_text(hub.barrio("who-looked", "Ana", "--proofs").replace("(asked the running hub)\n", ""))
        verify = ("log", "verify", "--checkpoints", str(mine), "--log", hub.web, "--entries", str(proofs))
        assert "1 entries: each stands in the log, word for word" in hub.barrio(*verify)
        assert "everything is as it was written" in hub.barrio("log", "verify")
        assert "made a link" not in hub.barrio("log")
        proofs.write_text(proofs.read_text().replace("commons", "c0mmons"))
        assert "was changed" in barrio(hub.config, *verify, fails=True)
        hub.stop()
    rewrite(registry_of(tmp_path))
    hub = start(tmp_path)
    try:
        assert "the log was rewritten" in barrio(
            hub.config, "log", "verify", "--checkpoints", str(mine), "--log", hub.web, fails=True
        )
        copy = tmp_path / "batches.txt"
        copy.write_text(hub.get("/log/batches")[1])
        assert "rewritten" in barrio(
            hub.config, "log", "verify", "--checkpoints", str(mine), "--log", str(copy), fails=True
        )
        assert "everything is as it was written" in hub.barrio("log", "verify"), "the hub has made it fit for itself"
    finally:
        hub.stop()


def registry_of(folder: Path) -> Path:
    return next(folder.rglob("registry.sqlite"))


def rewrite(file: Path) -> None:
    """The look is taken away and the tree built anew, as somebody would who has the hub and its key."""
    with sqlite3.connect(file) as raw:
        for table in ("look_entries", "looks", "checkpoints", "look_batches"):
            assert raw.execute(f"DELETE FROM {table}").rowcount >= 1  # noqa: S608 - our own words
    raw.close()


def test_a_log_that_came_from_a_backup_is_found_too(tmp_path: Path) -> None:
    looked_at(tmp_path)
    backup = tmp_path / "backup.sqlite"
    shutil.copy(registry_of(tmp_path), backup)
    mine = tmp_path / "mine.txt"
    with running(tmp_path) as hub:
        hub.barrio("log", "keep", str(mine), "--from", hub.web)
        hub.stop()
    config = tmp_path / "barrio.toml"
    assert "1024 leaves: the log is what it was" in barrio(config, "log", "verify", "--checkpoints", str(mine))
    registry = registry_of(tmp_path)
    for name in ("registry.sqlite-wal", "registry.sqlite-shm"):
        registry.with_name(name).unlink(missing_ok=True)
    shutil.move(backup, registry)
    assert "the log was cut" in barrio(config, "log", "verify", "--checkpoints", str(mine), fails=True)
