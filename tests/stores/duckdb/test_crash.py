"""kill -9: what was acknowledged is there, once; what was not is there whole or not at all; what was erased is gone."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from hub.core.store import Store
from hub.stores import STORES
from tests.stores.contract import rows
from tests.stores.duckdb.appender import ERASED, rows_of
from tests.stores.worlds import own

pytestmark = pytest.mark.e2e
ENGINE = "duckdb"
MOST = 100
"""Kills at most, until one came in the very moment that is looked for."""
ROOT = Path(__file__).resolve().parents[3]


def run_and_kill(directory: Path, number: int, seconds: float, many: int) -> dict[str, int]:
    """Let an appender work from batch `number` on, kill it; the last batch that it said was appended, and erased."""
    command = [sys.executable, "-m", "tests.stores.duckdb.appender", ENGINE, str(directory), str(number), str(many)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        said = [first, *child.stdout]
    return {what: int(number) for what, number in (line.split() for line in said)}


def stored_batches(store: Store) -> int:
    """How many batches are there, each of them whole, once, with its hash, and none missing in between."""
    found = rows(store, own(0))
    batches = int(max((value for *_, value in found), default=-1)) + 1
    expected = sorted((1000, row.time, row.value) for n in range(batches) for row in rows_of(n)[:-1])
    assert found == expected
    assert store.seen(range(batches + 2)) == set(range(batches))
    return batches


def notes(directory: Path) -> int:
    """How many files of the journal hold something: one when rows waited, two when some were being filed."""
    return sum(p.stat().st_size > 0 for p in directory.glob("journal-*"))


@pytest.mark.parametrize(("many", "killed_in"), [(100_000, 1), (200, 2)])
def test_killed_at_least_ten_times_nothing_acknowledged_is_lost_or_there_twice(
    tmp_path: Path, many: int, killed_in: int
) -> None:
    noted: list[int] = []
    batches, chance = 0, Random(4)  # noqa: S311 -- when to kill is no secret
    while len(noted) < 10 or (killed_in not in noted and len(noted) < MOST):
        said = run_and_kill(tmp_path, batches, chance.uniform(0.0, 0.7), many)
        noted.append(notes(tmp_path))
        store = STORES[ENGINE](tmp_path)
        before, batches = batches, stored_batches(store)
        assert said["appended"] + 1 <= batches <= said["appended"] + 2
        assert batches > before
        left = {int(value) for *_, value in rows(store, own(1))}
        assert set(range(said.get("erased", -1) + 1, batches)) - left <= set(range(batches // ERASED * ERASED))
        assert not left & set(range(said.get("erased", -1) + 1))
        store.close()
    assert killed_in in noted, "never killed while rows waited, or were being filed"
