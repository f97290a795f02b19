"""The inbox: bounded, in order, small commits when idle and large ones under load."""

from __future__ import annotations

import asyncio

from hub.core.reading import Message
from hub.ingest.inbox import Inbox
from tests.core.test_observations import Silent


def chunk(*topics: str, size: int = 1) -> list[Message]:
    return [Message(Silent(), 1, t, b"x" * size, 0) for t in topics]


async def test_messages_come_out_in_the_order_in_which_they_came() -> None:
    inbox = Inbox(least_wait=0)
    inbox.put(chunk("a", "b"))
    inbox.put(chunk("c"))
    batch = await anext(inbox.batches())
    assert [m.topic for c in batch for m in c] == ["a", "b", "c"]


async def test_what_comes_while_a_batch_waits_goes_with_it() -> None:
    inbox = Inbox(least_wait=50)
    inbox.put(chunk("a"))
    asyncio.get_running_loop().call_later(0.005, inbox.put, chunk("b"))
    batch = await anext(inbox.batches())
    assert [m.topic for c in batch for m in c] == ["a", "b"]


async def test_a_batch_holds_about_as_many_readings_as_are_allowed() -> None:
    inbox = Inbox(least_wait=0, most_readings=10)
    inbox.made(messages=1, readings=5)
    for n in range(6):
        inbox.put(chunk(str(n)))
    batches = inbox.batches()
    assert [len(await anext(batches)) for _ in range(3)] == [2, 2, 2]


async def test_enough_readings_do_not_wait_for_company() -> None:
    inbox = Inbox(least_wait=60_000, most_wait=60_000, most_readings=3)
    inbox.put(chunk("a", "b", "c"))
    async with asyncio.timeout(5):
        await anext(inbox.batches())


async def test_it_is_full_by_bytes_and_has_room_again_after_a_batch() -> None:
    inbox = Inbox(least_wait=0)
    found = [inbox.full]
    inbox.put(chunk("a", size=64_000_000))
    found.append(inbox.full)
    await anext(inbox.batches())
    found.append(inbox.full)
    assert found == [False, True, False]
    async with asyncio.timeout(5):
        await inbox.room()


async def test_it_is_full_by_number() -> None:
    inbox = Inbox(least_wait=0)
    inbox.put(chunk(*["a"] * 200_000))
    assert inbox.full


async def test_an_empty_inbox_waits() -> None:
    inbox = Inbox(least_wait=0)
    batches = inbox.batches()
    waiting = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    inbox.put(chunk("late"))
    assert (await waiting)[0][0].topic == "late"


async def test_no_two_messages_arrive_at_the_same_moment() -> None:
    inbox = Inbox(least_wait=0)
    for _ in range(3):
        inbox.put(chunk("a", "b", "c"))
    batch = await anext(inbox.batches())
    moments = [m.received for c in batch for m in c]
    assert moments == sorted(set(moments))
