"""The one path of a message: decode, attribute, store, acknowledge.

Rule: acknowledged means stored. Until the store has committed a batch nobody hears of it; if the store or the registry
cannot take it now, it is tried again until they can, and meanwhile the inbox fills and the endpoint stops reading.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from hub.core.observations import STAMPED, Key, Observations, attribute
from hub.core.reading import Decoded, DecodeError, Decoder, Envelope, Heard, Message, Sender
from hub.core.store import Store, StoreUnavailable, StoreUnsure, kept_by
from hub.decoders import DECODERS
from hub.decoders.announced import instead
from hub.decoders.routes import ANNOUNCED, Routes
from hub.ingest.inbox import Chunk, Inbox
from hub.ingest.judging import Judging
from hub.ingest.noting import Noting
from hub.ingest.refusals import Refusals
from hub.registry import Registry, RegistryUnavailable

_LOG = logging.getLogger("hub.ingest")
_LONGEST_PAUSE = 5.0
_MOST_TOPICS = 65_536
"""So many topics are known with their decoders; then they are looked up anew."""
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Counts:
    """What the operator may know: how many, how late. No ids, no values."""

    messages: int = 0
    readings: int = 0
    repeated: int = 0
    batches: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    waiting: bool = False
    delays: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))


class Ingest:
    """Takes what is in the inbox, for ever."""

    def __init__(
        self, inbox: Inbox, routes: Routes, registry: Registry, store: Store, now: Callable[[], int],
        has_left: Callable[[Sender], bool] = lambda _: False,
    ) -> None:  # fmt: skip
        """Read `inbox`; `routes` say which format a topic speaks; `now` gives the time in µs.

        What wants an acknowledgement and is of a sender that `has_left` is not stored: it sends it again, where there
        are several workers perhaps to another.
        """
        self._inbox, self._has_left = inbox, has_left
        self._routes = routes
        self._registry = registry
        self._store = store
        self._now = now
        self._refusals = Refusals(registry)
        self._judging, self._noting = Judging(), Noting(registry)
        self._decoders: dict[str, Decoder] = {}
        self._sealed: list[tuple[Message, Envelope]] = []
        self._stored: set[int] = set()
        self.counts = Counts()

    async def run(self) -> None:
        """Batch after batch, until cancelled."""
        noting = asyncio.create_task(self._noting.run())
        try:
            await self._take()
        finally:
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)

    async def _take(self) -> None:
        async for batch in self._inbox.batches():
            outside = any(chunk[0].credential < 0 for chunk in batch)
            try:
                batch = await self._told_apart(batch)  # noqa: PLW2901 - what is held up is not of it any more
                readings = await self._store_all(batch)
            except Exception as error:  # noqa: BLE001 - our own mistake must not stop everybody's readings
                _LOG.error("a batch failed with %s: please report it; taking it message by message", _name(error))
                for message in [m for chunk in batch for m in chunk]:
                    self._acknowledge([[message]], await self._alone(message))
            else:
                self._acknowledge(batch, readings)
            if outside:
                await self._follow()

    async def _told_apart(self, batch: list[Chunk]) -> list[Chunk]:
        """Ask which messages that come again were stored before a crash; those of which nobody knows are held up.

        A store whose server is away may not know of the few that were on their way: only their senders wait for that.
        """
        repeated = {_hash(m) for chunk in batch for m in chunk if m.dup}
        self._stored = set()
        try:
            if repeated:
                self._stored = await self._until(self._store.seen, repeated)
        except StoreUnsure as doubt:
            self._stored = doubt.stored
            return _held_up(batch, doubt.unsure)
        return batch

    async def write_down(self) -> None:
        """Write down what was noted of readings that are stored: at the end, when no more come."""
        await self._noting.write_all()

    async def _alone(self, message: Message) -> int:
        """Store one message, and refuse it if the hub fails on it: sent again, it would fail again. Its readings."""
        self._sealed.clear()
        self._refusals.counted()
        try:
            return await self._store_all([[message]])
        except Exception as error:  # noqa: BLE001 - as above
            _LOG.error("a message failed with %s: please report it", _name(error))
            self._refusals.undecoded(message, "the hub failed on this message; whoever runs it has been told")
            await self._until(self._refusals.record, self._now())
            return 0

    async def _follow(self) -> None:
        """What has waited for somebody to show that it is his comes in, with the times at which it was received."""
        while True:
            numbers, messages = await self._until(self._registry.outside.following)
            if not numbers:
                return
            try:
                readings = await self._store_all([messages])
            except Exception as error:  # noqa: BLE001 - as above
                _LOG.error("what has waited failed with %s: please report it", _name(error))
                readings = 0
                for message in messages:
                    readings += await self._alone(message)
                    self._count(0)
            self._count(readings)
            await self._until(self._registry.outside.followed, numbers)

    async def _store_all(self, batch: list[Chunk]) -> int:
        """Everything of a batch, durable on return; how many readings there were."""
        shared = await self._until(self._look_up, {chunk[0].credential for chunk in batch})
        messages = await self._placed([m for chunk in batch for m in chunk], shared=shared)
        heard = await self._decode(messages)
        self._refusals.outside(heard, kept_by(self._store))
        table = await self._until(self._registry.series_table, self._now())
        made = attribute(heard, table)
        if made.missing:
            await self._learn(heard, made.missing)
            table = await self._until(self._registry.series_table, self._now())
            made = attribute(heard, table)
        self._refusals.sealed(made.clear)
        self._refusals.former(made.former)
        judged = self._judging.mark(made, table)
        await self._until(self._store.append, made.observations, _hashes(heard, made.observations))
        self._judging.learn(judged)
        self._noting.add(heard, made.observations, time.monotonic())
        if self._sealed:
            self._refusals.unkept(await self._until(self._registry.sealed.keep, self._sealed, self._now()))
            self._sealed.clear()
        if self._refusals:
            await self._until(self._refusals.record, self._now())
        return len(made.observations)

    async def _until(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it in a thread, again and again until it works: a full disk or a locked file delays, it does not lose."""
        pause = 0.1
        while True:
            try:
                result = await asyncio.to_thread(act, *args, **kwargs)
            except StoreUnsure:
                raise
            except (StoreUnavailable, RegistryUnavailable) as error:
                if not self.counts.waiting:
                    _LOG.error("cannot store; things are not answered until it works again: %s", error)
                self.counts.waiting = True
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
            else:
                if self.counts.waiting:
                    _LOG.warning("storing again")
                self.counts.waiting = False
                return result

    def _look_up(self, credentials: set[int]) -> bool:
        """Let the registry compile what has changed (blocking), so that it answers from memory afterwards.

        Out: whether there are outside brokers whose messages are attributed by prefix.
        """
        self._registry.series_table(self._now())
        for credential in credentials:
            self._registry.heard(credential)
        return self._registry.has_shared_sources

    async def _placed(self, messages: list[Message], *, shared: bool) -> list[Message]:
        """Without what was stored before a crash, and without what came under nobody's prefix (quarantine)."""
        if self._stored:
            new = [m for m in messages if not (m.dup and _hash(m) in self._stored)]
            self.counts.repeated += len(messages) - len(new)
            messages = new
        if shared:
            messages = await self._until(self._registry.place, messages)
            await self._until(self._look_up, {m.credential for m in messages})
        messages = [m for m in messages if not (m.packet and self._has_left(m.sender))]
        return self._once(messages) if any(m.dup for m in messages) else messages

    def _once(self, messages: list[Message]) -> list[Message]:
        """Without what is here twice: sent, and then on another connection, while the last batch was being stored."""
        repeated = {_hash(m) for m in messages if m.dup}
        new, here = [], set[int]()
        for message in messages:
            which = _hash(message)
            if message.dup and which in here:
                self.counts.repeated += 1
                continue
            if which in repeated:
                here.add(which)
            new.append(message)
        return new

    async def _decode(self, messages: list[Message]) -> list[tuple[Message, Decoded]]:
        heard: list[tuple[Message, Decoded]] = []
        credential: int | None = None
        announced = Heard()
        decoders = self._decoders
        for message in messages:
            if message.credential != credential:
                credential = message.credential
                announced = self._registry.heard(credential)
                announced.zone = self._routes.zone
            try:
                decoded: Decoded | None = decoders[message.topic](message, announced)
            except Exception:  # noqa: BLE001 - a new topic, or something is wrong: `_read` looks closely
                decoded = self._read(message, announced)
            if decoded is None:
                continue
            if not decoded.readings and not decoded.announcements and decoded.sealed is None:
                decoded = instead(message, announced) or decoded
            if decoded.announcements or decoded.withdrawn:
                said = (decoded.announcements, message.received, decoded.withdrawn)
                await self._until(self._registry.remember, message.credential, *said)
            if decoded.sealed is not None:
                self._sealed.append((message, decoded.sealed))
            heard.append((message, decoded))
        return heard

    def _read(self, message: Message, announced: Heard) -> Decoded | None:
        """What is in one message; None when it is of no use, which is then on record."""
        name = self._routes.format_of(message.topic)
        if name is None and not announced.at(message.topic):
            self._refusals.unrouted(message)
            return None
        name = name or ANNOUNCED
        if len(self._decoders) >= _MOST_TOPICS:
            self._decoders.clear()
        self._decoders[message.topic] = DECODERS[name]
        try:
            return DECODERS[name](message, announced)
        except DecodeError as error:
            spare = instead(message, announced)
            if spare is not None:
                return spare
            self._refusals.undecoded(message, str(error))
        except Exception as error:  # noqa: BLE001 - a decoder's own mistake must not stop everybody's readings
            _LOG.error("the %s decoder failed with %s: please report it", name, _name(error))
            self._refusals.undecoded(message, f"the {name} decoder failed; whoever runs the hub has been told")
        return None

    async def _learn(self, heard: list[tuple[Message, Decoded]], missing: frozenset[Key]) -> None:
        """What is first heard becomes a thing of the credential's party, at `home`."""
        refused = await self._until(self._registry.first_heard, missing, self._now())
        self._refusals.unowned(heard, refused)

    def _acknowledge(self, batch: list[Chunk], readings: int) -> None:
        now, count = self._now(), 0
        for chunk in batch:
            chunk[0].sender.acknowledge(chunk)
            count += len(chunk)
            self.counts.delays.append((now - chunk[0].received) / 1e6)
        self._inbox.made(count, readings)
        self._refusals.answer(time.monotonic())
        self.counts.messages += count
        self.counts.batches += 1
        self._count(readings)

    def _count(self, readings: int) -> None:
        """Count what was stored and what was refused; what is refused next is another batch's."""
        self.counts.readings += readings
        for reason, number in self._refusals.counted().items():
            self.counts.refused[reason] = self.counts.refused.get(reason, 0) + number


def _held_up(batch: list[Chunk], unsure: set[int]) -> list[Chunk]:
    """The batch without messages that come again, after their senders were told to send them again."""
    left = []
    for chunk in batch:
        later = [m for m in chunk if m.dup and _hash(m) in unsure]
        if later:
            chunk[0].sender.hold_up(later)
            held = {id(m) for m in later}
            chunk = [m for m in chunk if id(m) not in held]  # noqa: PLW2901 - as above
        if chunk:
            left.append(chunk)
    return left


def _name(error: Exception) -> str:
    """What went wrong, without the values that the text of an error may hold."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}"
    return type(error).__name__ + where


def _hash(message: Message) -> int:
    """The same for the same message from the same client, after a restart too: 63 bits."""
    told = zlib.crc32(message.payload, zlib.crc32(message.topic.encode(), message.sender.mark))
    return told | message.packet << 32 | (message.sender.mark & 0x7FFF) << 48


def _hashes(heard: list[tuple[Message, Decoded]], observations: Observations) -> list[int]:
    """Of the messages that gave no time of their own: sent again after a crash they could not be told from new ones."""
    if not (observations.quality & STAMPED).any():
        return []
    return [_hash(m) for m, decoded in heard if m.packet and any(r.time is None for r in decoded.readings)]
