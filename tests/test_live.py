"""Watching as somebody lasts as long as one is that: it ends by itself for whoever left, or whose link ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from hub.core.audience import PUBLIC, Audience
from hub.core.disclosed import Disclosed
from hub.core.query import Query, StoreUnavailable
from hub.gate import Gate
from hub.live import Live

BEN = Audience(7, frozenset({7, 1}))
EVERY = 0.01


class Doors:
    """A gate that knows who still is whom, and has something new at every look."""

    def __init__(self) -> None:
        self.holds: set[tuple[Audience, str | None]] = {(BEN, None), (BEN, "link"), (BEN, "other link")}
        self.away = False
        self.answers = 0

    @property
    def version(self) -> int:
        self.answers += 1
        return self.answers

    def stands(self, audience: Audience, token: str | None) -> bool:
        if self.away:
            raise StoreUnavailable("the disk is full")
        return (audience, token) in self.holds

    def repeated(self, _query: Query, _audience: Audience) -> Callable[[], Disclosed]:
        return lambda: cast("Disclosed", self.answers)


async def taken(live: Live, audience: Audience, token: str | None, gone: asyncio.Event) -> int:
    """How many answers there were until the watch ended by itself."""
    count = 0
    async for _ in live.watch(Query(), audience, token):
        count += 1
        gone.set()
    return count


async def ends(change: Callable[[Doors], object], audience: Audience, token: str | None) -> bool:
    """Whether a watch that has begun ends within a second of a change."""
    doors, begun = Doors(), asyncio.Event()
    live = Live(cast("Gate", doors), EVERY)
    watching = asyncio.create_task(taken(live, audience, token, begun))
    await asyncio.wait_for(begun.wait(), 5)
    change(doors)
    done, _ = await asyncio.wait({watching}, timeout=1)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await live.stop()
    return bool(done)


@pytest.mark.slow
async def test_a_watch_ends_with_the_link_and_no_other_does() -> None:
    assert await ends(lambda doors: doors.holds.discard((BEN, "link")), BEN, "link")
    assert not await ends(lambda doors: doors.holds.discard((BEN, "other link")), BEN, "link")


async def test_a_watch_without_a_link_ends_when_the_party_is_no_longer_what_it_was() -> None:
    assert await ends(lambda doors: doors.holds.discard((BEN, None)), BEN, None)


@pytest.mark.slow
async def test_nobody_in_particular_is_never_asked_who_he_is() -> None:
    assert not await ends(lambda doors: doors.holds.clear(), PUBLIC, None)


async def test_while_nobody_can_say_who_somebody_is_he_is_told_nothing() -> None:
    doors, begun = Doors(), asyncio.Event()
    live = Live(cast("Gate", doors), EVERY)
    watching = asyncio.create_task(taken(live, BEN, "link", begun))
    await asyncio.wait_for(begun.wait(), 5)
    doors.away = True
    await asyncio.sleep(0.1)
    before = doors.answers
    await asyncio.sleep(0.2)
    assert doors.answers == before
    doors.away = False
    await asyncio.sleep(0.2)
    assert doors.answers > before
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await live.stop()
