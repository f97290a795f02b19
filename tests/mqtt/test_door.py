"""Who comes in, who does not, and what each is told."""

from __future__ import annotations

import asyncio

import pytest

from hub.core.admission import Admission
from hub.core.query import StoreUnavailable
from hub.mqtt.codec import Side, read, write
from hub.mqtt.contracts import EndpointSettings
from hub.mqtt.packets import MQTT_3, MQTT_5, ConnAck, Connect, Disconnect, PingReq, PingResp, Publish, Will
from hub.mqtt.properties import Properties
from hub.mqtt.reasons import Reason
from tests.mqtt.fakes import QUICK, FakeDoorkeeper, hello, running


def wrong(version: int, username: str | None = "thing-1") -> Connect:
    return Connect("c", version, username=username, password=None if username is None else b"wrong")


async def test_connack_says_what_is_not_offered() -> None:
    async with running() as hub:
        _, answer = await hub.connect(hello())
        said = answer.properties
        assert (answer.reason, answer.session_present, said.session_expiry) == (0, False, 0)
        assert (said.identifiers_available, said.shared_available, said.topic_alias_maximum) == (0, 0, 0)
        assert (said.receive_maximum, said.maximum_packet_size) == (QUICK.receive_maximum, QUICK.max_packet)
        assert said.maximum_qos is None
        assert said.retain_available is None


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (wrong(MQTT_5), 0x86),
        (wrong(MQTT_3), 4),
        (wrong(MQTT_5, "nobody"), 0x86),
        (wrong(MQTT_5, None), 0x87),
        (wrong(MQTT_3, None), 5),
        (Connect("", MQTT_3, clean_start=False, username="thing-1", password=b"right"), 2),
        (Connect("x" * 257, username="thing-1", password=b"right"), 0x85),
        (Connect("c", username="thing-1", password=b"right", will=Will("a\nb", b"")), 0x90),
        (Connect("c", properties=Properties(authentication_method="SCRAM")), 0x8C),
    ],
)
async def test_a_refusal_is_said_in_the_code_of_the_version_and_closes(packet: Connect, reason: int) -> None:
    async with running() as hub:
        client, answer = await hub.connect(packet)
        assert answer.reason == reason
        assert await client.next() is None
        assert hub.endpoint.counters.admitted == 0
        assert sum(hub.endpoint.counters.refused.values()) == 1


async def test_every_refusal_takes_the_same_time() -> None:
    settings = EndpointSettings(refusal_seconds=0.15)
    async with running(settings=settings) as hub:
        loop = asyncio.get_running_loop()
        for packet in (wrong(MQTT_5), wrong(MQTT_5, "nobody"), wrong(MQTT_5, None)):
            start = loop.time()
            await hub.connect(packet)
            assert loop.time() - start >= 0.14


async def test_what_a_refused_client_sends_on_is_not_taken() -> None:
    async with running() as hub:
        client = await hub.open()
        await client.send(wrong(MQTT_5), hello(), Publish("a", b"1"))
        answer = await client.next()
        assert isinstance(answer, ConnAck)
        assert answer.reason == 0x86
        assert await client.next() is None
        assert hub.inbox.messages == []


async def test_after_too_many_wrong_passwords_the_right_one_waits_too() -> None:
    async with running(settings=EndpointSettings(refusal_seconds=0, wrong_tries=2)) as hub:
        assert [(await hub.connect(wrong(MQTT_5)))[1].reason for _ in range(3)] == [0x86, 0x86, 0x9F]
        assert (await hub.connect(hello()))[1].reason == 0x9F
        assert (await hub.connect(hello(2)))[1].reason == 0, "another thing behind the same address comes in"


class Absent(FakeDoorkeeper):
    """Cannot look."""

    def admit(self, username: str, password: bytes, certificate: str | None) -> Admission | None:
        raise StoreUnavailable(f"{len(username)} {len(password)} {certificate}")


@pytest.mark.parametrize(("version", "told"), [(MQTT_5, 0x88), (MQTT_3, 3)])
async def test_while_it_cannot_be_known_who_somebody_is_he_is_told_so_and_has_not_tried(
    version: int, told: int
) -> None:
    async with running(doorkeeper=Absent(), settings=EndpointSettings(refusal_seconds=0, wrong_tries=1)) as hub:
        for _ in range(3):
            assert (await hub.connect(hello(version=version)))[1].reason == told


async def test_an_address_that_tries_many_names_is_stopped() -> None:
    async with running(settings=EndpointSettings(refusal_seconds=0, wrong_tries_address=2)) as hub:
        reasons = [(await hub.connect(wrong(MQTT_5, f"nobody-{number}")))[1].reason for number in range(3)]
        assert reasons == [0x86, 0x86, 0x9F]


async def test_an_empty_client_id_is_given_one_in_mqtt_5() -> None:
    async with running() as hub:
        _, first = await hub.connect(hello(client_id=""))
        _, second = await hub.connect(hello(client_id=""))
        given = {first.properties.assigned_client_id, second.properties.assigned_client_id}
        assert len(given - {None}) == 2
        _, third = await hub.connect(hello(client_id="", version=MQTT_3))
        assert third.reason == 0


async def test_a_credential_has_so_many_connections_and_no_more() -> None:
    async with running(doorkeeper=FakeDoorkeeper(connections=2)) as hub:
        await hub.join(client_id="a")
        await hub.join(client_id="b")
        assert (await hub.connect(hello(client_id="c")))[1].reason == Reason.QUOTA_EXCEEDED
        assert (await hub.connect(hello(client_id="d", version=MQTT_3)))[1].reason == 3
        await hub.join(client_id="b")
        await hub.join(2)


async def test_the_hub_has_so_many_connections_and_no_more() -> None:
    async with running(settings=EndpointSettings(max_connections=1)) as hub:
        await hub.join()
        late = await hub.open()
        assert await late.next() is None
        assert hub.endpoint.counters.refused["too many connections"] == 1


async def test_so_many_may_wait_at_the_door_and_no_more() -> None:
    async with running(settings=EndpointSettings(max_waiting=1)) as hub:
        first = await hub.open()
        await asyncio.sleep(0.05)
        assert await (await hub.open()).next() is None
        await first.send(hello())
        assert isinstance(await first.next(), ConnAck)
        await hub.join(2)


async def test_who_does_not_say_connect_in_time_is_cut_off() -> None:
    async with running(settings=EndpointSettings(connect_seconds=0.1, tick_seconds=0.02)) as hub:
        client = await hub.open()
        await client.send_raw(write(hello())[:5])
        assert await client.next() is None
        assert hub.endpoint.counters.refused["no connect in time"] == 1


STRANGE = [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", write(PingReq()), b"\x10\xff\xff\xff\x7f"]


@pytest.mark.parametrize("data", STRANGE)
async def test_what_is_no_connect_is_closed_without_a_word(data: bytes) -> None:
    async with running() as hub:
        client = await hub.open()
        await client.send_raw(data)
        assert await client.next() is None
        assert hub.endpoint.counters.admitted == 0


async def test_a_connect_larger_than_a_stranger_may_send_is_closed() -> None:
    async with running() as hub:
        client = await hub.open()
        await client.send(Connect("c", username="thing-1", password=bytes(40_000)))
        assert await client.next() is None
        assert hub.endpoint.counters.refused["packet too large"] == 1


async def test_mqtt_3_1_is_told_that_its_level_is_not_spoken() -> None:
    async with running() as hub:
        client = await hub.open(MQTT_3)
        await client.send_raw(b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00")
        raw = await asyncio.wait_for(client.reader.read(10), 5)
        assert raw == b"\x20\x02\x00\x01"


async def test_a_broken_connect_of_mqtt_5_is_answered() -> None:
    async with running() as hub:
        client = await hub.open()
        await client.send_raw(b"\x10\x0d\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x00")
        answer = await client.next()
        assert isinstance(answer, ConnAck)
        assert answer.reason == Reason.MALFORMED


async def test_two_neighbours_may_use_the_same_client_id() -> None:
    async with running() as hub:
        first, second = await hub.join(1, "sensor"), await hub.join(2, "sensor")
        for client in (first, second):
            await client.send(PingReq())
            assert await client.next() == PingResp()


@pytest.mark.parametrize("version", [MQTT_3, MQTT_5])
async def test_the_same_client_again_takes_over(version: int) -> None:
    async with running() as hub:
        first = await hub.join(version=version)
        second = await hub.join(version=version)
        if version == MQTT_5:
            goodbye = await first.next()
            assert isinstance(goodbye, Disconnect)
            assert goodbye.reason == Reason.SESSION_TAKEN_OVER
        assert await first.next() is None
        await second.send(PingReq())
        assert await second.next() == PingResp()


async def test_a_revoked_credential_loses_its_connections_and_others_do_not() -> None:
    async with running() as hub:
        mine, other = await hub.join(1), await hub.join(2)
        hub.endpoint.disconnect(1)
        goodbye = await mine.next()
        assert isinstance(goodbye, Disconnect)
        assert goodbye.reason == Reason.ADMINISTRATIVE_ACTION
        assert await mine.next() is None
        await other.send(PingReq())
        assert await other.next() == PingResp()


async def test_whoever_comes_by_a_new_lock_ends_those_who_came_by_the_old_one_and_stays() -> None:
    doorkeeper = FakeDoorkeeper()
    async with running(doorkeeper=doorkeeper) as hub:
        old = await hub.join(1)
        before = hub.endpoint.locks
        doorkeeper.lock = "new"
        new = await hub.join(1, "another")
        assert isinstance(await old.next(), Disconnect)
        hub.endpoint.disconnect(1, before[1])
        await new.send(PingReq())
        assert await new.next() == PingResp()
        hub.endpoint.disconnect(1, hub.endpoint.locks[1])
        assert isinstance(await new.next(), Disconnect)


async def test_keep_alive_is_capped_and_the_client_is_told() -> None:
    async with running() as hub:
        answers = [
            (await hub.connect(Connect("c", username="thing-1", password=b"right", keep_alive=seconds)))[1]
            for seconds in (0, 60, 9_999)
        ]
        assert [answer.properties.server_keep_alive for answer in answers] == [1_200, None, 1_200]


def test_what_connack_says_can_be_read_by_a_client() -> None:
    raw = write(ConnAck(0x86, properties=Properties(reason_string="the user name or the password is wrong")))
    packet = read(raw, 0, (2, len(raw)), MQTT_5, Side.SERVER)
    assert isinstance(packet, ConnAck)
