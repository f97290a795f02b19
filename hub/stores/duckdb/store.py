"""Observations in DuckDB files, one per month: the engine of a hub that runs by itself.

Rule: what is appended is durable in a journal at once and comes into the files in bulk: a commit costs much however few
rows it has. Whoever asks the files brings what waits into them first, so that no answer tells the two apart. What goes
wrong is told as `StoreUnavailable`, and the next call finds the engine sound or makes it so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Event, Lock, RLock, Thread
from time import monotonic, time_ns

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.core.grade import HOUR
from hub.core.history import BEGINNING, END
from hub.core.observations import Observations, Values
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import Erasure, Rows, StoreUnavailable, Thinning
from hub.stores.batches import clean, joined, steps
from hub.stores.duckdb.compacting import Compacting, Meanwhile
from hub.stores.duckdb.copying import FilesAtOnce
from hub.stores.duckdb.erasing import Erasing, held
from hub.stores.duckdb.journal import Hashes
from hub.stores.duckdb.months import Months, months_of, overlaps
from hub.stores.duckdb.questions import questions, seen
from hub.stores.duckdb.rewriting import Change, Gone, draft
from hub.stores.duckdb.thinning import Thin
from hub.stores.duckdb.trouble import told
from hub.stores.duckdb.waiting import Waiting
from hub.stores.duckdb.writing import REMEMBERED, hash_ages, newest_of, prune, put
from hub.stores.lookback import last_rows
from hub.stores.newest import Newest, newest_rows

MANY = 100_000
"""So many rows that wait are brought into the files at once; fewer within `AGE`."""
AGE = 1.0
"""So long (seconds) a row waits at most, unless its files cannot be written."""
MOST = 2_000_000
"""With more rows than this waiting nothing is taken before they are in the files."""
HEAVY_LOG = 16 * 2**20
"""A write-ahead log as long as this (bytes) is checkpointed within a second: a commit then waits 50 ms, not longer."""
IDLE = 20.0
"""Seconds without an append after which what waits in a log is checkpointed."""
_WORD = 2**64 - 1


class DuckDBStore:
    """The engine ``duckdb``; keeps the `Store` protocol. Takes the directory that its files live in."""

    def __init__(self, directory: Path) -> None:
        """Open or make the store; raises `StoreUnavailable` when another process has it or a file cannot be read."""
        self._directory = directory
        self._writing = RLock()
        self._erasing = Lock()
        self._version = time_ns() // 1000
        self._counting = Lock()
        self._filed = Newest()
        self._doubtful = True
        self._hashes: dict[int, int] = {}
        self._puts: Counter[int] = Counter()
        self._thinned: dict[int, tuple[int, bytes]] = {}
        self._meanwhile: Meanwhile | None = None
        self._suspect = False
        self._closed, self._wake = Event(), Event()
        self._appended = self._pruned = monotonic()
        with told(directory):
            self._months = Months(directory)
            try:
                self._waiting = Waiting(directory)
                self._load()
            except BaseException:
                self._months.close()
                raise
        with suppress(StoreUnavailable), self._answering():  # a full disk: told to whoever asks
            self._file()
        self._keeper = Thread(target=self._keep, name="duckdb-keeper", daemon=True)
        self._keeper.start()

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self._version

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        """Store a batch and the hashes of what it came in by; durable on return."""
        batch = clean(batch)
        hashes = np.array([h & _WORD for h in acknowledged], np.uint64)
        if not len(batch) and not len(hashes):
            return
        with told(self._directory):
            if self._waiting.rows > MOST:
                with self._answering():
                    self._file()
            self._waiting.add(batch, hashes)
        self._changed()
        self._appended = monotonic()
        if self._waiting.rows >= MANY:
            self._wake.set()

    def seen(self, hashes: Collection[int]) -> set[int]:
        """Which of these hashes came with a batch of at least the last day."""
        words = {h & _WORD: h for h in hashes}
        with self._answering():
            found = self._waiting.seen(words)
            left = [w for w in words if w not in found]
            recent = [m for m, at in list(self._hashes.items()) if at >= _now() - REMEMBERED]
            if left and recent:
                with self._months.using(recent) as (cursor, names):
                    found |= seen(cursor, names, left)
        return {words[w] for w in found}

    def read(self, query: Query, scope: Scope) -> Rows:
        """The rows that the scope admits and the query asks for."""
        newest = self._waiting.newest()
        slices = steps(scope.slices[np.isin(scope.slices["datastream"], newest.table["datastream"])], query.window)
        since, until = max(query.since, BEGINNING), min(query.until, END)
        with self._answering():
            if query.newest:
                return joined(list(self._last(slices, newest, since, until)))
            return self._found(slices, since, until, self._left())

    def last_heard(self) -> dict[int, int]:
        """The newest time of every datastream."""
        table = self._waiting.newest().table
        return dict(zip(table["datastream"].tolist(), table["time"].tolist(), strict=True))

    def delete(self, erasure: Erasure) -> int:
        """Erase rows: their months are written anew without them, so that no file holds their bytes any more."""
        gone = self._rewrite(Erasing(erasure))
        return sum(g.rows for g in gone.values())

    def thin(self, thinning: Thinning) -> int:
        """Make old rows coarser: their months are written anew."""
        thin = Thin(thinning, self._puts, self._thinned)
        gone = self._rewrite(thin)
        thin.done()
        return sum(g.rows for g in gone.values())

    def compact(self, archive: int = BEGINNING) -> str:
        """Put the months that got rows since in order, one after the other; appending and reading go on."""
        with self._answering():
            self._file()
            known = self._months.known()
        done = [self._compacted(month, archive) for month in known]
        return f"{sum(done)} of {len(known)} months" if any(done) else ""

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        """Values of some of the rows that an erasure names."""
        erasing = Erasing(erasure)
        with self._answering():
            self._file()
            with self._months.using(filter(erasing.concerns, self._months.known())) as (cursor, names):
                found = list(erasing.traces(cursor, names, most))
        return np.unique(np.concatenate([np.empty(0), *found]))[:most]

    def holds(self, values: Values) -> Values:
        """Which of these values any stored row has."""
        with self._answering():
            self._file()
            with self._months.using(self._months.known()) as (cursor, names):
                return np.unique(np.concatenate([np.empty(0), *held(cursor, names, values)]))

    @contextmanager
    def snapshot(self) -> Iterator[FilesAtOnce]:
        """All that is stored now."""
        with self._erasing, ExitStack() as stack:
            with self._answering(), self._writing:  # nothing comes into any file before all of them are pinned
                self._file()
                cursor, names = stack.enter_context(self._months.using(self._months.known()))
                whole = FilesAtOnce(self._directory, cursor, names)
            yield whole

    def close(self) -> None:
        """Write what is to be written and let go of the files; a second time it does nothing."""
        with self._writing:
            if self._closed.is_set():
                return
            with suppress(StoreUnavailable), self._answering():  # what cannot be filed now waits in the journal
                self._file()
            self._closed.set()
            with told(self._directory):
                self._waiting.close()
                self._months.close()
        self._wake.set()
        self._keeper.join()

    def _rewrite(self, change: Change) -> dict[int, Gone]:
        """Write anew the months that something changes in; what changed in each.

        Appending goes on while they are written; only a month that got rows meanwhile is written again, alone.
        """
        with self._erasing:
            concerned: list[int] = []
            try:
                with self._answering():
                    self._file()
                    puts = self._puts.copy()
                    concerned = list(filter(change.concerns, self._months.known()))
                    gone = draft(self._months, concerned, change)
                with self._writing, self._answering():
                    self._file()
                    concerned = list(filter(change.concerns, self._months.known()))
                    again = [m for m in concerned if self._puts[m] != puts[m]]
                    gone = {m: g for m, g in gone.items() if m not in again} | draft(self._months, again, change)
                    self._exchange(gone)
                self._changed()
            finally:
                self._months.discard(concerned)
        return gone

    def _compacted(self, month: int, archive: int) -> bool:
        """Compact a month if it pays; whether that was done."""
        change, meanwhile = Compacting(self._months, month, archive), Meanwhile(month)
        with self._erasing:
            try:
                with self._writing:
                    self._meanwhile = meanwhile
                with self._answering():
                    drafted = draft(self._months, [month], change)
                with self._writing, self._answering():
                    if not drafted or meanwhile.too_much():
                        return False
                    meanwhile.file_again(self._months)
                    self._months.exchange(drafted)
            finally:
                self._meanwhile = None
                self._months.discard([month])
        return True

    def _exchange(self, gone: dict[int, Gone]) -> None:
        if gone:
            self._months.exchange(gone)
            datastreams = np.unique(np.concatenate([g.datastreams for g in gone.values()]))
            datastreams = datastreams[np.isin(months_of(self._filed.times(datastreams)), list(gone))]
            left = newest_of(self._months, datastreams)
            self._filed = self._filed.without(datastreams).with_rows(left)
            self._waiting.above(self._filed)

    def _changed(self) -> None:
        with self._counting:
            self._version += 1

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Answer out of a sound engine; whatever goes wrong makes it suspect."""
        with told(self._directory):
            if self._closed.is_set():
                raise StoreUnavailable("the store is closed: start the hub again")
            if self._suspect:
                self._recover()
            try:
                yield
            except (duckdb.Error, OSError):
                self._suspect = True
                raise

    def _recover(self) -> None:
        with self._writing:
            if not self._suspect:
                return
            if not self._months.sound():
                self._months.restart()
                self._load()
            self._suspect = False

    def _load(self) -> None:
        self._filed = Newest(newest_of(self._months))
        self._hashes = hash_ages(self._months)
        self._waiting.above(self._filed)

    def _file(self) -> None:
        """Bring everything that waits into the files."""
        if not self._waiting:
            return
        with self._writing:
            if not self._waiting or self._closed.is_set():
                return
            taken = self._waiting.take()
            # After a failure or a crash some rows may be in the files already: all of them replace then.
            late = (taken.rows.time <= self._filed.times(taken.rows.datastream)) | self._doubtful
            self._doubtful = True
            self._put_each(taken.rows, late, taken.hashes)
            self._filed = self._filed.with_rows(newest_rows(taken.rows))
            self._waiting.done(taken)
            self._doubtful = False

    def _left(self) -> Observations | None:
        """Bring what waits into the files; if that cannot be done now (a full disk), what is to be read beside them."""
        try:
            self._file()
        except (duckdb.Error, OSError):
            self._suspect = True
            self._recover()
            return self._waiting.left()
        return None

    def _put_each(self, batch: Observations, late: NDArray[np.bool_], hashes: Hashes) -> None:
        month = months_of(batch.time)
        home = self._home(month)
        for m in sorted({home, *np.unique(month).tolist()}):
            mine = month == m
            self._put(batch.take(mine), late[mine], hashes if m == home else hashes[:0], m)

    def _put(self, batch: Observations, late: NDArray[np.bool_], hashes: Hashes, month: int) -> None:
        now = _now()
        if self._meanwhile is not None and self._meanwhile.month == month:
            self._meanwhile.note(batch, hashes, now)
        with self._months.using([month]) as (cursor, (name,)):
            self._months.touch(month)
            try:
                put(cursor, name, batch, late, hashes, now)
            finally:  # counted when it can be seen, not before: a draft without it must be noticed
                self._puts[month] += 1
        if len(hashes):
            self._hashes[month] = now

    def _home(self, month: NDArray[np.int64]) -> int:
        """The month whose file takes a batch's hashes."""
        return int(month.max()) if len(month) else int(months_of(np.array([_now()]))[0])

    def _found(self, slices: NDArray[np.void], since: int, until: int, waiting: Observations | None) -> Rows:
        known, found = self._months.known(), []
        for question in questions(slices, since, until):
            months = [m for m in known if overlaps(m, question.low, question.high)]
            if months or waiting is not None:
                with self._months.using(months) as (cursor, _):
                    found.append(question.ask(cursor, self._months.files(months), waiting))
        return joined(found)

    def _last(self, slices: NDArray[np.void], newest: Newest, since: int, until: int) -> Iterator[Rows]:
        """The last row of each datastream; what waits is brought into the files once, if they have to be asked."""
        left = cache(self._left)
        return last_rows(slices, newest, since, until, lambda s, low, high: self._found(s, low, high, left()))

    def _keep(self) -> None:
        """File what waits, checkpoint logs that are long or that nobody writes to, forget old hashes; until closed."""
        while not self._closed.is_set():
            self._wake.wait(AGE)
            self._wake.clear()
            with suppress(StoreUnavailable), self._answering():
                self._file()
                with self._writing:
                    if not self._closed.is_set():
                        self._tidy()

    def _tidy(self) -> None:
        idle = monotonic() - self._appended > IDLE
        if monotonic() - self._pruned > HOUR / 1e6:
            self._pruned = monotonic()
            prune(self._months, self._hashes, _now())
        for month in self._months.attached():
            if self._months.wal(month) > (0 if idle else HEAVY_LOG):
                with self._months.using([month]) as (cursor, (name,)):
                    cursor.execute(f"CHECKPOINT {name}")


def _now() -> int:
    return time_ns() // 1000
