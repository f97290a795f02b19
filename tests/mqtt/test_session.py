"""Subscriptions, the hub's answers, wills, and clients that do not read."""

from __future__ import annotations

import asyncio
import socket

import pytest

from hub.core.grade import Grade
from hub.mqtt.codec import write
from hub.mqtt.contracts import EndpointSettings
from hub.mqtt.packets import (
    MQTT_3,
    MQTT_5,
    Auth,
    Connect,
    Disconnect,
    Filter,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
)
from hub.mqtt.properties import Properties
from hub.mqtt.reasons import Reason
from tests.mqtt.fakes import HOST, Client, Hub, hello, running, until

both = pytest.mark.parametrize("version", [MQTT_3, MQTT_5])


async def subscribed(hub: Hub, credential: int, pattern: str, version: int = MQTT_5) -> Client:
    client = await hub.join(credential, "listener", version)
    await client.send(Subscribe(1, (Filter(pattern, 1),)))
    assert await client.next() == SubAck(1, (1,))
    return client


@both
async def test_a_thing_hears_its_own_answers_and_no_neighbour_does(version: int) -> None:
    async with running() as hub:
        mine = await subscribed(hub, 1, "#", version)
        other = await subscribed(hub, 2, "#", version)
        hub.endpoint.answer(1, "things/a/errors", b"no")
        assert await mine.next() == Publish("things/a/errors", b"no")
        assert await other.is_silent()


async def test_an_answer_reaches_every_listener_of_the_space_also_after_its_sender_has_gone() -> None:
    async with running() as hub:
        listener = await subscribed(hub, 1, "things/+/errors")
        sender = await hub.join(1, "sender")
        await sender.send(Publish("things/a/t", b"x", 1, 1))
        assert await sender.next() == PubAck(1)
        await sender.close()
        hub.inbox.messages[0].sender.answer("things/a/errors", b"no")
        assert await listener.next() == Publish("things/a/errors", b"no")


@both
async def test_no_message_of_a_thing_is_ever_forwarded(version: int) -> None:
    async with running() as hub:
        listener = await subscribed(hub, 1, "#", version)
        sender = await hub.join(1, "sender", version)
        await sender.send(Publish("things/a/t", b"1", 1, 1, retain=True))
        assert await sender.next() == PubAck(1)
        assert await listener.is_silent()
        late = await hub.join(1, "late", version)
        await late.send(Subscribe(1, (Filter("#"),)))
        assert await late.next() == SubAck(1, (0,))
        assert await late.is_silent()


async def test_a_filter_that_was_given_back_brings_nothing() -> None:
    async with running() as hub:
        client = await subscribed(hub, 1, "a/#")
        await client.send(Unsubscribe(2, ("a/#", "b")))
        assert await client.next() == UnsubAck(2, (0, Reason.NO_SUBSCRIPTION_EXISTED))
        hub.endpoint.answer(1, "a/errors", b"no")
        assert await client.is_silent()


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (Subscribe(1, (Filter("$share/g/a"),)), Reason.SHARED_NOT_SUPPORTED),
        (
            Subscribe(1, (Filter("a"),), Properties(subscription_identifiers=(1,))),
            Reason.IDENTIFIERS_NOT_SUPPORTED,
        ),
        (Auth(0x19, Properties(authentication_method="x")), Reason.PROTOCOL_ERROR),
    ],
)
async def test_what_connack_said_is_not_offered_ends_the_connection(packet: Subscribe | Auth, reason: Reason) -> None:
    async with running() as hub:
        client = await hub.join()
        await client.send(packet)
        goodbye = await client.next()
        assert isinstance(goodbye, Disconnect)
        assert goodbye.reason == reason


async def test_mqtt_3_hears_of_a_shared_subscription_in_suback() -> None:
    async with running() as hub:
        client = await hub.join(version=MQTT_3)
        await client.send(Subscribe(1, (Filter("$share/g/a"), Filter("a", 2))))
        assert await client.next() == SubAck(1, (0x80, 2))


async def test_so_many_filters_and_no_more() -> None:
    async with running(settings=EndpointSettings(max_filters=2)) as hub:
        client = await hub.join()
        await client.send(Subscribe(1, tuple(Filter(name) for name in ("a", "b", "c", "a", "x\ny"))))
        reasons = (0, 0, Reason.QUOTA_EXCEEDED, 0, Reason.TOPIC_FILTER_INVALID)
        assert await client.next() == SubAck(1, reasons)


async def test_an_answer_larger_than_the_client_takes_is_not_sent() -> None:
    async with running() as hub:
        small = Properties(maximum_packet_size=30)
        client, _ = await hub.connect(Connect("c", username="thing-1", password=b"right", properties=small))
        await client.send(Subscribe(1, (Filter("#"),)))
        await client.next()
        hub.endpoint.answer(1, "a", bytes(100))
        hub.endpoint.answer(1, "a", b"short")
        assert await client.next() == Publish("a", b"short")
        assert hub.endpoint.counters.answers_dropped == 1


def mourner(delay: int | None = None, version: int = MQTT_5, topic: str = "tele/status") -> Connect:
    properties = Properties(will_delay=delay, user=(("grade", "counted"),)) if version == MQTT_5 else Properties()
    will = Will(topic, b"Offline", 1, retain=True, properties=properties)
    return Connect("c", version, username="thing-1", password=b"right", will=will)


@both
async def test_a_lost_client_s_will_comes_in_like_a_message_of_its_own(version: int) -> None:
    async with running() as hub:
        client, _ = await hub.connect(mourner(version=version))
        client.writer.transport.abort()
        (message,) = await hub.inbox.holds(1)
        assert (message.topic, message.payload, message.credential) == ("tele/status", b"Offline", 1)
        assert (message.qos, message.packet, message.retained) == (0, 0, True)
        assert message.wish == (Grade.COUNTED if version == MQTT_5 else None)


@pytest.mark.parametrize(("reason", "count"), [(Reason.SUCCESS, 0), (Reason.DISCONNECT_WITH_WILL, 1)])
async def test_a_goodbye_takes_the_will_back_unless_it_asks_for_it(reason: Reason, count: int) -> None:
    async with running() as hub:
        client, _ = await hub.connect(mourner())
        await client.send(Disconnect(reason))
        assert await client.next() is None
        await asyncio.sleep(0.05)
        assert len(hub.inbox.messages) == count


@pytest.mark.slow
async def test_a_delayed_will_waits_and_is_forgotten_when_the_client_returns() -> None:
    async with running() as hub:
        client, _ = await hub.connect(mourner(delay=1))
        client.writer.transport.abort()
        await asyncio.sleep(0.2)
        await hub.join()
        await asyncio.sleep(1)
        assert hub.inbox.messages == []


@pytest.mark.slow
async def test_a_delay_is_bounded() -> None:
    async with running(settings=EndpointSettings(will_seconds=1)) as hub:
        client, _ = await hub.connect(mourner(delay=4_000_000_000))
        client.writer.transport.abort()
        await asyncio.sleep(0.2)
        assert hub.inbox.messages == []
        await hub.inbox.holds(1, 2)


async def test_a_client_that_is_taken_over_leaves_its_will_before_the_new_one_speaks() -> None:
    async with running() as hub:
        await hub.connect(mourner())
        again = await hub.join()
        await again.send(Publish("tele/status", b"Online", 1, 1))
        await again.next()
        assert [message.payload for message in hub.inbox.messages] == [b"Offline", b"Online"]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["stop", "revoke", "bridge"])
async def test_there_are_ends_that_publish_no_will(ending: str) -> None:
    async with running() as hub:
        topic = "$SYS/broker/connection/b/state" if ending == "bridge" else "tele/status"
        client, _ = await hub.connect(mourner(topic=topic))
        if ending == "stop":
            await hub.endpoint.stop(0.1)
        elif ending == "revoke":
            hub.endpoint.disconnect(1)
        client.writer.transport.abort()
        await asyncio.sleep(0.1)
        assert hub.inbox.messages == []


async def test_who_never_reads_is_not_read_from_and_then_cut_off_and_others_go_on() -> None:
    settings = EndpointSettings(stall_seconds=0.3, tick_seconds=0.02, write_buffer=1_000)
    async with running(settings=settings) as hub:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, (HOST, hub.port))
        await loop.sock_sendall(deaf, write(hello(1, "deaf")) + write(Subscribe(1, (Filter("#"),))))
        lively = await hub.join(2)
        for _ in range(200):
            if hub.endpoint.counters.refused["does not read"]:
                break
            for _ in range(100):
                hub.endpoint.answer(1, "a/errors", bytes(10_000))
            await lively.send(PingReq())
            assert await lively.next() == PingResp()
            await asyncio.sleep(0.01)
        assert hub.endpoint.counters.refused["does not read"] == 1
        assert hub.endpoint.counters.answers_dropped > 0
        await until(lambda: hub.endpoint.counters.connections == 1)
        deaf.close()
