"""What waited for somebody to show that it is his: it comes in the ordinary way, with the times at which it came."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub import actions
from hub.core.grade import MINUTE, Grade
from hub.core.query import Query
from hub.core.reading import Message
from hub.core.scope import scope_for
from tests.core.world import CATALOGUE, NOW
from tests.ingest.test_pipeline import Hub, running


def outside(hub: Hub, source: int, topic: str, payload: str, **also: object) -> Message:
    message = hub.message(topic, payload, **also)
    message.credential = source
    return message


def shown(hub: Hub) -> list[tuple[float, int]]:
    """What Ana sees: values and times."""
    audience = hub.registry.audience_of_party(hub.ana)
    assert audience is not None
    found = hub.store.read(Query(), scope_for(audience, hub.registry.holdings(), CATALOGUE, NOW + MINUTE))
    return sorted(zip(map(float, found.value), map(int, found.time), strict=True), key=lambda row: row[1])


async def claimed(hub: Hub, source: int) -> None:
    """Ana claims `house7` and shows that it is hers; everything that waited has followed on return."""
    made = actions.begin_claim(hub.registry, hub.ana, "city", "house7", now=hub.now())
    await hub.put(outside(hub, source, made.topic, made.code))
    async with asyncio.timeout(5):
        while hub.registry.outside.following()[0]:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)


async def test_what_waited_follows_with_the_times_at_which_it_was_received(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        source = hub.registry.source("city", None, NOW)
        waiting = [outside(hub, source, f"house7/things/attic/t{n}", str(20 + n)) for n in range(3)]
        await hub.put(*waiting, outside(hub, source, "house8/things/x/t", "99"))
        assert len(hub.sender.acknowledged) == 4, "what waits is durable, so it is acknowledged"
        assert (shown(hub), hub.registry.quarantined()) == ([], 4)
        received = [m.received for m in waiting]
        await claimed(hub, source)
        assert shown(hub) == [(20.0 + n, at) for n, at in enumerate(received)]
        assert [(t.name, t.owner) for t in hub.registry.holdings().things.values()] == [("attic", hub.ana)]
        assert all(d.grade(hub.now()) is Grade.HOME for d in hub.registry.holdings().datastreams)
        assert hub.registry.quarantined() == 1, "the neighbour's still waits"
        await hub.put(outside(hub, source, "house7/things/attic/t0", "30"))
        assert shown(hub)[-1][0] == 30.0


async def test_the_code_is_no_reading_and_leaves_no_trace_of_a_thing(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        source = hub.registry.source("city", None, NOW)
        await claimed(hub, source)
        assert len(hub.sender.acknowledged) == 1
        assert (shown(hub), len(hub.registry.holdings().things), hub.registry.quarantined()) == ([], 0, 0)
        assert hub.registry.all_refusals() == []


async def test_an_announcement_and_what_was_retained_follow_as_what_they_are(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        source = hub.registry.source("city", None, NOW)
        about = '{"name": "Attic", "datastreams": {"t": {"unit": "Cel"}}}'
        await hub.put(
            outside(hub, source, "house7/things/attic/about", about, retained=True),
            outside(hub, source, "house7/things/attic/t", "1"),
            outside(hub, source, "house7/things/attic/old", "2", retained=True),
        )
        await claimed(hub, source)
        (thing,) = hub.registry.holdings().things.values()
        assert thing.title == "Attic" or thing.name == "Attic"
        assert {d.named: d.unit for d in hub.registry.holdings().datastreams}.get("t") == "Cel"
        assert [v for v, _ in shown(hub)] == [1.0], "a retained value is old"


async def test_what_waited_and_cannot_be_read_is_on_its_owners_record_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        source = hub.registry.source("city", None, NOW)
        await hub.put(outside(hub, source, "house7/things/a/readings", "no JSON"))
        await claimed(hub, source)
        await hub.put(hub.message("things/b/readings", "no JSON either"))
        assert len({r.credential for r in hub.registry.all_refusals()}) == 2
        assert [r.thing for r in hub.registry.all_refusals()] == ["b", "a"], "each once"
        assert hub.sender.answers[0][0] == "things/b/errors", "what came long ago is not answered any more"
        assert len(hub.sender.answers) == 1


async def test_one_message_that_the_hub_fails_on_does_not_keep_the_others(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        source = hub.registry.source("city", None, NOW)
        hub.store.stumbles_over = 13.0
        await hub.put(*[outside(hub, source, f"house7/things/attic/t{n}", str(n)) for n in (12, 13, 14)])
        await claimed(hub, source)
        assert [v for v, _ in shown(hub)] == [12.0, 14.0]
        assert hub.registry.quarantined() == 0
        assert len(hub.registry.all_refusals()) == 1


async def test_while_the_store_is_away_it_waits_on(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        source = hub.registry.source("city", None, NOW)
        await hub.put(outside(hub, source, "house7/things/attic/t", "5"))
        hub.store.away = True
        made = actions.begin_claim(hub.registry, hub.ana, "city", "house7", now=hub.now())
        hub.inbox.put([outside(hub, source, made.topic, made.code)])
        await asyncio.sleep(0.3)
        assert hub.registry.quarantined() == 1
        hub.store.away = False
        async with asyncio.timeout(5):
            while hub.registry.quarantined():  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.02)
        assert [v for v, _ in shown(hub)] == [5.0]


async def test_what_had_not_followed_when_the_hub_stopped_follows_later_and_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        source = hub.registry.source("city", None, NOW)
        await hub.put(outside(hub, source, "house7/things/attic/t", "5"))
        made = actions.begin_claim(hub.registry, hub.ana, "city", "house7", now=hub.now())
        hub.registry.place([outside(hub, source, made.topic, made.code)])
        numbers, messages = hub.registry.outside.following()
        await hub.ingest._store_all([messages])  # and then it was killed, before it noted that
        assert (len(numbers), hub.registry.quarantined()) == (1, 1)
        await hub.put(outside(hub, source, "house8/x", "1"))
        async with asyncio.timeout(5):
            while hub.registry.outside.following()[0]:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
        assert [v for v, _ in shown(hub)] == [5.0]
