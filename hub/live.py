"""Who watches what: one task a question, however many watch.

Rule: a live update is a reading through the gate like any other. It is read again when the store or the registry has
changed, at most once a second; nothing is announced but what is shown, so no update tells of a removal. Owners are
told of an answer, before it is given, when it holds more of theirs than the last one did: once for each of their
windows that closes, not once a second. Who watches as somebody is asked again at every look whether he still is; the
watch of whoever has left, or whose link has ended, ends with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from hub.core.audience import Audience
from hub.core.disclosed import Disclosed
from hub.core.query import Query
from hub.core.store import StoreUnavailable
from hub.gate import Gate

_EVERY = 1.0


class Live:
    """Repeated answers to a question, shared by all who ask the same with the same rights."""

    def __init__(self, gate: Gate, every: float = _EVERY) -> None:
        """Ask `gate` at most once in `every` seconds a question."""
        self._gate = gate
        self._every = every
        self._topics: dict[tuple[Query, Audience, str | None], _Topic] = {}

    async def watch(self, query: Query, audience: Audience, token: str | None = None) -> AsyncGenerator[Disclosed]:
        """Answers as they change, the present one first; ends when the hub stops, or the audience is no longer that.

        `token` is the link by which somebody is this audience: the watch ends with it. A slow reader misses answers,
        never gets old ones.
        """
        key = (query, audience, token)
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = _Topic()
            topic.task = asyncio.create_task(self._ask(topic, query, audience, token))
        topic.watchers += 1
        try:
            number = 0
            while not topic.ended:
                answer, number = await topic.after(number)
                if answer is not None:
                    yield answer
        finally:
            topic.watchers -= 1
            if topic.watchers == 0:
                self._topics.pop(key, None)
                topic.end()

    async def stop(self) -> None:
        """End every watch."""
        for topic in list(self._topics.values()):
            topic.end()
        await asyncio.sleep(0)

    async def _ask(self, topic: _Topic, query: Query, audience: Audience, token: str | None) -> None:
        version: object = None
        ask = self._gate.repeated(query, audience)
        while not topic.ended:
            try:
                if audience.party is not None and not await asyncio.to_thread(self._gate.stands, audience, token):
                    topic.over()
                    return
                current = await asyncio.to_thread(lambda: self._gate.version)
                if current != version:
                    topic.say(await asyncio.to_thread(ask))
                    version = current
            except StoreUnavailable:
                version = None
            await asyncio.sleep(self._every)


class _Topic:
    """The last answer to one question, numbered."""

    def __init__(self) -> None:
        self.watchers = 0
        self.ended = False
        self.task: asyncio.Task[None] | None = None
        self._answer: Disclosed | None = None
        self._number = 0
        self._news = asyncio.Event()

    def say(self, answer: Disclosed) -> None:
        self._answer = answer
        self._wake()

    def end(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self.over()

    def over(self) -> None:
        self.ended = True
        self._answer = None
        self._wake()

    async def after(self, number: int) -> tuple[Disclosed | None, int]:
        while self._number == number:
            await self._news.wait()
        return self._answer, self._number

    def _wake(self) -> None:
        self._number += 1
        news, self._news = self._news, asyncio.Event()
        news.set()
