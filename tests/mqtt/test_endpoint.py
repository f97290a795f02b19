"""Publishing: what goes to the inbox, and what is acknowledged when."""

from __future__ import annotations

import asyncio
from zlib import crc32

import pytest

from hub.core.grade import Grade
from hub.mqtt.codec import write
from hub.mqtt.contracts import EndpointSettings
from hub.mqtt.packets import (
    MQTT_3,
    MQTT_5,
    Disconnect,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    PubComp,
    Publish,
    PubRec,
    PubRel,
)
from hub.mqtt.properties import Properties
from hub.mqtt.reasons import Reason
from tests.mqtt.fakes import Client, FakeDoorkeeper, FakeInbox, now, running, until

both = pytest.mark.parametrize("version", [MQTT_3, MQTT_5])


async def ends_with(client: Client, reason: Reason) -> None:
    """The next packet is a DISCONNECT with this reason, and then the connection is closed."""
    goodbye = await client.next()
    assert isinstance(goodbye, Disconnect)
    assert goodbye.reason == reason
    assert await client.next() is None


@both
async def test_a_message_reaches_the_inbox_whole(version: int) -> None:
    async with running() as hub:
        client = await hub.join(7, "meter", version)
        before = now()
        await client.send(Publish("things/a/t", b"21.5", 1, 12, dup=True, retain=True))
        assert await client.next() == PubAck(12)
        (message,) = hub.inbox.messages
        assert (message.topic, message.payload, message.credential) == ("things/a/t", b"21.5", 7)
        assert (message.packet, message.qos, message.dup, message.retained, message.wish) == (12, 1, True, False, None)
        assert before <= message.received <= now()
        assert message.sender.mark == crc32(b"meter", crc32(b"7"))


@both
async def test_nothing_is_acknowledged_before_it_is_stored(version: int) -> None:
    inbox = FakeInbox(delay=None)
    async with running(inbox) as hub:
        client = await hub.join(version=version)
        await client.send(Publish("a", b"1", 1, 1), Publish("a", b"2", 2, 2), Publish("a", b"3"))
        await inbox.holds(3)
        assert await client.is_silent()
        inbox.store()
        assert [await client.next(), await client.next()] == [PubAck(1), PubRec(2)]
        assert await client.is_silent()


@both
async def test_qos_2_is_handed_over_once_however_often_it_is_sent(version: int) -> None:
    inbox = FakeInbox(delay=None)
    async with running(inbox) as hub:
        client = await hub.join(version=version)
        again = Publish("a", b"1", 2, 9, dup=True)
        await client.send(Publish("a", b"1", 2, 9), again)
        await inbox.holds(1)
        assert await client.is_silent()
        inbox.store()
        assert await client.next() == PubRec(9)
        await client.send(again)
        assert await client.next() == PubRec(9)
        await client.send(PubRel(9))
        assert await client.next() == PubComp(9)
        assert len(inbox.messages) == 1
        await client.send(Publish("a", b"2", 2, 9))
        await inbox.holds(2)


async def test_releasing_an_unknown_identifier_is_answered_so() -> None:
    async with running() as hub:
        client = await hub.join()
        await client.send(PubRel(5))
        assert await client.next() == PubComp(5, Reason.PACKET_ID_NOT_FOUND)


@both
async def test_a_burst_is_handed_over_in_its_order_however_it_is_cut(version: int) -> None:
    async with running() as hub:
        client = await hub.join(version=version)
        packets: list[Packet] = [Publish(f"t/{n % 7}", str(n).encode(), n % 3, n if n % 3 else 0) for n in range(500)]
        raw = b"".join(write(packet, version) for packet in packets)
        for at in range(0, len(raw), 997):
            await client.send_raw(raw[at : at + 997])
            await asyncio.sleep(0)
        messages = await hub.inbox.holds(500)
        assert [int(message.payload) for message in messages] == list(range(500))
        assert [message.topic for message in messages] == [f"t/{n % 7}" for n in range(500)]


async def test_a_byte_at_a_time_is_fine() -> None:
    async with running() as hub:
        client = await hub.join()
        for byte in write(Publish("things/slow/t", b"1", 1, 3)):
            await client.send_raw(bytes([byte]))
            await asyncio.sleep(0.001)
        assert await client.next() == PubAck(3)


async def test_a_packet_that_takes_too_long_ends_the_connection() -> None:
    async with running(settings=EndpointSettings(packet_seconds=0.1, tick_seconds=0.02)) as hub:
        client = await hub.join()
        raw = write(Publish("a", bytes(100)))
        for at in range(20):
            await client.send_raw(raw[at : at + 1])
            await asyncio.sleep(0.02)
            if client.reader.at_eof():
                break
        await ends_with(client, Reason.KEEP_ALIVE_TIMEOUT)


@pytest.mark.parametrize(
    ("grades", "wish"),
    [
        ([], None),
        (["street"], Grade.STREET),
        (["open", "counted", "street"], Grade.COUNTED),
        (["nonsense"], Grade.HOME),
        (["sealed", "open"], Grade.SEALED),
    ],
)
async def test_the_strictest_user_property_grade_is_the_message_s_wish(grades: list[str], wish: Grade | None) -> None:
    async with running() as hub:
        client = await hub.join()
        user = (("unit", "Cel"), *(("grade", grade) for grade in grades))
        for packet in (1, 2):
            await client.send(Publish("a", b"1", 1, packet, properties=Properties(user=user)))
            assert await client.next() == PubAck(packet)
        assert [message.wish for message in hub.inbox.messages] == [wish, wish]


@both
async def test_a_topic_with_control_characters_is_refused_alone(version: int) -> None:
    async with running() as hub:
        client = await hub.join(version=version)
        await client.send(Publish("a\nb", b"1"), Publish("a\nb", b"1", 1, 1), Publish("a\nb", b"1", 2, 2))
        code = Reason.TOPIC_NAME_INVALID if version == MQTT_5 else 0
        assert [await client.next(), await client.next()] == [PubAck(1, code), PubRec(2, code)]
        await client.send(Publish("ab", b"1", 1, 3))
        assert await client.next() == PubAck(3)
        assert [message.topic for message in hub.inbox.messages] == ["ab"]
        assert hub.endpoint.counters.refused["topic name invalid"] == 3


@both
async def test_what_a_bridge_says_of_itself_is_acknowledged_and_ignored(version: int) -> None:
    async with running() as hub:
        client = await hub.join(version=version)
        await client.send(Publish("$SYS/broker/connection/x/state", b"1", 1, 1, retain=True))
        assert await client.next() == PubAck(1)
        await client.send(Publish("$SYS/broker/connection/x/state", b"1", 2, 2))
        assert await client.next() == PubRec(2)
        await client.send(PubRel(2))
        assert await client.next() == PubComp(2)
        assert hub.inbox.messages == []


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (Publish("a", bytes(300_000)), Reason.PACKET_TOO_LARGE),
        (Publish("a", b"1", properties=Properties(topic_alias=1)), Reason.TOPIC_ALIAS_INVALID),
        (Publish("a/+", b"1"), Reason.TOPIC_NAME_INVALID),
    ],
)
async def test_a_message_that_breaks_what_connack_said_ends_the_connection(packet: Publish, reason: Reason) -> None:
    async with running() as hub:
        client = await hub.join()
        await client.send(Publish("good", b"1"), packet)
        await ends_with(client, reason)
        assert [message.topic for message in hub.inbox.messages] == ["good"]
        assert hub.endpoint.counters.refused[reason.word] == 1


async def test_more_unacknowledged_messages_than_allowed_end_the_connection() -> None:
    async with running(FakeInbox(delay=None), settings=EndpointSettings(receive_maximum=3)) as hub:
        client = await hub.join()
        await client.send(*[Publish("a", b"1", 1, n) for n in range(1, 4)])
        await hub.inbox.holds(3)
        await client.send(Publish("a", b"1", 1, 4))
        await ends_with(client, Reason.RECEIVE_MAXIMUM_EXCEEDED)


async def test_who_has_to_send_again_is_told_so_and_may_come_back_at_once() -> None:
    async with running(FakeInbox(delay=None)) as hub:
        client = await hub.join()
        await client.send(Publish("a", b"1", 1, 1))
        (message,) = await hub.inbox.holds(1)
        message.sender.hold_up([message])
        await ends_with(client, Reason.SERVER_BUSY)
        back = await hub.join()
        await back.send(Publish("a", b"1", 1, 1, dup=True))
        await hub.inbox.holds(2)
        hub.inbox.store()
        assert await back.next() == PubAck(1)


async def test_a_full_inbox_stops_the_reading_and_room_starts_it_again() -> None:
    inbox = FakeInbox(delay=None, bound=1)
    async with running(inbox) as hub:
        client = await hub.join()
        await client.send(Publish("a", b"1", 1, 1))
        await inbox.holds(1)
        await client.send(Publish("a", b"2", 1, 2))
        await asyncio.sleep(0.1)
        assert len(inbox.messages) == 1, "nothing is read while the inbox is full"
        inbox.store()
        await inbox.holds(2)
        inbox.store()
        assert [await client.next(), await client.next()] == [PubAck(1), PubAck(2)]


@pytest.mark.slow
async def test_a_full_inbox_does_not_count_as_silence() -> None:
    inbox = FakeInbox(delay=None, bound=1)
    settings = EndpointSettings(keep_alive=1, tick_seconds=0.02)
    async with running(inbox, settings=settings) as hub:
        client = await hub.join()
        await client.send(Publish("a", b"1", 1, 1))
        await inbox.holds(1)
        await asyncio.sleep(1.8)
        inbox.store()
        assert await client.next() == PubAck(1)


@pytest.mark.slow
async def test_who_is_silent_for_longer_than_the_keep_alive_is_cut_off() -> None:
    async with running(settings=EndpointSettings(keep_alive=1, tick_seconds=0.02)) as hub:
        silent, lively = await hub.join(1), await hub.join(2)
        for _ in range(8):
            await lively.send(PingReq())
            assert await lively.next() == PingResp()
            await asyncio.sleep(0.25)
        await ends_with(silent, Reason.KEEP_ALIVE_TIMEOUT)


async def test_a_credential_that_sends_too_fast_is_read_more_slowly_and_nothing_is_lost() -> None:
    async with running(doorkeeper=FakeDoorkeeper(rate=100)) as hub:
        first, second = await hub.join(1, "a"), await hub.join(1, "b")
        loop = asyncio.get_running_loop()
        start = loop.time()
        await first.send(*[Publish("a", b"1") for _ in range(140)])
        await hub.inbox.holds(140)
        await second.send(Publish("b", b"1"))
        await hub.inbox.holds(141)
        await second.send(Publish("b", b"2"))
        await hub.inbox.holds(142)
        assert loop.time() - start >= 0.3
        other = await hub.join(2)
        await other.send(Publish("c", b"1", 1, 1))
        assert await other.next(0.2) == PubAck(1)


@both
async def test_a_second_connect_ends_the_connection(version: int) -> None:
    async with running() as hub:
        client = await hub.join(version=version)
        await client.send_raw(bytes.fromhex("100c00044d515454040200000000"))
        if version == MQTT_5:
            await ends_with(client, Reason.PROTOCOL_ERROR)
        assert await client.next() is None


async def test_a_wrong_packet_ends_the_connection_with_its_reason_after_the_good_ones() -> None:
    async with running() as hub:
        client = await hub.join()
        await client.send_raw(write(Publish("a", b"1", 1, 1)) + b"\xff\x00")
        assert await client.next() == PubAck(1)
        await ends_with(client, Reason.MALFORMED)


@pytest.mark.slow
async def test_stopping_waits_for_the_store_and_says_goodbye() -> None:
    inbox = FakeInbox(delay=None)
    async with running(inbox) as hub:
        five, three = await hub.join(1), await hub.join(2, version=MQTT_3)
        await five.send(Publish("a", b"1", 1, 1))
        await three.send(Publish("a", b"1", 2, 2))
        await inbox.holds(2)
        stop = asyncio.create_task(hub.endpoint.stop(5))
        await asyncio.sleep(0.05)
        assert not stop.done()
        inbox.store()
        assert await five.next() == PubAck(1)
        await ends_with(five, Reason.SERVER_SHUTTING_DOWN)
        assert [await three.next(), await three.next()] == [PubRec(2), None]
        await stop


@pytest.mark.slow
async def test_stopping_does_not_wait_for_ever() -> None:
    async with running(FakeInbox(delay=None)) as hub:
        client = await hub.join()
        await client.send(Publish("a", b"1", 1, 1))
        await hub.inbox.holds(1)
        await asyncio.wait_for(hub.endpoint.stop(0.1), 3)
        await ends_with(client, Reason.SERVER_SHUTTING_DOWN)
        with pytest.raises(OSError, match=r"."):
            await hub.open()


async def test_counters_tell_what_happened_and_hold_no_names() -> None:
    async with running() as hub:
        client = await hub.join(1, "secret-name")
        await client.send(Publish("a", b"1", 1, 1), Publish("a", b"1"))
        await client.next()
        await hub.inbox.holds(2)
        counters = hub.endpoint.counters
        assert (counters.connections, counters.admitted, counters.received, counters.acknowledged) == (1, 1, 2, 1)
        await client.close()
        await until(lambda: not counters.connections)
        assert "secret" not in repr(counters)
