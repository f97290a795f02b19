"""The notice-board: what the hub says to everybody, retained, and who hears it how."""

from __future__ import annotations

import pytest

from hub.mqtt.board import Board, reaches
from hub.mqtt.packets import MQTT_3, MQTT_5, Filter, PubAck, Publish, SubAck, Subscribe, UnsubAck, Unsubscribe
from hub.mqtt.reasons import ProtocolError
from tests.mqtt.fakes import Client, Hub, running

both = pytest.mark.parametrize("version", [MQTT_3, MQTT_5])
TOPIC = "public/log/checkpoint"


async def asks(hub: Hub, *filters: Filter, credential: int = 1, version: int = MQTT_5) -> Client:
    client = await hub.join(credential, "listener", version)
    await client.send(Subscribe(1, filters))
    assert await client.next() == SubAck(1, tuple(one.qos for one in filters))
    return client


@pytest.mark.parametrize(
    ("pattern", "is_heard"),
    [
        (TOPIC, True), ("public/#", True), ("public/+/checkpoint", True), ("public/log/#", True),
        ("public/log/checkpoint/#", True), ("public/log", False), ("public/log/+/x", False), ("public", False),
        ("#", False), ("+/log/checkpoint", False), ("Public/#", False), ("publicity/#", False), ("/public/#", False),
    ],
)  # fmt: skip
def test_only_a_filter_that_names_the_board_reaches_it(pattern: str, *, is_heard: bool) -> None:
    assert reaches(pattern, TOPIC) is is_heard


@pytest.mark.parametrize("topic", ["public", "public/", "things/a/errors", "/public/x", ""])
def test_nothing_hangs_elsewhere(topic: str) -> None:
    with pytest.raises((ValueError, ProtocolError)):
        Board().put(topic, b"x")


@both
async def test_whoever_comes_hears_what_hangs_there_marked_as_retained(version: int) -> None:
    async with running() as hub:
        hub.endpoint.publish_public(TOPIC, b"old")
        hub.endpoint.publish_public(TOPIC, b"now")
        for credential in (1, 2):
            client = await asks(hub, Filter("public/#", 1), credential=credential, version=version)
            assert await client.next() == Publish(TOPIC, b"now", retain=True)
            assert await client.is_silent()


@both
async def test_who_listens_already_hears_it_once_and_as_new(version: int) -> None:
    async with running() as hub:
        client = await asks(hub, Filter("public/#"), Filter(TOPIC), version=version)
        other = await hub.join(2, "deaf", version)
        hub.endpoint.publish_public(TOPIC, b"now")
        assert await client.next() == Publish(TOPIC, b"now")
        assert await client.is_silent()
        assert await other.is_silent()


async def test_mqtt_5_may_ask_for_the_retain_flag_and_for_no_old_news() -> None:
    async with running() as hub:
        hub.endpoint.publish_public(TOPIC, b"old")
        never = await asks(hub, Filter(TOPIC, retain_handling=2, retain_as_published=True))
        assert await never.is_silent()
        hub.endpoint.publish_public(TOPIC, b"new")
        assert await never.next() == Publish(TOPIC, b"new", retain=True)
        once = await asks(hub, Filter(TOPIC, retain_handling=1), credential=2)
        assert await once.next() == Publish(TOPIC, b"new", retain=True)
        await once.send(Subscribe(2, (Filter(TOPIC, retain_handling=1),)))
        assert await once.next() == SubAck(2, (0,))
        assert await once.is_silent()
        await once.send(Subscribe(3, (Filter(TOPIC),)))
        assert await once.next() == SubAck(3, (0,))
        assert await once.next() == Publish(TOPIC, b"new", retain=True)


async def test_what_is_taken_down_hangs_there_no_more() -> None:
    async with running() as hub:
        hub.endpoint.publish_public(TOPIC, b"x")
        hub.endpoint.publish_public(TOPIC, b"")
        assert await (await asks(hub, Filter("public/#"))).is_silent()


async def test_a_filter_that_was_given_back_brings_nothing_from_the_board() -> None:
    async with running() as hub:
        client = await asks(hub, Filter("public/#"))
        await client.send(Unsubscribe(2, ("public/#",)))
        assert await client.next() == UnsubAck(2, (0,))
        hub.endpoint.publish_public(TOPIC, b"x")
        assert await client.is_silent()


@both
async def test_a_thing_that_publishes_there_is_heard_by_the_hub_alone(version: int) -> None:
    async with running() as hub:
        listener = await asks(hub, Filter("public/#"), credential=2, version=version)
        same = await asks(hub, Filter("public/#"), credential=1, version=version)
        sender = await hub.join(1, "sender", version)
        await sender.send(Publish(TOPIC, b"forged", 1, 1, retain=True))
        assert await sender.next() == PubAck(1)
        assert [m.credential for m in hub.inbox.messages] == [1], "it is a message of its own like any other"
        assert await listener.is_silent()
        assert await same.is_silent()
        late = await asks(hub, Filter("public/#"), credential=3, version=version)
        assert await late.is_silent()


@both
async def test_a_space_of_ones_own_stays_ones_own(version: int) -> None:
    async with running() as hub:
        hub.endpoint.publish_public(TOPIC, b"x")
        client = await asks(hub, Filter("#"), Filter("+/#"), version=version)
        hub.endpoint.publish_public(TOPIC, b"y")
        hub.endpoint.answer(1, "things/a/errors", b"no")
        assert await client.next() == Publish("things/a/errors", b"no")
        assert await client.is_silent()
