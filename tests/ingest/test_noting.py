"""Beside the readings: what was marked is counted for their thing's record, and a wrong clock hears of itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.reading import Message
from hub.core.record import Key, Tally, together
from hub.ingest.noting import Noting
from hub.registry import RegistryUnavailable
from hub.registry.records import Records
from tests.core.world import NOW
from tests.ingest.test_pipeline import Hub, running


def told_at(hub: Hub, offset: int, value: float = 5, thing: str = "hall") -> Message:
    """A reading whose clock is so far off (µs)."""
    return hub.message(f"things/{thing}/pm25", f'{{"v": {value}, "t": {(NOW + offset) / 1e6}}}')


def noted(hub: Hub) -> Tally:
    """All that is on record."""
    streams = [d.id for d in hub.registry.holdings().datastreams]
    days = hub.registry.records.of(streams, NOW - 7 * DAY)
    return together({stream: together(of) for stream, of in days.items()})


class Away(Records):
    """Records that cannot be written while `away` is set."""

    away: Exception | None = None

    def note(self, found: Mapping[Key, Tally]) -> None:
        if self.away is not None:
            raise self.away
        super().note(found)


async def written(hub: Hub) -> None:
    """Wait until what was noted of what is stored is written."""
    await asyncio.sleep(0)
    await hub.ingest.write_down()


async def test_what_comes_late_or_implausible_is_on_record(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(told_at(hub, 0), told_at(hub, -2 * HOUR), told_at(hub, -3 * HOUR), told_at(hub, -1, 5000))
        await written(hub)
        found = noted(hub)
        assert (found.late, found.implausible, found.ahead) == (2, 1, 0)
        assert (found.late_since, found.late_until) == (NOW - 3 * HOUR, NOW - 2 * HOUR)
        assert hub.sender.answers == [], "a backlog is welcome"


async def test_it_adds_up_over_batches(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for n in range(3):
            await hub.put(told_at(hub, -(2 + n) * HOUR))
        await written(hub)
        assert noted(hub).late == 3


async def test_it_is_written_by_itself_and_then_a_while_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.ingest.noting._EVERY", 0.3)
    async with running(tmp_path) as hub:
        async with asyncio.timeout(10):
            for n in (1, 2, 3):
                await hub.put(told_at(hub, -(2 + n) * HOUR))
                while noted(hub).late < n:  # noqa: ASYNC110 - a table has no event
                    await asyncio.sleep(0.01)


async def test_while_the_registry_is_away_it_waits_and_the_readings_do_not(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        records = hub.registry.records = Away(hub.registry._database)
        records.away = RegistryUnavailable("locked")
        await hub.put(told_at(hub, -2 * HOUR))
        await written(hub)
        await hub.put(told_at(hub, -3 * HOUR))
        assert len(hub.sender.acknowledged) == 2
        records.away = None
        await written(hub)
        assert noted(hub).late == 2


async def test_our_own_mistake_in_the_record_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as hub:
        records = hub.registry.records = Away(hub.registry._database)
        records.away = ValueError("7.25")
        with caplog.at_level(logging.ERROR):
            await hub.put(told_at(hub, -2 * HOUR))
            await written(hub)
        records.away = None
        await hub.put(told_at(hub, 0))
        assert len(hub.sender.acknowledged) == 2
        assert "ValueError" in caplog.text
        assert "7.25" not in caplog.text


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (11 * MINUTE, "is ahead by 11 minutes"), (3 * HOUR, "is ahead by 3 hours"), (3 * DAY, "is ahead by 3 days"),
        (946_684_800_000_000 - NOW, "was never set"),
    ],
)  # fmt: skip
async def test_a_wrong_clock_hears_of_itself_once_an_hour(tmp_path: Path, offset: int, words: str) -> None:
    async with running(tmp_path) as hub:
        for n in range(3):
            await hub.put(told_at(hub, offset + n * 7))
        ((topic, told),) = hub.sender.answers
        assert topic == "things/hall/errors"
        assert (told["code"], told["type"], told["topic"]) == ("kept", "clock", "things/hall/pm25")
        assert words in told["message"]
        assert "kept" in told["message"]
        assert len(hub.values()) == 3


async def test_a_right_clock_hears_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(told_at(hub, 0), told_at(hub, 9 * MINUTE), told_at(hub, -DAY), hub.message("things/a/pm25", "5"))
        assert hub.sender.answers == []


async def test_each_thing_hears_of_its_own_clock_and_again_after_an_hour(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(told_at(hub, 3 * HOUR), told_at(hub, 3 * HOUR, thing="yard"), told_at(hub, 0, thing="well"))
        noting: Noting = hub.ingest._noting
        noting._next_look = float("-inf")
        noting._told = dict.fromkeys(noting._told, float("-inf"))
        await hub.put(told_at(hub, 3 * HOUR + 7))
        assert [topic for topic, _ in hub.sender.answers] == [f"things/{n}/errors" for n in ("hall", "yard", "hall")]


async def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.ingest.noting._MOST_WAITING", 2)
    async with running(tmp_path) as hub:
        records = hub.registry.records = Away(hub.registry._database)
        records.away = RegistryUnavailable("locked")
        for n in range(4):
            await hub.put(told_at(hub, -2 * HOUR, thing=f"t{n}"))
        await written(hub)
        assert len(hub.ingest._noting._waiting) == 2
