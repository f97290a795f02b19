"""Observations in an InfluxDB 2 server: the engine ``influxdb``.

Rule: what was appended is durable when the server has answered 204; nothing of it depends on what this process
remembers, so that it may die at any moment and several of them may write. Layout: hub/stores/influxdb/points.py; what
processes tell each other: hub/stores/influxdb/company.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import Lock, RLock
from time import time_ns
from typing import TypeVar

import numpy as np

from hub.core.grade import DAY, HOUR
from hub.core.history import BEGINNING, END, Span
from hub.core.observations import STAMPED, Ints, Observations, Values
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import ANY_TIME, Erasure, Rows, StoreUnavailable, Thinning
from hub.stores.batches import clean, joined, last_wins, steps
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.admitting import merged
from hub.stores.influxdb.bucket import MOST_ROWS, Bucket
from hub.stores.influxdb.company import Company, NoCompany
from hub.stores.influxdb.copying import BucketAtWork
from hub.stores.influxdb.leaving import leaving
from hub.stores.influxdb.points import FIRST, LAST, hash_lines, is_odd, lines, odd_lines
from hub.stores.influxdb.rows import Finder
from hub.stores.influxdb.served import SECONDS
from hub.stores.influxdb.thinning import Thinner
from hub.stores.lookback import last_rows
from hub.stores.newest import NEWEST, Newest, newest_rows

REMEMBERED = 2 * DAY
"""Hashes of acknowledged messages are kept so long."""
_PRUNED = HOUR
_TRIES = 3
_WORD = 2**64 - 1
_LOG = logging.getLogger("hub.stores")
T = TypeVar("T")


class InfluxStore:
    """Keeps the `Store` protocol. Speaks to the server when it is first used, and tells whoever uses it what is wrong.

    Limits: a datastream has one owner for ever (the registry never uses an id again). Processes that share a bucket are
    of one host, and each is told of the others (`company`).
    """

    def __init__(self, access: Access, seconds: float = SECONDS, company: Company | None = None) -> None:
        self._company = NoCompany() if company is None else company
        self._bucket = Bucket(access, seconds)
        self._finder = Finder(self._bucket)
        self._thinner = Thinner(self._bucket, self._finder)
        self._writing, self._whole, self._learning = RLock(), Lock(), Lock()
        self._newest = Newest()
        self._retention = 0
        self._known = self._closed = False
        self._turns = self._pruned = self._moment = 0
        self._version = time_ns() // 1000

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self._version + self.others

    @property
    def others(self) -> int:
        """A number that grows with every change by other processes."""
        return self._company.others

    @property
    def keeps(self) -> Span:
        """Which times (µs) the bucket takes now: all of them, unless it has a retention."""
        if not self._retention:
            return ANY_TIME
        return Span(max(FIRST, _now() - self._retention * 1_000_000 + HOUR), LAST)

    @property
    def elsewhere(self) -> str:
        """When deleted rows leave the server's files."""
        return (
            "The readings were in an InfluxDB, into whose files the hub cannot look: they leave those when it compacts "
            "the week they were of, four hours after that was last written to (if its operator set nothing else)"
        )

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        """Store a batch and the hashes of what it came in by; durable on return."""
        batch = last_wins(clean(batch))
        words = [h & _WORD for h in acknowledged]
        if not len(batch) and not words:
            return
        self._ready()
        with self._writing, self._company.turns.beside():
            self._follow()
            batch = self._kept(batch)
            late = batch.time <= self._newest.times(batch.datastream)
            with self._turning() if late.any() else nullcontext():
                self._write(batch, words)
            self._stored(batch, batch.take(late))
            self._changed()
            self._prune()

    def seen(self, hashes: Collection[int]) -> set[int]:
        """Which of these hashes came with a batch of at least the last day."""
        self._ready()
        words = {h & _WORD: h for h in hashes}
        return {words[w] for w in self._bucket.hashes(words, _now() - REMEMBERED)}

    def read(self, query: Query, scope: Scope) -> Rows:
        """The rows that the scope admits and the query asks for."""
        self._ready()
        since, until = max(query.since, BEGINNING), min(query.until, END)

        def answer() -> Rows:
            self._follow()
            newest = self._newest
            known = scope.slices[np.isin(scope.slices["datastream"], newest.table["datastream"])]
            slices = merged(steps(known, query.window))
            if query.newest:
                return joined(list(last_rows(slices, newest, since, until, self._finder.find)))
            return self._finder.find(slices, since, until)

        return self._settled(answer)

    def last_heard(self) -> dict[int, int]:
        """The newest time of every datastream."""
        self._ready()
        self._follow()
        table = self._newest.table
        return dict(zip(table["datastream"].tolist(), table["time"].tolist(), strict=True))

    def delete(self, erasure: Erasure) -> int:
        """Delete rows: from every answer at once, from the server's disk when it compacts."""
        self._ready()
        if erasure.datastreams is not None and not erasure.datastreams:
            return 0
        with self._whole, self._company.whole(), self._alone(), self._turning():
            self._follow()
            days = self._bucket.days(erasure)
            odd = self._finder.odd_of(erasure)
            what = leaving(days, erasure, self._finder.raw)
            if what.rows or len(odd):
                self._bucket.delete_named(erasure, what)
                self._bucket.delete_odd(odd)
                self._renew(np.concatenate([days.windows.datastream, odd.datastream]))
                self._changed()
        return what.rows + len(odd)

    def thin(self, thinning: Thinning) -> int:
        """Make old rows coarser, a day at a time."""
        self._ready()
        self._follow()
        fewer = 0
        for step in self._thinner.steps(thinning, self._newest.table["datastream"]):
            with self._whole, self._company.whole(), self._alone(), self._turning():
                self._follow()
                datastreams, less = step()
                if len(datastreams):
                    self._renew(datastreams)
                    self._changed()
                fewer += less
        return fewer

    def compact(self, archive: int = BEGINNING) -> str:
        """Nothing to do: the server does it in its own time."""
        del archive
        return ""

    @contextmanager
    def snapshot(self) -> Iterator[BucketAtWork]:
        """All that is stored now, and some of what comes while it is copied."""
        self._ready()
        with self._whole, self._company.whole():
            self._follow()
            yield BucketAtWork(self._bucket, self._finder, _now() - REMEMBERED)

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        """Values of some of the rows that an erasure names."""
        self._ready()
        if erasure.datastreams is not None and not erasure.datastreams:
            return np.empty(0)
        self._follow()
        some = self._bucket.some(erasure, most)
        found = some.value[some.received < erasure.arrived]
        return np.unique(np.concatenate([found, self._finder.odd_of(erasure).value]))[:most]

    def holds(self, values: Values) -> Values:
        """Which of these values any stored row has."""
        self._ready()
        return self._bucket.held(values)

    def close(self) -> None:
        """Let go of the connections; a second time it does nothing."""
        with self._writing:
            if not self._closed:
                self._closed = True
                self._bucket.close()
                self._company.close()

    def _ready(self) -> None:
        """Look at the server once, finish what a process that died left half done, and learn the newest rows."""
        if self._closed:
            raise StoreUnavailable("the store is closed: start the hub again")
        if self._known:
            return
        with self._alone():
            if not self._known:
                self._recover()

    def _recover(self) -> None:
        """The same, while nobody writes."""
        self._retention = self._bucket.greet()
        self._thinner.recover()
        self._company.settle()
        with self._learning:
            self._learn()
        self._known = True

    def _learn(self) -> None:
        """Learn all newest rows; what others tell from now on comes in addition."""
        self._company.news()
        newest = self._finder.newest()
        self._finder.heard(newest)
        self._newest = Newest().with_rows(newest_rows(newest))

    def _follow(self) -> None:
        """Take in what other processes have told."""
        with self._learning:
            news = self._company.news()
            if news is None:
                return
            try:
                if news.everything:
                    self._learn()
                    self._thinner.forget()
                    return
                self._newest = self._newest.with_rows(news.rows)
                self._finder.heard_at(news.rows["datastream"], news.rows["time"])
                self._thinner.came(news.late)
                if len(news.renewed):
                    self._again(news.renewed)
            except StoreUnavailable:
                self._known = False
                raise

    def _stored(self, batch: Observations, late: Observations) -> None:
        """Know of rows that were stored, and tell others of them."""
        rows = newest_rows(batch)
        with self._learning:
            self._newest = self._newest.with_rows(rows)
        self._finder.heard(batch)
        self._thinner.came(late.datastream)
        told = Newest().with_rows(rows).table
        self._company.tell(np.concatenate([rows[is_odd(batch.time)], told]), late=np.unique(late.datastream))

    def _kept(self, batch: Observations) -> Observations:
        """Without what the bucket would refuse."""
        keeps = self.keeps
        inside = (batch.time >= keeps.since) & (batch.time < keeps.until)
        if inside.all():
            return batch
        _LOG.warning("%d readings are outside of what the bucket keeps: left out", int((~inside).sum()))
        return batch.take(inside)

    def _write(self, batch: Observations, words: Sequence[int]) -> None:
        """All in one request, but what tells no time of its own and its messages' hashes in one after it.

        Both are of the same moment, so of one shard and its log: after a crash the two are there or neither.
        """
        odd = is_odd(batch.time)
        own = ~odd & ((batch.quality & STAMPED == 0) | (not words))
        self._send(lines, batch.take(own))
        self._send(odd_lines, batch.take(odd))
        stamped = batch.take(~odd & ~own)
        if words:
            step = self._company.step  # no other process writes hashes at the same nanoseconds
            self._moment = max(self._moment, time_ns() // step * step)
            self._send(lines, stamped, hash_lines(words, self._moment + self._company.number % step, step))
            self._moment += len(words) * step

    def _send(self, told: Callable[[Observations], bytes], batch: Observations, more: bytes = b"") -> None:
        for first in range(0, max(1, len(batch)), MOST_ROWS):
            part = batch.take(np.arange(first, min(first + MOST_ROWS, len(batch))))
            last = first + MOST_ROWS >= len(batch)
            if not self._bucket.write(told(part) + (more if last else b"")):
                self._retention = self._bucket.greet()  # it was changed while we ran
                _LOG.warning("the bucket keeps readings for less time than it did: some were left out")

    def _prune(self) -> None:
        if _now() - self._pruned > _PRUNED:
            self._pruned = _now()
            self._bucket.forget(_now() - REMEMBERED)

    def _renew(self, datastreams: Ints) -> None:
        """Learn the newest rows of some datastreams again, and have others do so."""
        datastreams = np.unique(datastreams)
        with self._learning:
            self._again(datastreams)
        self._company.tell(np.empty(0, NEWEST), datastreams)

    def _again(self, datastreams: Ints) -> None:
        self._newest = self._newest.without(datastreams)
        if len(datastreams):
            self._newest = self._newest.with_rows(newest_rows(self._finder.newest(datastreams)))

    def _changed(self) -> None:
        self._version += 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While nobody writes, here or elsewhere."""
        with self._writing, self._company.turns.alone():
            yield

    @contextmanager
    def _turning(self) -> Iterator[None]:
        """Whoever reads while rows are replaced or go reads again; what is left half done is looked at first."""
        self._turns += 1
        self._company.turn(begins=True)
        try:
            yield
        except BaseException:
            self._known = False
            raise
        finally:
            self._turns += 1
            if self._known:  # else others see that it is not done, until somebody has finished it
                self._company.turn(begins=False)

    def _settled(self, answer: Callable[[], T]) -> T:
        """An answer out of a store in which meanwhile no row was replaced and none went."""
        for _ in range(_TRIES):
            before = (self._turns, *self._company.turning)
            if all(turn % 2 == 0 for turn in before):
                found = answer()
                if (self._turns, *self._company.turning) == before:
                    return found
            with self._writing, self._company.turns.beside():
                pass
        with self._alone():
            if any(turn % 2 for turn in self._company.turning):
                self._recover()
            return answer()


def _now() -> int:
    return time_ns() // 1000
