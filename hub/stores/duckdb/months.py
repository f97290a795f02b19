"""The files of the DuckDB engine: one per month of the observations' own time, attached when needed.

Rule: one process has the directory. A file is let go of or exchanged only when nobody reads in it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Condition

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.core.history import BEGINNING, END
from hub.core.observations import Times
from hub.core.store import StoreUnavailable
from hub.stores.duckdb.archives import Archives
from hub.stores.duckdb.journal import sync
from hub.stores.duckdb.layout import NO_VIEWS, TABLES, File, open_file, quoted

FIRST, LAST = int(np.datetime64("2015-01", "us").astype(np.int64)), int(np.datetime64("2050-01", "us").astype(np.int64))
ODD = -1
"""The file for times before `FIRST` or from `LAST` on: clocks that are wrong share one, they cannot make thousands."""
AT_ONCE = 36
"""So many months stay attached when nobody reads in them: three years of charts without opening a file."""
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    # Nothing from the network, nothing from the caller's variables; the writer checkpoints in its own time.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "checkpoint_threshold": "256MB",
}
_FILE = re.compile(r"observations-(odd|\d{4}-\d\d)\.duckdb")
_SOUND = "SELECT 1 FROM {}.observations LIMIT 1"


def months_of(time: Times) -> NDArray[np.int64]:
    """The number of the file (months since 1970, or `ODD`) that each time (µs) belongs to."""
    month = time.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return np.where((time >= FIRST) & (time < LAST), month, ODD)


def bounds(month: int) -> tuple[int, int]:
    """The first time (µs) that a file can hold and the first after it; the odd file has any."""
    if month == ODD:
        return BEGINNING, END
    start, end = (int(np.datetime64(m, "M").astype("datetime64[us]").astype(np.int64)) for m in (month, month + 1))
    return start, end


def overlaps(month: int, since: int, until: int) -> bool:
    """Whether a file can hold times in [`since`, `until`) (µs)."""
    if month == ODD:
        return since < until and (since < FIRST or until > LAST)
    start, end = bounds(month)
    return since < end and until > start


class Months:
    """The files of one directory. Any thread may read; one at a time may make, exchange or close."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(directory)
        self._door = Condition()
        self._readers: OrderedDict[int, int] = OrderedDict()
        self._files: dict[int, File] = {}
        self.archives = Archives(directory)
        self._leaving: set[int] = set()
        self._everyone = False
        self._remove_drafts()
        self._instance = self._connect()

    def known(self) -> list[int]:
        """The months that have a file, oldest first."""
        names = (_FILE.fullmatch(p.name) for p in self._directory.iterdir())
        words = (n[1] for n in names if n)
        return sorted(ODD if w == "odd" else int(np.datetime64(w, "M").astype(np.int64)) for w in words)

    @contextmanager
    def using(self, months: Iterable[int]) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
        """A connection of one's own and the names of these months in it; makes what is not there yet."""
        wanted = list(months)
        entered: list[int] = []
        try:
            with self._door:
                self._door.wait_for(lambda: not self._everyone and self._leaving.isdisjoint(wanted))
                for month in wanted:
                    self._attach(month)
                    self._readers[month] += 1
                    entered.append(month)
                cursor = self._instance.cursor()
            with closing(cursor):
                yield cursor, [_name(m) for m in wanted]
        finally:
            with self._door:
                for month in entered:
                    self._readers[month] -= 1
                self._close_idle()
                self._door.notify_all()

    def files(self, months: Iterable[int]) -> list[File]:
        """What these months are that one is `using`."""
        return [self._files[month] for month in months]

    def touch(self, month: int) -> None:
        """Something is about to come into a month that one is `using`."""
        self._files[month] = self._files[month]._replace(touched=True)

    def path(self, month: int) -> Path:
        """Where a month is or will be."""
        word = "odd" if month == ODD else str(np.datetime64(month, "M"))
        return self._directory / f"observations-{word}.duckdb"

    def draft(self, month: int) -> Path:
        """Where a month is written anew; what a crash leaves there is removed at the next start."""
        return self.path(month).with_suffix(".draft")

    @contextmanager
    def drafting(self, month: int, cursor: duckdb.DuckDBPyConnection) -> Iterator[str]:
        """A month's draft, made if there is none, under the name that it yields; on leaving it is on the disk."""
        cursor.execute(f"ATTACH '{quoted(self.draft(month))}' AS draft")
        try:
            open_file(cursor, "draft", self._directory)
            yield "draft"
            cursor.execute("CHECKPOINT draft")
        finally:
            cursor.execute(NO_VIEWS.format("draft"))
            cursor.execute("DETACH draft")

    def discard(self, months: Iterable[int]) -> None:
        """Remove what is left of the drafts of these months."""
        for month in months:
            draft = self.draft(month)
            draft.unlink(missing_ok=True)
            draft.with_suffix(".draft.wal").unlink(missing_ok=True)
            self.archives.tidy(self.path(month).stem)

    def exchange(self, months: Collection[int]) -> None:
        """Put the drafts of these months in their place, once nobody reads there; the old files are gone on return."""
        with self._leave(months):
            for month in months:
                self._detach(month)
                if self.wal(month):  # its rows would be read into the new file
                    raise OSError(f"the file of a month in {self._directory} could not be closed")
                self.archives.forget(self.path(month).stem)
                self.draft(month).replace(self.path(month))
            sync(self._directory)
            for month in months:  # now it is known which archive each has: another that it had goes
                self._attach(month)

    def sound(self) -> bool:
        """Whether every open file still answers."""
        try:
            with self._door, closing(self._instance.cursor()) as cursor:
                for month in self._readers:
                    cursor.execute(_SOUND.format(_name(month))).fetchall()
        except duckdb.Error:
            return False
        return True

    def wal(self, month: int) -> int:
        """How many bytes of a month wait in its write-ahead log."""
        try:
            return self.path(month).with_suffix(".duckdb.wal").stat().st_size
        except FileNotFoundError:
            return 0

    def attached(self) -> list[int]:
        """The months that are open now."""
        with self._door:
            return list(self._readers)

    def restart(self) -> None:
        """Let go of everything, once nobody reads, and begin anew (after an error that DuckDB does not survive)."""
        with self._leave(None):
            self._instance.close()
            self._readers.clear()
            self._instance = self._connect()

    def close(self) -> None:
        """Write what waits and let go of all files and of the directory; what cannot be written now waits in a log."""
        with self._leave(None):
            with suppress(duckdb.Error):
                for month in list(self._readers):
                    self._detach(month)
            self._instance.close()
            self._remove_drafts()
            os.close(self._lock)

    @contextmanager
    def _leave(self, months: Iterable[int] | None) -> Iterator[None]:
        """Hold the door when nobody is in these months (None: in any) any more; nobody enters them meanwhile."""
        with self._door:
            self._everyone = months is None
            self._leaving.update(months or ())
            try:
                self._door.wait_for(
                    lambda: not any(n for m, n in self._readers.items() if self._everyone or m in self._leaving)
                )
                yield
            finally:
                self._everyone = False
                self._leaving.clear()
                self._door.notify_all()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        spill = str(self._directory / "spill")
        instance = duckdb.connect(":memory:", config={**_CONFIG, "temp_directory": spill})
        # The first look at an array and the first answer in arrays import for 0.3 s: now, not at the first message.
        instance.register("nothing", {"n": np.zeros(1, np.int64)})
        instance.execute("SELECT n FROM nothing").fetchnumpy()
        instance.unregister("nothing")
        return instance

    def _attach(self, month: int) -> None:
        if month not in self._readers:
            name = _name(month)
            if not self.path(month).exists():
                self._make(month)
            self._instance.execute(f"ATTACH '{quoted(self.path(month))}' AS {name}")
            try:
                self._files[month], archive = open_file(self._instance, name, self._directory)
                self.archives.named(self.path(month).stem, archive)
            except duckdb.Error:
                self._instance.execute(f"DETACH {name}")
                raise
            self._readers[month] = 0
        self._readers.move_to_end(month)

    def _make(self, month: int) -> None:
        """Make a month's file whole under another name first: cut short by a full disk it would be a damaged file."""
        new = self.draft(month).with_suffix(".draft-new")
        try:
            self._instance.execute(f"ATTACH '{quoted(new)}' AS made")
            try:
                self._instance.execute(TABLES.format("made"))
                self._instance.execute("CHECKPOINT made")
            finally:
                self._instance.execute("DETACH made")
            new.replace(self.path(month))
        finally:
            new.unlink(missing_ok=True)
            new.with_suffix(".draft-new.wal").unlink(missing_ok=True)
        sync(self._directory)

    def _close_idle(self) -> None:
        """Close the months that were used longest ago where more than `AT_ONCE` are open."""
        idle = [m for m, readers in self._readers.items() if not readers]
        with suppress(duckdb.Error):  # what cannot be written now stays open
            for month in idle[: max(0, len(self._readers) - AT_ONCE)]:
                self._detach(month)

    def _detach(self, month: int) -> None:
        if month in self._readers:
            self._instance.execute(f"CHECKPOINT {_name(month)}")
            self._instance.execute(NO_VIEWS.format(_name(month)))
            self._instance.execute(f"DETACH {_name(month)}")
            del self._readers[month]

    def _remove_drafts(self) -> None:
        for draft in self._directory.glob("*.draft*"):
            draft.unlink()
        shutil.rmtree(self._directory / "spill", ignore_errors=True)


def _lock(directory: Path) -> int:
    handle = os.open(directory / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        os.close(handle)
        raise StoreUnavailable(
            f"another barrio is running on {directory}: stop it first, or give this one a directory of its own"
        ) from e
    return handle


def _name(month: int) -> str:
    return "odd" if month == ODD else f"m{month}"
