"""What a store does not keep is not stored, its thing hears why, the rest is stored, and all of it acknowledged."""

from __future__ import annotations

from pathlib import Path

from hub.core.grade import DAY
from hub.core.history import Span
from hub.core.reading import Message
from hub.stores.memory import MemoryStore
from tests.core.world import NOW
from tests.ingest.test_pipeline import Hub, Moody, running


class Forgetful(Moody):
    """A store that keeps a month."""

    keeps = Span(NOW - 30 * DAY, NOW + DAY)


def pack(hub: Hub, *days: int) -> Message:
    """Readings of so many days ago, each with that number as its value."""
    records = ", ".join(f'{{"n": "pm25", "v": {n}, "t": {(NOW - n * DAY) / 1e6}}}' for n in days)
    return hub.message("things/hall/readings", f"[{records}]")


async def test_what_is_too_old_is_left_out_and_its_thing_hears_why(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        hub.store = hub.ingest._store = Forgetful(tmp_path)
        await hub.put(pack(hub, 1, 29, 31, 400))
        assert sorted(hub.values()) == [1.0, 29.0]
        assert len(hub.sender.acknowledged) == 1
        ((topic, told),) = hub.sender.answers
        assert (topic, told["type"]) == ("things/hall/errors", "time")
        assert "older than 30 days" in told["message"]
        assert hub.ingest.counts.refused == {"time": 1}


async def test_a_message_of_which_nothing_is_kept_is_acknowledged_too(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        hub.store = hub.ingest._store = Forgetful(tmp_path)
        await hub.put(pack(hub, 31), pack(hub, 2))
        assert hub.values() == [2.0]
        assert len(hub.sender.acknowledged) == 2


async def test_a_store_that_keeps_everything_refuses_no_time(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        assert isinstance(hub.store, MemoryStore)
        await hub.put(pack(hub, 1, 4000))
        assert sorted(hub.values()) == [1.0, 4000.0]
        assert hub.sender.answers == []
