"""Batches on their way to a server, on the disk: the file of the outbox.

Rule: what is put here is durable before anybody hears that it is stored (SQLite, WAL, synchronous=FULL), comes back in
the order in which it was put, and is bounded. What was sent or erased is overwritten, not only forgotten.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from time import time_ns
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.observations import Observations
from hub.core.store import StoreUnavailable
from hub.stores.batches import COLUMNS
from hub.stores.duckdb.journal import Hashes, packed, unpacked

REMEMBERED = DAY
"""Hashes of what was sent are kept so long (µs) …"""
MOST_HASHES = 2_000_000
"""… and no more than about the newest so many."""
_TABLES = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, state TEXT NOT NULL, body BLOB, hashes BLOB NOT NULL)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS unsent ON batches (id) WHERE state <> 'sent'"
_LEAVE = "UPDATE batches SET state = ? WHERE state = ?"
_FORGET = "DELETE FROM batches WHERE state <> ? AND at < ?"
WAITING, GOING, LEFT, SENT = "waiting", "going", "left", "sent"
"""Not sent; being sent without having been put here; so it was when a process ended; sent, only its hashes are kept."""
_HASH = np.dtype("<u8")
_NO_HASHES = np.empty(0, np.uint64)


class Waiting(NamedTuple):
    """What is known of a batch that waits without reading it: when (µs) it was put here, how much it is, its hashes.

    `streams` has a line per datastream: its number, the least and the greatest time (µs) of its rows.
    """

    at: int
    rows: int
    bytes: int
    streams: NDArray[np.int64]
    hashes: Hashes


class Copy(NamedTuple):
    """What waits at one moment: how many rows, the batches in order; and all hashes that are known."""

    rows: int
    batches: Iterator[Observations]
    hashes: Hashes


class Shelf:
    """The file; `waiting` is what stands there and is not sent yet, by number, in order. Any thread may use it."""

    def __init__(self, file: Path, most_bytes: int) -> None:
        """Open or make it; raises `StoreUnavailable` when it cannot be read."""
        self._file, self._most = file, most_bytes
        self._lock = RLock()
        self.waiting: dict[int, Waiting] = {}
        self.rows = self.bytes = 0
        self._going: dict[int, Hashes] = {}
        self._arrived: set[int] = set()
        self._sent: deque[tuple[int, int, Hashes]] = deque()
        self._remembered = 0
        with telling(self._file):
            file.touch(mode=0o600)
            self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=WAL", "secure_delete=ON", "busy_timeout=5000"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute(_TABLES)
            self._db.execute(_INDEX)
            self._db.execute(_FORGET, (WAITING, _now() - REMEMBERED))
            self._db.execute(_LEAVE, (LEFT, GOING))
            for number, at, state, body, blob in self._db.execute("SELECT * FROM batches ORDER BY id"):
                self._found(number, at, state, body, np.frombuffer(blob, _HASH).astype(np.uint64))

    @property
    def empty(self) -> bool:
        """Whether nothing waits, and nothing is remembered of what was sent."""
        with self._lock:
            return not (self.waiting or self._going or self._sent)

    @property
    def size(self) -> int:
        """How many bytes the file and its log have, used or not."""
        log = self._file.with_name(f"{self._file.name}-wal")
        return self._file.stat().st_size + (log.stat().st_size if log.exists() else 0)

    def put(self, batch: Observations, hashes: Hashes) -> None:
        """Keep a batch until it is sent; durable on return.

        Raises:
            StoreUnavailable: there is no room, or the disk does not take it; nothing is kept.
        """
        body, at = packed(batch, _NO_HASHES), _now()
        with self._lock, telling(self._file):
            if self.bytes + len(body) > self._most:
                raise StoreUnavailable(
                    f"the outbox is full ({self.bytes / 1e6:,.0f} MB): see to the server that should take the readings,"
                    " or raise store.outbox_bytes"
                )
            number = self._insert(at, WAITING, body, hashes, "FULL")
            self._keep(number, known(at, batch, len(body), hashes))

    def going(self, hashes: Hashes) -> int:
        """Note that a batch with these hashes is about to be sent without being put here; the number of the note."""
        at = _now()
        with self._lock, telling(self._file):
            number = self._insert(at, GOING, None, hashes, "NORMAL")  # outlives the process: that is enough
            self._going[number] = hashes
            return number

    def arrived(self, number: int) -> None:
        """What a note is about is where it belongs; written down with the next thing that is."""
        with self._lock:
            self._arrived.add(number)
            self._is_sent(number, _now(), self._going.pop(number))

    def lost(self, number: int) -> None:
        """What a note is about did not arrive, and stands here now."""
        with self._lock, telling(self._file):
            self._db.execute("DELETE FROM batches WHERE id = ?", (number,))
            self._going.pop(number, None)

    def first(self, most: int) -> tuple[list[int], Observations, Hashes]:
        """The batches that wait, from the first on, up to so many rows but one at least; their numbers."""
        with self._lock, telling(self._file):
            numbers: list[int] = []
            rows = 0
            for number, kept in self.waiting.items():
                rows += kept.rows
                if numbers and rows > most:
                    break
                numbers.append(number)
            found = [self._body(number) for number in numbers]
            hashes = np.concatenate([_NO_HASHES, *(self.waiting[n].hashes for n in numbers)])
        return numbers, joined(found), hashes

    def sent(self, numbers: Sequence[int]) -> None:
        """These are where they belong: only their hashes are kept, for a day."""
        with self._lock, telling(self._file):
            with self._writing("FULL"):
                for number in numbers:
                    self._db.execute("UPDATE batches SET state = ?, body = NULL WHERE id = ?", (SENT, number))
                self._forget_old()
            for number in numbers:
                was = self.waiting.pop(number)
                self.rows, self.bytes = self.rows - was.rows, self.bytes - was.bytes
                self._is_sent(number, was.at, was.hashes)

    def known(self, words: Collection[int]) -> tuple[set[int], set[int]]:
        """Which of these hashes are of what is stored, and of which others only the engine knows it."""
        asked = np.array(list(words), np.uint64)
        with self._lock:
            stored = [k.hashes for k in self.waiting.values()] + [hashes for *_, hashes in self._sent]
            doubtful = list(self._going.values())
        return among(asked, stored), among(asked, doubtful)

    def erase(self, named: Callable[[Observations], NDArray[np.bool_]]) -> int:
        """Take rows out of the batches that wait, durable on return; how many."""
        gone = 0
        with self._lock, telling(self._file):
            changed: dict[int, tuple[Observations, bytes]] = {}
            for number in self.waiting:
                batch = self._body(number)
                going = named(batch)
                if going.any():
                    gone += int(going.sum())
                    changed[number] = batch.take(~going), packed(batch.take(~going), _NO_HASHES)
            with self._writing("FULL"):
                for number, (_, body) in changed.items():
                    self._db.execute("UPDATE batches SET body = ? WHERE id = ?", (body, number))
            for number, (left, body) in changed.items():
                was = self.waiting[number]
                self.rows, self.bytes = self.rows - was.rows, self.bytes - was.bytes
                self._keep(number, known(was.at, left, len(body), was.hashes))
        return gone

    def clean(self) -> None:
        """Write the file anew, so that it holds no byte of what was sent or erased."""
        with self._lock, telling(self._file):
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def batches(self) -> Iterator[Observations]:
        """Everything that waits, in order."""
        with self._lock:
            numbers = list(self.waiting)
        for number in numbers:
            with self._lock, telling(self._file):
                found = [self._body(number)] if number in self.waiting else []
            yield from found

    @contextmanager
    def copied(self) -> Iterator[Copy]:
        """What waits at this moment; to be read while it is held."""
        with (
            telling(self._file),
            closing(sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)) as view,
        ):
            with self._lock:
                view.execute("BEGIN")
                numbers = [n for (n,) in view.execute("SELECT id FROM batches WHERE state = ? ORDER BY id", [WAITING])]
                rows = sum(self.waiting[n].rows for n in numbers)
                hashes = [_NO_HASHES, *(k.hashes for k in self.waiting.values()), *(h for *_, h in self._sent)]
            select = "SELECT body FROM batches WHERE id = ?"
            bodies = (self._read(view.execute(select, (n,)).fetchone()[0]) for n in numbers)
            yield Copy(rows, bodies, np.unique(np.concatenate(hashes)))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, telling(self._file):
            with self._writing("NORMAL"):
                self._note_arrivals()
            self._db.close()

    def _found(self, number: int, at: int, state: str, body: bytes | None, hashes: Hashes) -> None:
        """Take in what an earlier process left."""
        if state == WAITING:
            self._keep(number, known(at, self._read(body), len(body or b""), hashes))
        elif state in {GOING, LEFT}:
            self._going[number] = hashes
        else:
            self._is_sent(number, at, hashes)

    def _keep(self, number: int, kept: Waiting) -> None:
        self.waiting[number] = kept
        self.rows, self.bytes = self.rows + kept.rows, self.bytes + kept.bytes

    def _insert(self, at: int, state: str, body: bytes | None, hashes: Hashes, how: str) -> int:
        with self._writing(how):
            row = (at, state, body, hashes.astype(_HASH).tobytes())
            made = self._db.execute("INSERT INTO batches (at, state, body, hashes) VALUES (?, ?, ?, ?)", row).lastrowid
            self._note_arrivals()
            self._forget_old()
        self._arrived.clear()
        return int(made or 0)

    def _note_arrivals(self) -> None:
        for number in self._arrived:
            self._db.execute("UPDATE batches SET state = ? WHERE id = ?", (SENT, number))

    def _is_sent(self, number: int, at: int, hashes: Hashes) -> None:
        self._sent.append((number, at, hashes))
        self._remembered += len(hashes)

    def _forget_old(self) -> None:
        """Of what was sent, what need not be remembered (within a transaction)."""
        before = _now() - REMEMBERED
        while self._sent and (self._sent[0][1] < before or self._remembered > MOST_HASHES):
            number, _, hashes = self._sent.popleft()
            self._remembered -= len(hashes)
            self._db.execute("DELETE FROM batches WHERE id = ?", (number,))

    def _body(self, number: int) -> Observations:
        return self._read(self._db.execute("SELECT body FROM batches WHERE id = ?", (number,)).fetchone()[0])

    def _read(self, body: bytes | None) -> Observations:
        return read_body(self._file, body)

    @contextmanager
    def _writing(self, how: str) -> Iterator[None]:
        """One transaction, as durable as is said."""
        self._db.execute(f"PRAGMA synchronous={how}")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def joined(batches: Sequence[Observations]) -> Observations:
    """Batches as one, in order."""
    nothing = {name: np.empty(0, kind) for name, kind in COLUMNS.items()}
    return Observations(*(np.concatenate([nothing[n], *(getattr(b, n) for b in batches)]) for n in nothing))


@contextmanager
def telling(file: Path) -> Iterator[None]:
    """Tell an error of SQLite or of the disk as `StoreUnavailable`."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(_advice(file, str(error))) from error
    except OSError as error:
        raise StoreUnavailable(f"{file} cannot be used: {error.strerror}") from error


def read_body(file: Path, body: bytes | None) -> Observations:
    """A batch as it stands in a file."""
    record, _ = unpacked(body or b"")
    if record is None:
        raise StoreUnavailable(
            f"{file} is damaged and holds what was acknowledged: restore it from a backup, or put it aside to go on "
            "without what it holds"
        )
    return record[0]


def known(at: int, batch: Observations, size: int, hashes: Hashes) -> Waiting:
    """What is to be known of a batch."""
    order = np.lexsort((batch.time, batch.datastream))
    datastream, time = batch.datastream[order], batch.time[order]
    edge = np.flatnonzero(datastream[1:] != datastream[:-1]) + 1
    first = np.concatenate([np.zeros(min(1, len(order)), np.intp), edge])
    last = np.concatenate([edge - 1, np.full(min(1, len(order)), len(order) - 1)])
    streams = np.stack([datastream[first].astype(np.int64), time[first], time[last]], axis=1)
    return Waiting(at, len(batch), size, streams, hashes)


def among(asked: Hashes, some: Sequence[Hashes]) -> set[int]:
    """Which of these hashes are among some."""
    return {int(w) for hashes in some for w in asked[np.isin(asked, hashes)]}


def _advice(file: Path, said: str) -> str:
    if "closed" in said:
        return "the store is closed: start the hub again"
    if "full" in said:
        return f"the disk of {file} is full: make room there; the hub goes on by itself"
    if "locked" in said:
        return f"another barrio is running on {file}: stop it first, or give this one a folder of its own"
    if "malformed" in said or "not a database" in said:
        return f"{file} is damaged: restore it from a backup, or put it aside to go on without what waits in it"
    return f"{file} cannot be used ({said}): see to the disk and its rights"


def _now() -> int:
    return time_ns() // 1000
