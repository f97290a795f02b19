"""The outboxes of other processes in the same folder, looked at: what waits there waits for everybody.

Rule: nothing is written into a file that another process has. One that nobody has is sent by whoever is asked to, in
order, and goes once nothing in it need be remembered.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import RLock
from time import monotonic, time_ns

import numpy as np

from hub.core.observations import Observations
from hub.core.store import StoreUnavailable
from hub.stores.duckdb.journal import Hashes
from hub.stores.outbox.shelf import (
    GOING,
    REMEMBERED,
    SENT,
    WAITING,
    Shelf,
    Waiting,
    among,
    known,
    read_body,
    telling,
)
from hub.stores.turns import Claim, is_taken

GRACE = 8.0
"""So long (seconds) a file must be nobody's before another process sends what waits in it."""
SLICE = 4.0
"""So long (seconds) another process has it at a time, and …"""
PATIENCE = 15.0
"""… so long (seconds) the one whose it is waits for that."""
SETTLED = 10_000_000
"""What a process that was killed had sent to the engine has arrived there after so long (µs), or never will."""
_OPEN = "SELECT id, at, state, hashes, length(body) FROM batches WHERE state <> ?"
_DONE = "SELECT id, hashes FROM batches WHERE state = ? AND id > ?"


def claimed(file: Path, patience: float = PATIENCE) -> Claim:
    """The claim to an outbox, for one process; raises `StoreUnavailable` when another keeps it."""
    claim = Claim(_lock(file))
    if not claim.take(patience):
        raise StoreUnavailable(f"another barrio is running on {file}: stop it first, or give this one its own folder")
    return claim


class Siblings:
    """All outboxes beside one. Any thread may use it."""

    def __init__(self, mine: Path) -> None:
        """`mine` is called something.sqlite, the others so or something-2.sqlite."""
        self._mine = mine
        base = re.sub(r"-\d+$", "", mine.stem)
        self._called = re.compile(rf"{re.escape(base)}(-\d+)?{re.escape(mine.suffix)}")
        self._asked = mine.with_name(f"{base}.asked")
        self._lock = RLock()
        self._glances: dict[str, _Glance] = {}
        self._free: dict[str, float] = {}

    @property
    def waiting(self) -> list[Waiting]:
        """What waits in them."""
        with self._lock:
            return [kept for glance in self._looked() for kept in glance.waiting.values()]

    def known(self, words: Collection[int]) -> tuple[set[int], set[int], set[int]]:
        """Which of these hashes are of what is stored; of which others only the engine knows; which are on their way.

        What is on its way is stored, or waits, or is given up within a moment.
        """
        stored, doubtful, going = set[int](), set[int](), set[int]()
        with self._lock:
            for glance in self._looked():
                for whole, mine in zip((stored, doubtful, going), glance.known(words), strict=True):
                    whole.update(mine)
        return stored, doubtful, going

    def batches(self) -> Iterator[Observations]:
        """Everything that waits in them."""
        with self._lock:
            glances = self._looked()
        for glance in glances:
            yield from glance.batches()

    def clean(self) -> None:
        """Leave no byte of what was sent in the logs of their files; while nobody writes into them."""
        with self._lock:
            for glance in self._looked():
                glance.clean()

    def ask(self) -> None:
        """Let the others know that somebody asks for what waits."""
        with suppress(OSError):
            self._asked.touch(mode=0o600)

    def asked(self, since: int) -> bool:
        """Whether somebody has asked since then (µs)."""
        try:
            return self._asked.stat().st_mtime_ns // 1000 > since
        except OSError:
            return False

    def adopt(self, send: Callable[[Shelf], None], grace: float = GRACE) -> int:
        """Send what waits in files that were nobody's for a while (`grace`, seconds); how many rows.

        `send` sends some of what waits on a shelf. Raises `StoreUnavailable` when that cannot be done now.
        """
        with self._lock:
            files = [glance.file for glance in self._looked() if glance.waiting or glance.is_old]
        rows = 0
        for file in files:
            if is_taken(_lock(file)):
                self._free.pop(file.name, None)
            elif monotonic() >= self._free.setdefault(file.name, monotonic()) + grace:
                rows += self._adopted(file, send)
        return rows

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for glance in self._glances.values():
                glance.close()
            self._glances.clear()

    def _adopted(self, file: Path, send: Callable[[Shelf], None]) -> int:
        claim = Claim(_lock(file))
        if not claim.take():
            return 0
        try:
            with closing(Shelf(file, 0)) as shelf:
                before, end = shelf.rows, monotonic() + SLICE
                while shelf.waiting and monotonic() < end:
                    send(shelf)
                shelf.clean()
                rows, over = before - shelf.rows, shelf.empty
            if over:
                with self._lock:
                    self._drop(file.name)
                for ending in ("", "-wal", "-shm"):
                    file.with_name(file.name + ending).unlink(missing_ok=True)
            return rows
        finally:
            claim.leave()

    def _looked(self) -> list[_Glance]:
        """All of them as they are now."""
        with os.scandir(self._mine.parent) as entries:
            there = {e.name: e.inode() for e in entries if e.name != self._mine.name and self._called.fullmatch(e.name)}
        for name, glance in list(self._glances.items()):
            if there.get(name) != glance.inode:
                self._drop(name)
        for name in there.keys() - self._glances.keys():
            self._glances[name] = _Glance(self._mine.with_name(name), there[name])
        for glance in self._glances.values():
            glance.look()
        return list(self._glances.values())

    def _drop(self, name: str) -> None:
        glance = self._glances.pop(name, None)
        if glance is not None:
            glance.close()


class _Glance:
    """One file of another process, and what was last seen there."""

    def __init__(self, file: Path, inode: int) -> None:
        self.file, self.inode = file, inode
        self.waiting: dict[int, Waiting] = {}
        self._sizes: dict[int, int] = {}
        self._open: dict[int, tuple[str, int, Hashes]] = {}
        self._sent: list[tuple[int, Hashes]] = []
        self._version, self._last = -1, 0
        with telling(file):
            self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            for pragma in ("busy_timeout=5000", "query_only=ON"):
                self._db.execute(f"PRAGMA {pragma}")

    @property
    def is_old(self) -> bool:
        """Whether nothing was written there for so long that nothing need be remembered."""
        try:
            return self.file.stat().st_mtime * 1e6 < time_ns() / 1000 - REMEMBERED
        except OSError:
            return False

    def look(self) -> None:
        """Learn what has changed."""
        with telling(self.file):
            version = self._db.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version:
                return
            with self._moment() as there:
                if there:
                    self._learn()
            self._version = version

    def known(self, words: Collection[int]) -> tuple[set[int], set[int], set[int]]:
        """Which are stored, which only the engine knows, which are on their way there if this process runs.

        Of a process that was killed a moment ago the engine may not know yet what it will: that is on its way, too.
        """
        asked, settled = np.array(list(words), np.uint64), time_ns() // 1000 - SETTLED
        stored = [k.hashes for k in self.waiting.values()] + [hashes for _, hashes in self._sent]
        notes = [note for note in self._open.values() if note[0] != WAITING]
        if notes and not among(asked, [hashes for *_, hashes in notes]):
            notes = []
        runs = bool(notes) and is_taken(_lock(self.file))
        on_their_way = [(at > settled or (runs and state == GOING), hashes) for state, at, hashes in notes]
        doubtful, going = (among(asked, [h for yes, h in on_their_way if yes == kind]) for kind in (False, True))
        return among(asked, stored), doubtful, going

    def clean(self) -> None:
        """Bring what stands in the log into the file, where what is deleted is overwritten."""
        with telling(self.file):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def batches(self) -> Iterator[Observations]:
        """Everything that waits."""
        for number in list(self.waiting):
            with telling(self.file):
                found = self._db.execute("SELECT body FROM batches WHERE id = ?", (number,)).fetchone()
            if found is not None and found[0] is not None:
                yield read_body(self.file, found[0])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _learn(self) -> None:
        rows = self._db.execute(_OPEN, (SENT,)).fetchall()
        there = {row[0] for row in rows}
        now = time_ns() // 1000
        gone = [
            (now, hashes) for number, (*_, hashes) in self._open.items() if number not in there
        ]  # sent, or put there
        gone += [(now, _hashes(blob)) for _, blob in self._db.execute(_DONE, (SENT, self._last))]
        self._sent = [(at, h) for at, h in self._sent if at > now - REMEMBERED] + [g for g in gone if len(g[1])]
        self._last = self._db.execute("SELECT coalesce(max(id), 0) FROM batches").fetchone()[0]
        self._open = {number: (state, at, _hashes(blob)) for number, at, state, blob, _ in rows}
        waiting, sizes = {}, {}
        for number, at, state, blob, size in rows:
            if state == WAITING:
                kept = self.waiting.get(number)
                if kept is None or self._sizes[number] != size:
                    body = self._db.execute("SELECT body FROM batches WHERE id = ?", (number,)).fetchone()[0]
                    kept = known(at, read_body(self.file, body), size, _hashes(blob))
                waiting[number], sizes[number] = kept, size
        self.waiting, self._sizes = waiting, sizes

    @contextmanager
    def _moment(self) -> Iterator[bool]:
        """The file as it is at one moment; False when its process has not got so far as to make its table."""
        self._db.execute("BEGIN")
        try:
            found = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'batches'").fetchone()
            yield found is not None
        finally:
            self._db.execute("ROLLBACK")


def _hashes(blob: bytes) -> Hashes:
    return np.frombuffer(blob, "<u8").astype(np.uint64)


def _lock(file: Path) -> Path:
    return file.with_suffix(".lock")
