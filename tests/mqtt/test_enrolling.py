"""Newcomers at the endpoint: two topics, a password for a token, and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hub.core.admission import ENROL, Admission, Given, Newcomer
from hub.core.query import StoreUnavailable
from hub.mqtt.codec import write
from hub.mqtt.contracts import EndpointSettings
from hub.mqtt.packets import (
    MQTT_3,
    MQTT_5,
    ConnAck,
    Connect,
    Disconnect,
    Filter,
    PingReq,
    PingResp,
    PubAck,
    PubComp,
    Publish,
    PubRec,
    PubRel,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
)
from hub.mqtt.properties import Properties
from hub.mqtt.reasons import Reason
from tests.mqtt.fakes import QUICK, Client, Enrolling, FakeInbox, Hub, hello, now, running, until

both = pytest.mark.parametrize("version", [MQTT_3, MQTT_5])
TOKEN, SPACE, NEW = b"token", 900, 7
LATER = 2**62


class Office(Enrolling):
    """A doorkeeper and an enroller in one: the token is `token`, the user `new`, passwords `given-1`, `given-2`."""

    def __init__(self) -> None:
        super().__init__()
        self.until = LATER
        self.given = 0
        self.accepted: str | None = None
        self.away = False
        self.asked = 0

    def admit(self, username: str, password: bytes, certificate: str | None) -> Admission | None:
        if username == ENROL:
            there = password == TOKEN and self.accepted is None
            return Admission(SPACE, 0, 4, Newcomer(SPACE, self.until)) if there else None
        if username == "new":
            mark = password.decode()
            if mark == self.accepted:
                return Admission(NEW, 0, 4)
            if mark == f"given-{self.given}" and self.accepted is None:
                return Admission(NEW, 0, 4, Newcomer(SPACE, self.until, mark))
            return None
        return super().admit(username, password, certificate)

    def ask(self, enrolment: int) -> Given | None:
        assert enrolment == SPACE
        if self.away:
            raise StoreUnavailable("the disk is full")
        self.asked += 1
        if self.accepted is not None:
            return None
        self.given += 1
        mark = f"given-{self.given}"
        return Given(json.dumps({"user": "new", "password": mark}).encode(), mark)

    def accept(self, enrolment: int, mark: str = "") -> bool:
        assert enrolment == SPACE
        if self.away:
            raise StoreUnavailable("the disk is full")
        if self.accepted is not None:
            return mark == self.accepted
        if not self.given or mark not in ("", f"given-{self.given}"):
            return False
        self.accepted = f"given-{self.given}"
        return True


@asynccontextmanager
async def office(settings: EndpointSettings = QUICK) -> AsyncIterator[tuple[Hub, Office]]:
    keeper = Office()
    async with running(FakeInbox(), keeper, settings) as hub:
        yield hub, keeper


def newcomer(version: int = MQTT_5, client_id: str = "n", password: bytes = TOKEN) -> Connect:
    return Connect(client_id, version, username=ENROL, password=password)


def returning(password: str, version: int = MQTT_5) -> Connect:
    return Connect("n", version, username="new", password=password.encode())


async def entered(hub: Hub, version: int = MQTT_5, client_id: str = "n") -> Client:
    client, answer = await hub.connect(newcomer(version, client_id))
    assert answer.reason == 0
    return client


async def given(client: Client) -> str:
    """Ask, and give the password that comes."""
    await client.send(Subscribe(1, (Filter("enrol/credential", 1),)))
    assert await client.next() == SubAck(1, (0,))
    told = await client.next()
    assert isinstance(told, Publish)
    assert (told.topic, told.qos, told.retain) == ("enrol/credential", 0, False)
    return str(json.loads(told.payload)["password"])


@both
async def test_a_token_brings_a_password_which_counts_when_the_device_has_said_so(version: int) -> None:
    async with office() as (hub, keeper):
        client = await entered(hub, version)
        password = await given(client)
        assert (keeper.given, keeper.accepted) == (1, None)
        await client.send(Publish("enrol/done", b"", 1, 5))
        assert await client.next() == PubAck(5)
        assert keeper.accepted == password
        after, answer = await hub.connect(returning(password, version))
        assert answer.reason == 0
        await after.send(Publish("things/n/t", b"1", 1, 1))
        assert await after.next() == PubAck(1)
        assert [m.credential for m in hub.inbox.messages] == [NEW]
        assert (await hub.connect(newcomer(version)))[1].reason in (4, 0x86)


@both
async def test_whoever_comes_in_with_it_has_said_so_and_what_he_sends_at_once_is_taken(version: int) -> None:
    async with office() as (hub, keeper):
        password = await given(await entered(hub, version))
        client = await hub.open(version)
        await client.send(returning(password, version), Publish("things/n/t", b"1", 1, 1), PingReq())
        answer = await client.next()
        assert isinstance(answer, ConnAck)
        assert answer.reason == 0
        assert {await client.next(), await client.next()} == {PubAck(1), PingResp()}
        assert keeper.accepted == password
        assert [m.payload for m in hub.inbox.messages] == [b"1"]


async def test_a_lost_answer_costs_nothing() -> None:
    async with office() as (hub, keeper):
        first = await entered(hub)
        old = await given(first)
        await first.close()
        second = await entered(hub)
        new = await given(second)
        assert old != new
        assert (await hub.connect(returning(old)))[1].reason == Reason.BAD_USER_NAME_OR_PASSWORD
        await second.send(Publish("enrol/done", b"", 1, 1))
        assert await second.next() == PubAck(1)
        assert keeper.accepted == new


async def test_it_counts_for_whoever_has_the_last_password_and_nobody_else() -> None:
    async with office() as (hub, keeper):
        first, second = await entered(hub), await entered(hub, client_id="m")
        await given(first)
        last = await given(second)
        await first.send(Publish("enrol/done", b"", 1, 1))
        assert await first.next() == PubAck(1, Reason.NOT_AUTHORIZED)
        assert keeper.accepted is None
        await second.send(Publish("enrol/done", b"", 2, 2))
        assert await second.next() == PubRec(2)
        await second.send(PubRel(2))
        assert await second.next() == PubComp(2)
        assert keeper.accepted == last


async def test_another_connection_with_the_token_may_say_so() -> None:
    async with office() as (hub, keeper):
        password = await given(await entered(hub))
        teller = await entered(hub, client_id="teller")
        await teller.send(Publish("enrol/done", b"", 0))
        await until(lambda: keeper.accepted == password)


@both
async def test_nothing_else_is_heard_and_nothing_else_is_taken(version: int) -> None:
    async with office() as (hub, keeper):
        client = await entered(hub, version)
        await client.send(
            Subscribe(1, tuple(Filter(p) for p in ("#", "enrol/#", "public/#", "enrol/done", "$share/a/b")))
        )
        no = Reason.NOT_AUTHORIZED if version == MQTT_5 else 0x80
        assert await client.next() == SubAck(1, (no,) * 5)
        hub.endpoint.answer(SPACE, "enrol/credential", b"no")
        hub.endpoint.publish_public("public/log/checkpoint", b"no")
        await client.send(Publish("things/a/t", b"1"), Publish("enrol/credential", b"x"), PingReq())
        assert await client.next() == PingResp()
        await client.send(Unsubscribe(2, ("#",)))
        assert isinstance(await client.next(), UnsubAck)
        await client.send(Publish("things/a/t", b"1", 1, 3))
        if version == MQTT_5:
            assert await client.next() == PubAck(3, Reason.NOT_AUTHORIZED)
            await client.send(Publish("things/a/t", b"1", 2, 4))
            assert await client.next() == PubRec(4, Reason.NOT_AUTHORIZED)
        else:
            assert await client.next() is None
        assert hub.inbox.messages == []
        assert (keeper.asked, keeper.accepted) == (0, None)
        assert hub.endpoint.counters.refused["not authorized"] >= 8


async def test_done_before_anything_was_given_is_refused() -> None:
    async with office() as (hub, keeper):
        client = await entered(hub)
        await client.send(Publish("enrol/done", b"", 1, 1))
        assert await client.next() == PubAck(1, Reason.NOT_AUTHORIZED)
        old = await entered(hub, MQTT_3, "m")
        await old.send(Publish("enrol/done", b"", 1, 1))
        assert await old.next() is None
        assert keeper.accepted is None


@both
async def test_a_newcomers_will_goes_nowhere(version: int) -> None:
    async with office() as (hub, _):
        will = Will("things/a/t", b"9")
        client, answer = await hub.connect(Connect("n", version, username=ENROL, password=TOKEN, will=will))
        assert answer.reason == 0
        client.writer.transport.abort()
        await until(lambda: not hub.endpoint.locks)
        assert hub.inbox.messages == []


@pytest.mark.parametrize("broken", ["unknown", "expired", "spent"])
async def test_a_token_that_is_none_is_refused_as_a_wrong_password_is(broken: str) -> None:
    settings = EndpointSettings(refusal_seconds=0.1, wrong_tries=2, tick_seconds=0.02)
    async with office(settings) as (hub, keeper):
        if broken == "expired":
            keeper.until = now()
        if broken == "spent":
            keeper.accepted = "given-1"
        packet = newcomer(password=b"guess" if broken == "unknown" else TOKEN)
        loop = asyncio.get_running_loop()
        started = loop.time()
        _, told = await hub.connect(packet)
        _, wrong = await hub.connect(Connect("c", username="thing-1", password=b"wrong"))
        assert told == wrong
        assert loop.time() - started >= 0.19
        reasons = [(await hub.connect(packet))[1].reason for _ in range(2)]
        assert reasons == [Reason.BAD_USER_NAME_OR_PASSWORD, Reason.CONNECTION_RATE_EXCEEDED]


async def test_what_was_given_is_none_either_once_the_token_has_ended() -> None:
    async with office() as (hub, keeper):
        password = await given(await entered(hub))
        keeper.until = now()
        assert (await hub.connect(returning(password)))[1].reason == Reason.BAD_USER_NAME_OR_PASSWORD


async def test_a_connection_ends_with_its_token() -> None:
    async with office() as (hub, keeper):
        keeper.until = now() + 200_000
        client = await entered(hub)
        goodbye = await client.next()
        assert isinstance(goodbye, Disconnect)
        assert goodbye.reason == Reason.ADMINISTRATIVE_ACTION
        assert await client.next() is None


async def test_a_token_asks_so_often_a_minute_and_no_more() -> None:
    async with office() as (hub, keeper):
        client = await entered(hub)
        for _ in range(10):
            await given(client)
        await client.send(Subscribe(1, (Filter("enrol/credential"),)))
        assert await client.next() == SubAck(1, (Reason.QUOTA_EXCEEDED,))
        again = await entered(hub, client_id="m")
        await again.send(Subscribe(1, (Filter("enrol/credential"),)))
        assert await again.next() == SubAck(1, (Reason.QUOTA_EXCEEDED,))
        assert keeper.asked == 10


async def test_four_connections_have_room_with_one_token() -> None:
    async with office() as (hub, _):
        for number in range(4):
            await entered(hub, client_id=f"c{number}")
        assert (await hub.connect(newcomer(client_id="c4")))[1].reason == Reason.QUOTA_EXCEEDED


@both
async def test_while_nothing_can_be_written_nothing_is_acknowledged(version: int) -> None:
    async with office() as (hub, keeper):
        client = await entered(hub, version)
        password = await given(client)
        keeper.away = True
        await client.send(Publish("enrol/done", b"", 1, 1))
        goodbye = await client.next()
        assert goodbye is None or (isinstance(goodbye, Disconnect) and goodbye.reason == Reason.SERVER_BUSY)
        assert (await hub.connect(returning(password, version)))[1].reason in (3, Reason.SERVER_UNAVAILABLE)
        keeper.away = False
        assert (await hub.connect(returning(password, version)))[1].reason == 0


async def test_a_second_connect_and_a_topic_alias_end_the_connection() -> None:
    async with office() as (hub, _):
        for packet in (hello(), Publish("enrol/done", b"", 1, 1, properties=Properties(topic_alias=1))):
            client = await entered(hub)
            await client.send(packet)
            assert isinstance(await client.next(), Disconnect)
            assert await client.next() is None


async def test_bytes_that_come_one_at_a_time_are_the_same() -> None:
    async with office() as (hub, keeper):
        password = await given(await entered(hub))
        client = await hub.open()
        for byte in write(returning(password)) + write(Publish("a", b"1", 1, 1)):
            await client.send_raw(bytes([byte]))
        assert isinstance(await client.next(), ConnAck)
        assert await client.next() == PubAck(1)
        assert keeper.accepted == password


async def test_without_an_enroller_there_are_no_newcomers() -> None:
    async with office() as (hub, _):
        hub.endpoint._shared.enroller = None
        assert (await hub.connect(newcomer()))[1].reason == Reason.BAD_USER_NAME_OR_PASSWORD
