"""The one path of a message: stored, then acknowledged; what is of no use is on record; trouble only delays."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub import actions
from hub.core.catalogue import Catalogue, PartyKind
from hub.core.grade import Grade
from hub.core.observations import Observations, SeriesTable
from hub.core.query import Query
from hub.core.reading import Decoded, Heard, Message
from hub.core.scope import scope_for
from hub.core.store import StoreUnavailable, StoreUnsure
from hub.decoders import DECODERS
from hub.decoders.routes import ANNOUNCED, Routes
from hub.decoders.times import from_iso
from hub.ingest.inbox import Inbox
from hub.ingest.pipeline import Ingest, _hash
from hub.registry import Registry, RegistryUnavailable
from hub.stores.memory import MemoryStore
from tests.core.world import AROUND, CATALOGUE, NEAR, NOW
from tests.registry.migrated import migrated


class Listening:
    """A sender that remembers what it was told."""

    def __init__(self, mark: int = 7) -> None:
        self.mark = mark
        self.acknowledged: list[Message] = []
        self.held_up: list[Message] = []
        self.answers: list[tuple[str, dict[str, str]]] = []

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.acknowledged.extend(messages)

    def hold_up(self, messages: Sequence[Message]) -> None:
        self.held_up.extend(messages)

    def answer(self, topic: str, payload: bytes) -> None:
        self.answers.append((topic, json.loads(payload)))


class Moody(MemoryStore):
    """A store that is away while `away` is set."""

    away = False
    stumbles_over: float | None = None
    unsure: set[int] | None = None

    def append(self, batch: Observations, acknowledged: Sequence[int] = ()) -> None:
        if self.away:
            raise StoreUnavailable("the disk is full: make room")
        if self.stumbles_over in batch.value:
            raise ValueError(batch.value)
        super().append(batch, acknowledged)

    def seen(self, hashes: Collection[int]) -> set[int]:
        if self.away:
            raise StoreUnavailable("the disk is full: make room")
        if self.unsure is not None and (doubt := self.unsure & set(hashes)):
            raise StoreUnsure("the server is away", super().seen(set(hashes) - doubt), doubt)
        return super().seen(hashes)


class Hub:
    """Ingest with everything around it."""

    def __init__(self, folder: Path, catalogue: Catalogue = CATALOGUE) -> None:
        self.registry = Registry.open(migrated(folder / "registry.sqlite"), folder / "key", catalogue, AROUND, NEAR)
        self.store = Moody(folder / "store")
        self.inbox = Inbox(least_wait=0, most_wait=1)
        moments = itertools.count(NOW)
        self.now: Callable[[], int] = lambda: next(moments)
        self.ana = actions.add_party(self.registry, PartyKind.PERSON, "Ana", now=NOW)
        self.door = actions.add_credential(self.registry, self.ana, "gateway", now=NOW).credential
        rules = [("zigbee2mqtt/#", "zigbee2mqtt"), ("broken/#", "broken"), ("homeassistant/#", ANNOUNCED)]
        routes = Routes([*rules, ("tele/#", "tasmota")], ZoneInfo("Europe/Prague"))
        self.ingest = Ingest(self.inbox, routes, self.registry, self.store, self.now)
        self.sender = Listening()

    def message(self, topic: str, payload: str, **also: object) -> Message:
        whole = {"sender": self.sender, "qos": 1, "packet": 1, **also}
        return Message(credential=self.door, topic=topic, payload=payload.encode(), received=self.now(), **whole)  # type: ignore[arg-type]

    async def put(self, *messages: Message) -> None:
        """Put them in and wait until they are dealt with."""
        self.inbox.put(list(messages))
        await self.inbox.drained(5)

    def values(self) -> list[float]:
        audience = self.registry.audience_of_party(self.ana)
        assert audience is not None
        scope = scope_for(audience, self.registry.holdings(), CATALOGUE, NOW)
        return [float(v) for v in self.store.read(Query(), scope).value]

    def times(self) -> list[int]:
        audience = self.registry.audience_of_party(self.ana)
        assert audience is not None
        scope = scope_for(audience, self.registry.holdings(), CATALOGUE, NOW)
        return [int(t) for t in self.store.read(Query(), scope).time]


@asynccontextmanager
async def running(folder: Path, catalogue: Catalogue = CATALOGUE) -> AsyncIterator[Hub]:
    hub = Hub(folder, catalogue)
    task = asyncio.create_task(hub.ingest.run())
    try:
        yield hub
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        hub.registry.close()


async def test_what_is_acknowledged_is_stored(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        message = hub.message("things/a/t", "20.5")
        await hub.put(message)
        assert hub.sender.acknowledged == [message]
        assert hub.values() == [20.5]


async def test_what_is_first_heard_is_a_thing_of_its_party_at_home(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(hub.message("things/a/dust", "20.5"))
        (stream,) = hub.registry.holdings().datastreams
        assert (stream.owner, stream.property, stream.grade(NOW)) == (hub.ana, "dust", Grade.HOME)


async def test_a_local_time_is_read_in_the_hubs_zone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        told = '{"Time":"2026-06-01T13:00:00","BME280":{"Humidity":41}}'
        await hub.put(hub.message("tele/a/SENSOR", told))
        assert hub.times() == [from_iso("2026-06-01T11:00:00Z")]


async def test_while_the_store_is_away_nobody_is_acknowledged_and_then_everybody(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        hub.store.away = True
        hub.inbox.put([hub.message("things/a/t", "1")])
        hub.inbox.put([hub.message("things/a/t", "2", packet=2)])
        await asyncio.sleep(0.3)
        assert hub.sender.acknowledged == []
        assert hub.ingest.counts.waiting
        hub.store.away = False
        await hub.inbox.drained(10)
        assert len(hub.sender.acknowledged) == 2
        assert hub.values() == [1, 2]
        assert not hub.ingest.counts.waiting


@pytest.mark.parametrize("asked_before", range(4))
async def test_a_registry_that_goes_away_at_any_moment_delays_and_refuses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked_before: int
) -> None:
    async with running(tmp_path) as hub:
        asked, whole = itertools.count(), hub.registry.series_table

        def flaky(now: int) -> SeriesTable:
            if next(asked) == asked_before:
                raise RegistryUnavailable("the server is away")
            return whole(now)

        monkeypatch.setattr(hub.registry, "series_table", flaky)
        for number in range(2):
            await hub.put(hub.message("things/a/t", str(number), packet=number + 1))
        assert hub.values() == [0, 1]
        assert len(hub.sender.acknowledged) == 2
        assert hub.ingest.counts.refused == {}
        assert next(asked) > asked_before + 1


async def test_poison_is_recorded_answered_and_acknowledged(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        poison = hub.message("things/a/readings", '[{"n":4242.5}]')
        await hub.put(poison, hub.message("things/a/t", "1"))
        assert len(hub.sender.acknowledged) == 2
        assert hub.values() == [1]
        ((topic, told),) = hub.sender.answers
        assert topic == "things/a/errors"
        assert told["topic"] == "things/a/readings"
        assert "4242.5" not in json.dumps(told)
        (refused,) = hub.registry.refusals([hub.door])
        assert (refused.thing, refused.size) == ("a", len(poison.payload))
        assert hub.ingest.counts.refused == {"payload": 1}


async def test_a_thing_hears_of_its_mistakes_once_a_second_at_most(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for n in range(5):
            await hub.put(hub.message("things/a/readings", "[", packet=n + 1))
        await hub.put(hub.message("things/b/readings", "["))
        assert [topic for topic, _ in hub.sender.answers] == ["things/a/errors", "things/b/errors"]


async def test_an_unknown_topic_is_refused_and_an_echo_of_the_hub_is_not(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(hub.message("my/own/topic", "1"), hub.message("things/a/errors", "{}"))
        assert len(hub.sender.acknowledged) == 2
        assert hub.ingest.counts.refused == {"topic": 1}


async def test_an_announced_topic_is_read_until_it_is_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        config = '{"stat_t":"my/own/topic","unit_of_meas":"µg/m³","dev_cla":"dust","dev":{"ids":"k"}}'
        await hub.put(hub.message("homeassistant/sensor/t/config", config), hub.message("my/own/topic", "20.5"))
        assert hub.values() == [20.5]
        (stream,) = hub.registry.holdings().datastreams
        assert (stream.property, stream.unit) == ("dust", "µg/m³")
        await hub.put(hub.message("homeassistant/sensor/t/config", ""), hub.message("my/own/topic", "21.5"))
        assert hub.values() == [20.5]
        assert hub.ingest.counts.refused == {"topic": 1}


async def test_what_one_credential_announced_does_not_open_a_topic_for_another(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        other = actions.add_credential(hub.registry, hub.ana, "gateway", now=NOW).credential
        stranger = hub.message("my/own/topic", "21.5")
        stranger.credential = other
        await hub.put(hub.message("homeassistant/sensor/t/config", '{"stat_t":"my/own/topic"}'), stranger)
        assert hub.values() == []
        assert hub.ingest.counts.refused == {"topic": 1}


async def test_a_decoder_that_fails_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(message: Message, heard: Heard) -> Decoded:
        raise ValueError(message.payload, heard)

    monkeypatch.setitem(DECODERS, "broken", broken)
    async with running(tmp_path) as hub:
        await hub.put(hub.message("broken/a", "4242.5"), hub.message("things/a/t", "1"))
        assert hub.values() == [1]
        assert len(hub.sender.acknowledged) == 2
    assert "broken decoder failed with ValueError" in caplog.text
    assert "4242.5" not in caplog.text


async def test_a_mistake_of_the_hubs_own_costs_one_message_and_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as hub:
        hub.store.stumbles_over = 4242.5
        messages = [hub.message(f"things/a/{name}", value) for name, value in (("t", "1"), ("u", "4242.5"), ("v", "3"))]
        await hub.put(*messages)
        assert sorted(hub.values()) == [1, 3]
        assert hub.sender.acknowledged == messages
        assert hub.ingest.counts.refused == {"payload": 1}
        assert [r.topic for r in hub.registry.refusals([hub.door])] == ["things/a/u"]
    assert "ValueError" in caplog.text
    assert "4242.5" not in caplog.text


async def test_a_retained_announcement_alone_is_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as hub:
        await hub.put(hub.message("things/a/about", '{"name": "Anna\'s"}', retained=True))
        assert len(hub.sender.acknowledged) == 1
        assert hub.ingest.counts.refused == {}
    assert caplog.text == ""


async def test_what_comes_in_clear_for_a_sealed_value_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(hub.message("things/a/t", "1"))
        (stream,) = hub.registry.holdings().datastreams
        actions.set_grade(hub.registry, stream.id, Grade.SEALED, now=hub.now())
        await hub.put(hub.message("things/a/t", "2", packet=2))
        assert len(hub.sender.acknowledged) == 2
        assert hub.values() == [1]
        assert "sealed" in hub.sender.answers[0][1]["message"]


async def test_a_message_sent_again_after_a_crash_is_stored_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(hub.message("things/a/t", "1"))
        again = hub.message("things/a/t", "1", dup=True)
        other = hub.message("things/a/t", "2", dup=True, packet=2)
        await hub.put(again, other)
        assert hub.sender.acknowledged[1:] == [again, other]
        assert hub.values() == [1, 2]
        assert hub.ingest.counts.repeated == 1


async def test_a_message_of_which_nobody_knows_waits_and_no_other(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        other = Listening(8)
        await hub.put(hub.message("things/a/t", "1"))
        known = hub.message("things/a/t", "1", dup=True)
        doubtful, also = (hub.message("things/a/t", n, dup=True, packet=int(n)) for n in "23")
        behind = hub.message("things/a/t", "4", packet=4)
        theirs = hub.message("things/a/t", "5", sender=other)
        hub.store.unsure = {_hash(doubtful), _hash(also)}
        hub.inbox.put([known, doubtful, behind, also])
        hub.inbox.put([theirs])
        await hub.inbox.drained(5)
        assert hub.sender.held_up == [doubtful, also]
        assert hub.sender.acknowledged[1:] == [known, behind]
        assert other.acknowledged == [theirs]
        assert hub.values() == [1, 4, 5]
        assert not hub.ingest.counts.waiting
        hub.store.unsure = None
        await hub.put(doubtful, also)
        assert hub.sender.acknowledged[3:] == [doubtful, also]
        assert sorted(hub.values()) == [1, 2, 3, 4, 5]


async def test_a_message_that_comes_twice_before_it_is_stored_is_stored_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        sent, again = hub.message("things/a/t", "1"), hub.message("things/a/t", "1", dup=True)
        late = hub.message("things/a/t", "2", packet=2, dup=True)
        hub.inbox.put([sent])
        await hub.put(again, late)
        assert hub.sender.acknowledged == [sent, again, late]
        assert hub.values() == [1, 2]
        assert hub.ingest.counts.repeated == 1


async def test_who_left_and_sends_again_on_another_connection_is_stored_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        before, now = Listening(), Listening()
        hub.ingest._has_left = lambda sender: sender is before
        sent, again = (hub.message("things/a/t", "1", sender=s, dup=s is now) for s in (before, now))
        hub.inbox.put([sent])
        await hub.put(again)
        assert now.acknowledged == [again]
        assert hub.values() == [1]


async def test_the_same_number_again_is_a_new_reading_when_it_is_not_marked_as_repeated(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(hub.message("things/a/t", "1"))
        await hub.put(hub.message("things/a/t", "1"))
        assert hub.values() == [1, 1]


async def test_what_a_gateway_announces_helps_to_read_what_follows_at_once(tmp_path: Path) -> None:
    devices = [{"friendly_name": "k", "type": "EndDevice", "definition": {"exposes": [
        {"type": "numeric", "name": "pm25", "property": "pm25", "unit": "µg/m³", "access": 1}]}}]  # fmt: skip
    async with running(tmp_path) as hub:
        await hub.put(
            hub.message("zigbee2mqtt/bridge/devices", json.dumps(devices)),
            hub.message("zigbee2mqtt/k", '{"pm25": 7}', packet=2),
        )
        (stream,) = hub.registry.holdings().datastreams
        assert (stream.property, stream.unit) == ("dust", "µg/m³")


async def test_two_credentials_with_the_same_topic_do_not_meet(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        ben = actions.add_party(hub.registry, PartyKind.PERSON, "Ben", now=NOW)
        theirs = hub.message("zigbee2mqtt/kitchen", '{"temperature": 2}')
        theirs.credential = actions.add_credential(hub.registry, ben, "gateway", now=NOW).credential
        await hub.put(hub.message("zigbee2mqtt/kitchen", '{"temperature": 1}'), theirs)
        assert hub.values() == [1]
        assert {t.owner for t in hub.registry.holdings().things.values()} == {hub.ana, ben}


async def test_of_a_sender_that_left_only_what_wants_no_answer_is_stored(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        hub.ingest._has_left = lambda sender: sender is hub.sender
        await hub.put(hub.message("things/a/t", "1", packet=0), hub.message("things/a/t", "2", packet=3))
        assert hub.values() == [1]


async def test_what_a_gateway_brings_of_a_thing_that_was_handed_over_its_owner_never_sees(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(hub.message("zigbee2mqtt/kitchen", '{"temperature": 1.5}'))
        ben = actions.add_party(hub.registry, PartyKind.PERSON, "Ben", now=NOW)
        (thing,) = hub.registry.holdings().things
        handed = hub.now()
        actions.take(hub.registry, actions.offer(hub.registry, thing, now=handed).token, ben, now=handed)
        pack = [{"n": "temperature", "t": (handed - 3_600_000_000) / 1e6, "v": 2.5}, {"n": "humidity", "v": 3.5}]
        await hub.put(hub.message("zigbee2mqtt/kitchen", '{"temperature": 4.5, "humidity": 5.5}', packet=2))
        await hub.put(hub.message("things/kitchen/readings", json.dumps(pack), packet=3))
        await hub.put(hub.message("zigbee2mqtt/hall", '{"temperature": 6.5}', packet=4))
        assert sorted(hub.values()) == [1.5, 6.5]
        hub.ana, his = ben, hub.ana
        assert sorted(hub.values()) == [3.5, 4.5, 5.5]
        hub.ana = his
        assert [told["type"] for _, told in hub.sender.answers] == ["time"], "and what is from before is nobody's"
