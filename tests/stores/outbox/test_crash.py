"""A hub whose server comes and goes is killed with -9 again and again: what it acknowledged is there, once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from hub.stores.duckdb.store import DuckDBStore
from tests.stores.contract import rows
from tests.stores.duckdb.test_crash import ROOT, stored_batches
from tests.stores.outbox.appender import opened
from tests.stores.worlds import own

pytestmark = pytest.mark.e2e
KILLS = 10


def run_and_kill(directory: Path, number: int, seconds: float) -> dict[str, int]:
    """Let an appender work from batch `number` on, kill it; the last batch it said was appended, and erased."""
    command = [sys.executable, "-m", "tests.stores.outbox.appender", str(directory), str(number)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        said = [first, *child.stdout]
    return {what: int(number) for what, number in (line.split() for line in said)}


def waiting(directory: Path) -> int:
    """How many batches wait in the file."""
    with closing(sqlite3.connect(directory / "outbox.sqlite")) as file:
        return int(file.execute("SELECT count(*) FROM batches WHERE state = 'waiting'").fetchone()[0])


def test_killed_ten_times_nothing_acknowledged_is_lost_or_there_twice(tmp_path: Path) -> None:
    waited: list[int] = []
    batches, chance = 0, Random(5)  # noqa: S311 -- when to kill is no secret
    while len(waited) < KILLS or (sum(map(bool, waited)) < KILLS // 2 and len(waited) < 3 * KILLS):
        said = run_and_kill(tmp_path, batches, chance.uniform(0.1, 0.7))
        waited.append(waiting(tmp_path))
        store = opened(tmp_path, DuckDBStore)
        before, batches = batches, stored_batches(store)
        assert said["appended"] + 1 <= batches <= said["appended"] + 2
        assert batches > before
        left = {int(value) for *_, value in rows(store, own(1))}
        assert not left & set(range(said.get("erased", -1) + 1)), "what was erased came back"
        store.close()
    assert sum(map(bool, waited)) >= KILLS // 2, "seldom killed while something waited"
