"""Where messages wait for the next commit.

Rule: bounded. When it is full, whoever fills it stops reading; nothing is thrown away. Under load it waits longer, so
that commits grow instead of queueing; but what came while the last batch was stored has waited already.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator

from hub.core.reading import Message

Chunk = list[Message]
"""Messages of one sender, in order."""

_MOST_MESSAGES = 200_000
_MOST_BYTES = 64_000_000


class Inbox:
    """A queue of chunks for one consumer. Waits are in milliseconds; everything happens on one event loop."""

    def __init__(self, least_wait: float = 5, most_wait: float = 100, most_readings: int = 50_000) -> None:
        """Batches wait `least_wait` for company, up to `most_wait` under load, and hold about `most_readings`."""
        self._least, self._most, self._most_readings = least_wait / 1000, most_wait / 1000, most_readings
        self._chunks: deque[Chunk] = deque()
        self._messages = self._bytes = self._last = 0
        self._since = 0.0
        self._per_message = 1.0
        self._something = asyncio.Event()
        self._enough = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()

    def put(self, messages: Chunk) -> None:
        """Add messages of one sender; look at `full` afterwards.

        Each gets a moment of arrival of its own: values without a time that come together must not replace each other.
        """
        last, size = self._last, 0
        for m in messages:
            last = m.received = m.received if m.received > last else last + 1
            size += len(m.payload)
        self._last = last
        if not self._chunks:
            self._since = time.monotonic()
        self._chunks.append(messages)
        self._messages += len(messages)
        self._bytes += size
        self._something.set()
        self._idle.clear()
        if self._messages * self._per_message >= self._most_readings:
            self._enough.set()
        if self._messages >= _MOST_MESSAGES or self._bytes >= _MOST_BYTES:
            self._room.clear()

    @property
    def full(self) -> bool:
        """Whether to stop reading until there is `room`."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until it is no longer full."""
        await self._room.wait()

    async def drained(self, seconds: float) -> None:
        """Wait until everything that was put in has been dealt with, so many seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    def made(self, messages: int, readings: int) -> None:
        """Say how many readings a batch of messages held, so that the next batch has the right size."""
        self._per_message = max(1.0, readings / max(1, messages))

    async def batches(self) -> AsyncIterator[list[Chunk]]:
        """Batches of chunks, for ever: each once its first message has waited for company long enough.

        That is `least_wait` when nothing came while the last batch was stored, otherwise at least twice as long, and
        as long as storing took.
        """
        wait = self._least
        while True:
            if not self._chunks:
                self._idle.set()
            await self._something.wait()
            await self._company(self._since + wait - time.monotonic())
            started = time.monotonic()
            yield self._take()
            took = time.monotonic() - started
            wait = min(self._most, max(2 * self._least, took)) if self._chunks else self._least

    async def _company(self, wait: float) -> None:
        if wait > 0 and not self._enough.is_set():
            try:
                async with asyncio.timeout(wait):
                    await self._enough.wait()
            except TimeoutError:
                return

    def _take(self) -> list[Chunk]:
        batch: list[Chunk] = []
        most = max(1, int(self._most_readings / self._per_message))
        taken = 0
        while self._chunks and taken < most:
            chunk = self._chunks.popleft()
            batch.append(chunk)
            taken += len(chunk)
        self._messages -= taken
        self._bytes = self._bytes - sum(len(m.payload) for c in batch for m in c) if self._chunks else 0
        if not self._chunks:
            self._something.clear()
        if self._messages * self._per_message < self._most_readings:
            self._enough.clear()
        self._room.set()
        return batch
