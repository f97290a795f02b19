"""A month of many things in the hub's own files: what a row takes, what sums save, and what keeping them costs.

Rule: every measurement begins from the same files, compacted and closed, in a copy of its own.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from hub.backup import make, restore
from hub.core.audience import PUBLIC
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.query import Query
from hub.core.store import Erasure
from hub.settings import RetentionSettings
from hub.stores import STORES
from hub.upkeep.retention import thinning
from tests.bench import town
from tests.bench.effort import Effort
from tests.bench.town import MEASURED, UNTIL, Town
from tests.bench.verdicts import Row, Target, figure, middle

HOMES = 100
DAYS = 30
EVERY = 5 * MINUTE
_BLOCK = 2**18
_KEPT = RetentionSettings(raw_days=10, quarter_hours_days=0)
_YEAR, _YEARS_HOMES, _YEARS_EVERY = 365, 10, 2 * MINUTE


def month(effort: Effort) -> list[Row]:
    """Disk, backup and restore, erasing a home, thinning."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "town"
        rows, before, took = _made(folder, HOMES, len(MEASURED), DAYS, EVERY)
        found = [_disk(folder, rows, before, took)]
        found += _kept(folder, rows)
        found.append(_erased(folder, rows, effort.rounds))
        found.append(_thinned(folder, rows))
    return found


def year(effort: Effort) -> list[Row]:
    """Hourly means of one property over a year, out of sums and out of the same files without them."""
    with TemporaryDirectory() as name:
        folder, bare = Path(name) / "town", Path(name) / "bare"
        rows, *_ = _made(folder, _YEARS_HOMES, 1, _YEAR, _YEARS_EVERY)
        shutil.copytree(folder, bare)
        for file in (bare / "var" / "observations").glob("*.duckdb"):
            with duckdb.connect(str(file)) as connection:
                connection.execute("DELETE FROM tiers")
        question = Query(since=UNTIL - _YEAR * DAY, until=UNTIL, window=HOUR)
        with_sums: list[float] = []
        without: list[float] = []
        answer = 0
        for _ in range(effort.rounds):
            for place, took in ((folder, with_sums), (bare, without)):
                with town.opened(place) as t:
                    for _ in range(2):  # the first opens the files
                        took.append(_seconds(partial(t.parts.gate.read, question, PUBLIC)))
                    took.pop(-2)
                    answer = len(t.parts.gate.read(question, PUBLIC))
    ours, theirs = middle(with_sums), middle(without)
    told = f"{figure(theirs * 1e3)} / {figure(ours * 1e3)} ms for {answer:,} means of {rows:,} rows"
    what = f"a year of hourly means of one property over {_YEARS_HOMES} homes, times faster: with sums / without"
    return [Row(what, Target(), theirs / ours, told)]


def _made(folder: Path, homes: int, properties: int, days: int, every: int) -> tuple[int, int, float]:
    """A town with a past, compacted; its rows, the bytes of its files before that, and the seconds it took."""
    folder.mkdir()
    town.settle(folder, homes, properties, UNTIL - days * DAY)
    rows = 0
    for day in range(days):  # opened anew now and then, so that files are closed as a hub that stops closes them
        if day % 30 == 0:
            rows += _lived(folder, range(day, min(day + 30, days)), days, every)
    before = _size(folder)
    with town.opened(folder) as t:
        took = _seconds(t.parts.store.compact)
    return rows, before, took


def _lived(folder: Path, some: range, days: int, every: int) -> int:
    rows = 0
    with town.opened(folder) as t:
        for day in some:
            since = UNTIL - (days - day) * DAY
            batch = town.measured(t, since, since + DAY, every)
            t.parts.store.append(batch)
            rows += len(batch)
    return rows


def _disk(folder: Path, rows: int, before: int, took: float) -> Row:
    sums = sum(_blocks(file) for file in (folder / "var" / "observations").glob("*.duckdb")) * _BLOCK
    told = (
        f"{rows:,} rows of {HOMES} things, ten values each, for a month, with owner, grade, wish, quality and both "
        f"times; {figure(sums / rows)} B of it for sums; before {figure(before / rows)} B; compacted at "
        f"{figure(rows / took / 1e6)} M rows/s"
    )
    what = "disk an observation after compaction, of things that tell a value every five minutes"
    return Row(what, Target(most=9, unit=" B"), _size(folder) / rows, told)


def _blocks(file: Path) -> int:
    """How many blocks of a file hold sums."""
    with duckdb.connect(str(file), read_only=True) as connection:
        query = "SELECT count(DISTINCT block_id) FROM pragma_storage_info('rollups') WHERE persistent"
        return int((connection.execute(query).fetchone() or (0,))[0])


def _kept(folder: Path, rows: int) -> list[Row]:
    """A backup of a whole hub that runs, read again and checked; and putting it back."""
    with _copy(folder) as (place, t):
        p = t.parts
        backup = place / "backup"
        start = time.perf_counter()
        make(p.registry, p.store, "duckdb", p.settings.hub.data, backup, UNTIL, _quietly)
        took = time.perf_counter() - start
        size = sum(file.stat().st_size for file in backup.iterdir())
        back, listed = place / "back", place / "back.erased"
        start = time.perf_counter()
        restore(backup, back, listed, [], lambda data: STORES["duckdb"](data / "observations"), _quietly)
        again = time.perf_counter() - start
    told = f"{rows:,} rows and the registry: {size / 1e6:.0f} MB in {took:.1f} s, {size / took / 1e6:.0f} MB/s"
    return [
        Row("backup, read again and checked", Target(unit=" M rows/s"), rows / took / 1e6, told),
        Row("restore of it, checked and counted", Target(unit=" M rows/s"), rows / again / 1e6, f"{again:.1f} s"),
    ]


def _erased(folder: Path, rows: int, rounds: int) -> Row:
    """One home after the other, each out of the files for good when it returns."""
    took, went = [], 0
    with _copy(folder) as (_, t):
        for owner in t.owners[:rounds]:
            start = time.perf_counter()
            went += t.parts.store.delete(Erasure(owner=owner, arrived=UNTIL + HOUR))
            took.append(time.perf_counter() - start)
    told = (
        f"{went // rounds:,} of {rows:,} rows; its file is written anew without them at "
        f"{figure(rows / middle(took) / 1e6)} M rows/s"
    )
    return Row(f"erasing one of {HOMES} homes' month of ten values every five minutes", Target(unit=" s"),
               middle(took), told)  # fmt: skip


def _thinned(folder: Path, rows: int) -> Row:
    """Twenty of thirty days become quarter-hourly means."""
    with _copy(folder) as (_, t):
        registry = t.parts.registry
        old = thinning(registry.holdings(), registry.catalogue, _KEPT, UNTIL)
        start = time.perf_counter()
        fewer = t.parts.store.thin(old)
        took = time.perf_counter() - start
    told = f"{rows:,} rows became {rows - fewer:,} in {took:.1f} s"
    return Row("thinning a month to quarter-hourly means", Target(unit=" M rows/s"), rows / took / 1e6, told)


@contextmanager
def _copy(folder: Path) -> Iterator[tuple[Path, Town]]:
    with TemporaryDirectory() as name:
        place = Path(name)
        shutil.copytree(folder, place / "town")
        with town.opened(place / "town") as t:
            yield place, t


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "var" / "observations").iterdir())


def _quietly(what: str, done: int, of: int) -> None:
    """Nobody asks how far it is."""
    del what, done, of


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
