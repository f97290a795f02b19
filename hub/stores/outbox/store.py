"""A store before which batches may wait on the disk: for an engine on a server that may be away or slow.

Rule: a batch is stored when the engine has it, or when it is durable in the outbox: then it is sent, in order, as soon
as the engine takes it. No answer is given that leaves out what waits, here or in another process's outbox: whoever asks
for it waits a moment, or is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from itertools import chain
from pathlib import Path
from threading import Condition, Lock, Thread
from time import monotonic, sleep, time_ns

import numpy as np

from hub.core.history import BEGINNING, Span
from hub.core.observations import Ints, Observations, Values
from hub.core.query import Query
from hub.core.scope import Scope
from hub.core.store import (
    Copied,
    Erasure,
    Rows,
    Snapshot,
    Store,
    StoreUnavailable,
    Thinning,
    changed_by_others,
    elsewhere,
    kept_by,
)
from hub.stores.batches import clean, named
from hub.stores.duckdb.journal import Hashes
from hub.stores.outbox.copying import Both
from hub.stores.outbox.recall import WORD, Recall
from hub.stores.outbox.shelf import Shelf, Waiting
from hub.stores.outbox.siblings import Siblings, claimed
from hub.stores.outbox.waits import Waits, waits
from hub.stores.turns import NoTurns, Turns

PATIENCE = 1.0
"""So long (seconds) the engine may take for a batch before the batch goes to the disk instead."""
READ_PATIENCE = 2.0
"""So long (seconds) a question waits for what it concerns to be sent."""
LEAST, MOST = 1_000, 50_000
"""So many rows are sent at once: more while it goes well, fewer when it does not."""
SLOW = 1.0
"""A batch that took longer (seconds) was too large."""
LARGE = 64 * 2**20
"""A file that is larger (bytes) is written anew once nothing waits."""
_PAUSES = (0.05, 30.0)
_LAST, _LOOKS = 3.0, 0.2
_LOG = logging.getLogger("hub.stores")


class Outbox:
    """An engine and what waits for it; keeps the `Store` protocol.

    Processes that share the engine have an outbox each, in one folder: `store.sqlite`, `store-2.sqlite` and so on.
    """

    def __init__(
        self, engine: Store, file: Path, most_bytes: int, patience: float = PATIENCE, turns: Turns | None = None
    ) -> None:
        """Open the outbox in `file`, before `engine`; `turns` are those of the processes that have one in this folder.

        Raises:
            StoreUnavailable: it cannot be read, or another process has it.
        """
        self._engine, self._most, self._patience = engine, most_bytes, patience
        self._turns = NoTurns() if turns is None else turns
        self._claim = claimed(file)
        try:
            self._shelf = Shelf(file, most_bytes)
        except StoreUnavailable:
            self._claim.leave()
            raise
        self._siblings = Siblings(file)
        self._recall = Recall(engine, self._shelf, self._siblings, alone=turns is None)
        self._order, self._sending, self._whole = Lock(), Lock(), Lock()
        self._news = Condition()
        self._failing: float | None = None
        self._closing = False
        self._trouble, self._asking, self._attempts = "", 0, 0
        self._version = time_ns() // 1000
        self._direct = ThreadPoolExecutor(1, "outbox-direct")
        self._sender = Thread(target=self._send_what_waits, name="outbox", daemon=True)
        self._sender.start()

    @property
    def version(self) -> int:
        """A number that grows with every change, not when something is only sent."""
        return self._version + changed_by_others(self._engine)

    @property
    def waits(self) -> Waits:
        """What waits now, in all outboxes of the folder."""
        return waits(list(self._shelf.waiting.values()), self._siblings, self._most, self._trouble)

    @property
    def keeps(self) -> Span:
        """Which times the engine keeps."""
        return kept_by(self._engine)

    @property
    def elsewhere(self) -> str:
        """When deleted rows leave files that the hub cannot look into."""
        return elsewhere(self._engine)

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        """Store a batch and the hashes of what it came in by: in the engine, or durable in the outbox."""
        batch = clean(batch)
        hashes = np.array([h & WORD for h in acknowledged], np.uint64)
        if not len(batch) and not len(hashes):
            return
        with self._order:
            self._open()
            if self._shelf.waiting:
                self._put(batch, hashes)
            else:
                self._pass_on(batch, hashes)
        self._changed()

    def seen(self, hashes: Collection[int]) -> set[int]:
        """Which of these hashes came with a batch that was stored.

        While the engine is away the outbox knows what was sent in the last day, but for what was in the middle of it.
        """
        self._open()
        return self._recall.seen(hashes, self._trouble)

    def read(self, query: Query, scope: Scope) -> Rows:
        """The rows that the scope admits and the query asks for; nothing of it still waits."""
        slices = scope.slices
        streams = np.unique(slices["datastream"])
        reach = max(query.window, int(slices["window"].max(initial=0)))
        self._wait_until_sent(lambda: self._concerned(streams, query.since, query.until + reach))
        return self._engine.read(query, scope)

    def last_heard(self) -> dict[int, int]:
        """The newest time of every datastream, sent or not."""
        waiting = [k.streams for k in self._waiting()]  # before: what is sent meanwhile is in both
        heard = self._engine.last_heard()
        for streams in waiting:
            for datastream, _, newest in streams.tolist():
                heard[datastream] = max(newest, heard.get(datastream, newest))
        return heard

    def delete(self, erasure: Erasure) -> int:
        """Erase rows wherever they are; with a long outbox one that waits and replaces another counts as two."""
        with self._whole, ExitStack() as stack:
            self._enter_alone(stack)
            gone = self._engine.delete(erasure)
            gone += self._shelf.erase(lambda batch: named(batch, erasure))
            self._shelf.clean()
            self._siblings.clean()
        self._changed()
        return gone

    def thin(self, thinning: Thinning) -> int:
        """Make old rows coarser, once nothing waits."""
        self._wait_until_sent(lambda: bool(self._waiting()))
        with self._whole:
            fewer = self._engine.thin(thinning)
        self._changed()
        return fewer

    def compact(self, archive: int = BEGINNING) -> str:
        """What the engine does of that."""
        return self._engine.compact(archive)

    def traces(self, erasure: Erasure, most: int = 200) -> Values:
        """Values of some of the rows that an erasure names, sent or not."""
        found = [b.value[named(b, erasure)] for b in chain(self._shelf.batches(), self._siblings.batches())]
        return np.unique(np.concatenate([self._engine.traces(erasure, most), *found]))[:most]

    def holds(self, values: Values) -> Values:
        """Which of these values any row has, sent or not."""
        found = [np.intersect1d(values, b.value) for b in chain(self._shelf.batches(), self._siblings.batches())]
        return np.unique(np.concatenate([self._engine.holds(values), *found]))

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """All that is stored now, what waits last."""
        engine = self._engine
        if not isinstance(engine, Copied):
            raise StoreUnavailable("this engine gives no copy of its data: use the backups of its server")
        with self._whole, ExitStack() as stack:
            with ExitStack() as moment:
                self._enter_alone(moment, emptied=False)
                whole = stack.enter_context(engine.snapshot())
                waiting = stack.enter_context(self._shelf.copied())
            yield Both(whole, waiting)

    def adopt(self) -> str:
        """Send what another process left in its outbox, if nobody has that any more; in words what was done.

        Raises:
            StoreUnavailable: the engine does not take it now.
        """
        rows = self._siblings.adopt(lambda shelf: self._send_from(shelf, MOST))
        return f"{rows:,} readings that another worker left in its outbox were sent" if rows else ""

    def close(self) -> None:
        """Send what can be sent in a moment, and let go; what waits then, waits for the next start."""
        with self._order:
            if self._closing:
                return
            self._try_to_empty(_LAST)
            self._closing = True
        with self._news:
            self._news.notify_all()
        self._sender.join()
        self._direct.shutdown()
        self._engine.close()
        self._shelf.close()
        self._siblings.close()
        self._claim.leave()

    def _changed(self) -> None:
        with self._news:
            self._version += 1
            self._news.notify_all()

    def _open(self) -> None:
        if self._closing:
            raise StoreUnavailable("the store is closed: start the hub again")

    def _pass_on(self, batch: Observations, hashes: Hashes) -> None:
        """To the engine, or to the disk if it does not take the batch within the time it may take."""
        note = self._shelf.going(hashes) if len(hashes) else None
        taken = self._taken(batch, hashes)
        if not taken:
            self._put(batch, hashes)
        if note is not None:  # not before the batch is somewhere: until then nobody knows whether it arrived
            (self._shelf.arrived if taken else self._shelf.lost)(note)

    def _taken(self, batch: Observations, hashes: Hashes) -> bool:
        job: Future[None] = self._direct.submit(self._send, batch, hashes)
        try:
            job.result(self._patience)
        except NotYet:  # it may arrive yet, and then comes again from the disk: as the same rows
            job.cancel()
            self._failed("the engine takes longer than it may: look whether its server is overloaded")
        except StoreUnavailable as error:
            self._failed(str(error))
        else:
            self._well()
            return True
        return False

    def _send(self, batch: Observations, hashes: Hashes) -> None:
        with self._sending, self._turns.beside():
            self._engine.append(batch, hashes.tolist())

    def _put(self, batch: Observations, hashes: Hashes) -> None:
        with self._turns.beside():
            self._shelf.put(batch, hashes)

    def _enter_alone(self, stack: ExitStack, *, emptied: bool = True) -> None:
        """Wait until nothing is being sent and nothing waits in another process's outbox, and keep it so.

        `emptied`: what waits here is given a moment, too.
        """
        end = monotonic() + READ_PATIENCE
        while True:
            with ExitStack() as tried:
                with self._order if emptied else nullcontext():  # nothing comes in between
                    self._open()
                    if emptied:
                        self._try_to_empty()
                    tried.enter_context(self._sending)
                tried.enter_context(self._turns.alone())
                if not self._siblings.waiting:
                    stack.push(tried.pop_all())
                    return
            if monotonic() > end:
                raise StoreUnavailable(self._not_yet())
            self._siblings.ask()
            sleep(_PAUSES[0])

    def _send_what_waits(self) -> None:
        """Send what waits, in order, for ever: more at once while it goes well, later when it does not."""
        rows, pause = LEAST, _PAUSES[0]
        while not self._closing:
            if not self._shelf.waiting:
                with self._news:
                    self._news.wait_for(lambda: self._closing or bool(self._shelf.waiting))
                continue
            begun = monotonic()
            if self._sent_some(rows):
                slow = monotonic() - begun > SLOW
                rows, pause = max(LEAST, rows // 2) if slow else min(MOST, rows * 2), _PAUSES[0]
            else:
                rows = max(LEAST, rows // 2)
                self._rest(pause)
                pause = min(_PAUSES[1], pause * 2)

    def _sent_some(self, rows: int) -> bool:
        """Send up to so many rows; whether the engine took them."""
        try:
            self._send_from(self._shelf, rows)
        except StoreUnavailable as error:
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, what waits must not be lost by it
            self._failed(f"the engine failed ({type(error).__name__}): please report it")
        else:
            self._well()
        with self._news:
            self._attempts += 1
            self._news.notify_all()
        return self._failing is None

    def _send_from(self, shelf: Shelf, rows: int) -> None:
        with self._sending, self._turns.beside():
            numbers, batch, hashes = shelf.first(rows)
            self._engine.append(batch, hashes.tolist())
            shelf.sent(numbers)
            if not shelf.waiting and shelf.size > LARGE:
                shelf.clean()

    def _well(self) -> None:
        if self._failing is not None:
            _LOG.warning("the engine takes readings again")
        self._failing, self._trouble = None, ""

    def _failed(self, why: str) -> None:
        if self._failing is None:
            self._failing = monotonic()
            _LOG.error("readings wait in the outbox: %s", why)
        self._trouble = why

    def _rest(self, pause: float) -> None:
        """Wait before another attempt; not for long when somebody asks for what waits."""
        begun, end = time_ns() // 1000, monotonic() + pause
        with self._news:
            while not self._closing and (left := end - monotonic()) > 0:
                if self._asking or self._siblings.asked(begun):
                    self._news.wait(min(left, _PAUSES[0]))
                    return
                self._news.wait(min(left, _LOOKS))

    def _waiting(self) -> list[Waiting]:
        """What waits, here and elsewhere."""
        return [*list(self._shelf.waiting.values()), *self._siblings.waiting]

    def _concerned(self, streams: Ints, since: int, until: int) -> bool:
        """Whether rows of these datastreams with a time in [`since`, `until`) wait."""
        for kept in self._waiting():
            of = kept.streams
            if np.isin(of[(of[:, 2] >= since) & (of[:, 1] < until), 0], streams).any():
                return True
        return False

    def _wait_until_sent(self, some: Callable[[], bool], patience: float | None = None) -> None:
        """Wait a moment for what waits to be sent; raises `StoreUnavailable` when it is not."""
        until = monotonic() + (READ_PATIENCE if patience is None else patience)
        with self._news:
            self._asking += 1
            before = self._attempts
            try:
                while some():
                    self._open()
                    failing, left = self._failing, until - monotonic()
                    tried = self._attempts > before + 1  # one more was begun after it was asked for
                    if left <= 0 or (tried and failing is not None and monotonic() - failing > READ_PATIENCE):
                        raise StoreUnavailable(self._not_yet())
                    self._news.notify_all()
                    self._siblings.ask()
                    self._news.wait(min(left, 0.1))
            finally:
                self._asking -= 1

    def _not_yet(self) -> str:
        why = f": {self._trouble}" if self._trouble else ", and are being sent: ask again in a moment"
        return f"{self.waits.rows:,} readings wait in the outbox, an answer would leave them out{why}"

    def _try_to_empty(self, patience: float | None = None) -> None:
        with suppress(StoreUnavailable):
            self._wait_until_sent(lambda: bool(self._shelf.waiting), patience)
