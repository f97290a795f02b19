"""Real clients at the hub's endpoint: what people have at home, and what attackers have."""

from __future__ import annotations

import asyncio
import resource
import ssl
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.core.grade import Grade
from hub.mqtt.codec import write
from hub.mqtt.contracts import EndpointSettings
from hub.mqtt.packets import MQTT_3, MQTT_5, Filter, PubAck, Publish, SubAck, Subscribe
from tests.e2e.programs import CONFIG, HOST, Authority, free_port, mosquitto, publish, run
from tests.mqtt.fakes import FakeDoorkeeper, FakeInbox, Hub, hello, running

pytestmark = pytest.mark.e2e
VERSIONS = ["mqttv311", "mqttv5"]
COMMIT = 0.01
PROTOCOLS = {MQTT_3: MQTTProtocolVersion.MQTTv311, MQTT_5: MQTTProtocolVersion.MQTTv5}


@pytest.mark.parametrize(("version", "qos"), list(product(VERSIONS, "012")))
async def test_mosquitto_pub_delivers_with_every_qos(version: str, qos: str) -> None:
    async with running(FakeInbox(COMMIT)) as hub:
        ended = await publish(hub.port, "things/balcony/temperature", "21.5", "-q", qos, "-V", version)
        assert ended == (0, "", "")
        (message,) = await hub.inbox.holds(1)
        assert (message.topic, message.payload, message.qos) == ("things/balcony/temperature", b"21.5", int(qos))


async def test_mosquitto_pub_s_user_property_is_the_wish() -> None:
    async with running(FakeInbox(COMMIT)) as hub:
        more = ("-V", "mqttv5", "-q", "1", "-D", "publish", "user-property", "grade", "counted")
        assert (await publish(hub.port, "a", "1", *more)).code == 0
        assert (await hub.inbox.holds(1))[0].wish is Grade.COUNTED


@pytest.mark.parametrize("version", VERSIONS)
async def test_mosquitto_pub_is_told_that_it_may_not_come_in(version: str) -> None:
    async with running() as hub:
        ended = await publish(hub.port, "a", "1", "-V", version, user="nobody")
        assert ended.code != 0
        assert "user name or password" in ended.err.lower() or "not authorised" in ended.err.lower()
        assert (await publish(hub.port, "a", "1", "-V", version, user="")).code != 0
        assert hub.inbox.messages == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_mosquitto_pub_s_will_comes_when_it_is_killed(version: str) -> None:
    async with running() as hub:
        process = await asyncio.create_subprocess_exec(
            "mosquitto_sub", "-h", HOST, "-p", str(hub.port), "-u", "thing-1", "-P", "right", "-t", "x", "-V", version,
            "--will-topic", "tele/lamp/LWT", "--will-payload", "Offline", "--will-retain", "-k", "5",
        )  # fmt: skip
        while not hub.endpoint.counters.admitted:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.01)
        process.kill()
        await process.wait()
        (message,) = await hub.inbox.holds(1)
        assert (message.topic, message.payload, message.retained) == ("tele/lamp/LWT", b"Offline", True)


async def keep_answering(hub: Hub, topic: str, payload: bytes) -> None:
    while True:
        hub.endpoint.answer(1, topic, payload)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("version", VERSIONS)
async def test_mosquitto_sub_hears_the_hub_s_answer(version: str) -> None:
    async with running() as hub:
        answers = asyncio.create_task(keep_answering(hub, "things/a/errors", b"no unit"))
        login = ("-u", "thing-1", "-P", "right")
        ended = await run(
            "mosquitto_sub", "-h", HOST, "-p", str(hub.port), *login, "-t", "things/+/errors", "-C", "1", "-V", version,
            "-v", "-q", "2",
        )  # fmt: skip
        answers.cancel()
        assert ended == (0, "things/a/errors no unit\n", "")


@pytest.mark.parametrize("version", ["mqttv311", "mqttv50"])
async def test_a_neighbour_s_mosquitto_joins_as_a_bridge(tmp_path: Path, version: str) -> None:
    """With the bridge.conf that is shipped, but for address, name and password; with notifications, as is default."""
    async with running(FakeInbox(COMMIT)) as hub:
        port = free_port()
        bridge = (CONFIG / "bridge.conf").read_text()
        bridge = bridge.replace("127.0.0.1:1883", f"127.0.0.1:{hub.port}").replace("USERNAME", "thing-1")
        bridge = bridge.replace("PASSWORD", "right").replace("mqttv311", version)
        bridge = bridge.replace("notifications false", "notifications true")
        async with mosquitto(tmp_path, f"listener {port} {HOST}\nallow_anonymous true\n{bridge}", port):
            while not hub.endpoint.counters.admitted:  # noqa: ASYNC110 - a counter has no event
                await asyncio.sleep(0.01)
            await publish(port, "zigbee2mqtt/kitchen", '{"temperature":21.5}', "-q", "2")
            await publish(port, "at/home/only", "1", "-q", "1")
            await publish(port, "things/a/t", "7", "-q", "1")
            messages = await hub.inbox.holds(2)
            assert [message.topic for message in messages] == ["zigbee2mqtt/kitchen", "things/a/t"]
            answers = asyncio.create_task(keep_answering(hub, "things/a/errors", b"no unit"))
            heard = await run("mosquitto_sub", "-h", HOST, "-p", str(port), "-t", "things/a/errors", "-C", "1")
            answers.cancel()
            assert heard.out == "no unit\n"
            assert not hub.endpoint.counters.refused


@pytest.mark.parametrize(("version", "qos"), list(product(PROTOCOLS, (0, 1, 2))))
async def test_paho_publishes_and_is_acknowledged(version: int, qos: int) -> None:
    def publish_all(port: int) -> None:
        client = Paho(CallbackAPIVersion.VERSION2, "paho", protocol=PROTOCOLS[version])
        client.username_pw_set("thing-1", "right")
        client.connect(HOST, port)
        client.loop_start()
        infos = [client.publish("things/p/t", str(number), qos) for number in range(300)]
        for info in infos:
            info.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()

    async with running(FakeInbox(COMMIT)) as hub:
        await asyncio.to_thread(publish_all, hub.port)
        messages = await hub.inbox.holds(300)
        assert [int(message.payload) for message in messages] == list(range(300))


async def test_paho_hears_an_answer() -> None:
    heard: asyncio.Queue[bytes | bytearray] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def on_message(_client: Paho, _userdata: object, message: MQTTMessage) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, message.payload)

    async with running() as hub:
        client = Paho(CallbackAPIVersion.VERSION2, "paho")
        client.username_pw_set("thing-1", "right")
        client.on_message = on_message
        await asyncio.to_thread(client.connect, HOST, hub.port)
        client.loop_start()
        client.subscribe("things/+/errors", 1)
        answers = asyncio.create_task(keep_answering(hub, "things/a/errors", b"no unit"))
        assert await asyncio.wait_for(heard.get(), 5) == b"no unit"
        answers.cancel()
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)


@pytest.mark.parametrize("version", [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5])
async def test_aiomqtt_publishes_and_hears_an_answer(version: aiomqtt.ProtocolVersion) -> None:
    async with (
        running(FakeInbox(COMMIT)) as hub,
        aiomqtt.Client(
            HOST, hub.port, identifier="aio", protocol=version, username="thing-1", password="right"
        ) as client,
    ):
        await client.subscribe("things/+/errors")
        for qos in (0, 1, 2):
            await client.publish("things/a/t", str(qos), qos)
        messages = await hub.inbox.holds(3)
        assert [message.qos for message in messages] == [0, 1, 2]
        hub.endpoint.answer(1, "things/a/errors", b"no unit")
        answer = await anext(client.messages)
        assert answer.payload == b"no unit"


async def test_tls_and_client_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, key = authority.issue("server")
    mine, my_key = authority.issue("thing-7")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(server, key)
    trust = ("--cafile", str(authority.file), "-q", "1")
    async with running(FakeInbox(COMMIT)) as hub:
        port = await hub.endpoint.start(HOST, 0, context)
        by_name = await publish(port, "a", "1", *trust)
        by_certificate = await publish(port, "b", "2", *trust, "--cert", str(mine), "--key", str(my_key), user="")
        assert (by_name, by_certificate) == ((0, "", ""), (0, "", ""))
        nothing = await publish(port, "c", "3", *trust, user="")
        plain = await publish(port, "d", "4", "-q", "1")
        assert nothing.code != 0
        assert plain.code != 0
        messages = await hub.inbox.holds(2)
        assert [(message.topic, message.credential) for message in messages] == [("a", 1), ("b", 7)]


async def test_a_certificate_of_somebody_else_s_authority_does_not_open_the_door(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    authority, stranger = Authority(ours), Authority(theirs)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(*authority.issue("server"))
    crt, key = stranger.issue("thing-7")
    async with running() as hub:
        port = await hub.endpoint.start(HOST, 0, context)
        more = ("--cafile", str(authority.file), "--cert", str(crt), "--key", str(key))
        assert (await publish(port, "a", "1", *more, user="")).code != 0
        assert hub.inbox.messages == []


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of a thousand connections are ours here, and many systems begin with 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < 4_096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4_096 if hard < 0 else min(4_096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
async def test_a_thousand_connections_publish_and_are_acknowledged() -> None:
    async with running(FakeInbox(COMMIT)) as hub:
        clients = await asyncio.gather(*[hub.join(1 + number % 100, f"c{number}") for number in range(1_000)])
        assert hub.endpoint.counters.connections == 1_000
        await asyncio.gather(*[client.send(Publish("a", b"1", 1, 5)) for client in clients])
        answers = await asyncio.gather(*[client.next(20) for client in clients])
        assert answers == [PubAck(5)] * 1_000


async def test_one_byte_a_second_is_slow_but_works_and_disturbs_nobody() -> None:
    """A byte in 0.1 s here, to save ours: nothing depends on which."""
    async with running(FakeInbox(COMMIT)) as hub:
        slow, quick = await hub.join(1, "slow"), await hub.join(2, "quick")
        for number, byte in enumerate(write(Publish("things/slow/t", b"1", 1, 9)), 1):
            await slow.send_raw(bytes([byte]))
            await quick.send(Publish("a", b"1", 1, number))
            assert await quick.next(1) == PubAck(number)
            await asyncio.sleep(0.1)
        assert await slow.next() == PubAck(9)


async def test_one_that_never_reads_is_bounded_and_dropped() -> None:
    settings = EndpointSettings(stall_seconds=0.5, tick_seconds=0.05, write_buffer=10_000, refusal_seconds=0.01)
    async with running(FakeInbox(COMMIT), settings=settings) as hub:
        deaf, quick = await hub.join(1, "deaf"), await hub.join(2, "quick")
        await deaf.send(Subscribe(1, (Filter("#"),)))
        assert await deaf.next() == SubAck(1, (0,))
        for number in range(1, 500):
            if hub.endpoint.counters.refused["does not read"]:
                break
            for _ in range(200):
                hub.endpoint.answer(1, "a/errors", bytes(20_000))
            await quick.send(Publish("a", b"1", 1, number))
            assert await quick.next(1) == PubAck(number)
            await asyncio.sleep(0.01)
        assert hub.endpoint.counters.refused["does not read"] == 1


async def test_a_flood_is_slowed_down_and_the_others_are_served() -> None:
    async with running(FakeInbox(COMMIT), FakeDoorkeeper(rate=1_000)) as hub:
        flood, quick = await hub.join(1, "flood"), await hub.join(2, "quick")
        raw = b"".join(write(Publish("a", b"x" * 50)) for _ in range(2_000))
        loop = asyncio.get_running_loop()
        start = loop.time()

        async def pour() -> None:
            while True:
                await flood.send_raw(raw)

        pouring = asyncio.create_task(pour())
        for number in range(1, 41):
            await quick.send(Publish("a", b"1", 1, number))
            assert await quick.next(1) == PubAck(number)
            await asyncio.sleep(0.05)
        pouring.cancel()
        seconds = loop.time() - start
        flooded = sum(message.credential == 1 for message in hub.inbox.messages)
        read_ahead = 262_144 / 55
        assert flooded <= 1_000 * (seconds + 1) + read_ahead


async def test_what_is_sent_again_after_a_lost_connection_is_marked_so() -> None:
    """The library (paho) resends what was not acknowledged, on the next connection, with DUP."""
    inbox = FakeInbox(delay=None)
    async with running(inbox) as hub:
        client = Paho(CallbackAPIVersion.VERSION2, "again", clean_session=False, protocol=MQTTProtocolVersion.MQTTv311)
        client.username_pw_set("thing-1", "right")
        client.reconnect_delay_set(1, 1)
        await asyncio.to_thread(client.connect, HOST, hub.port)
        client.loop_start()
        info = client.publish("a", b"1", 1)
        await inbox.holds(1)
        hub.endpoint.disconnect(1)
        first, second = await inbox.holds(2, 10)
        inbox.store()
        await asyncio.to_thread(info.wait_for_publish, 5)
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
        assert (first.dup, second.dup) == (False, True)
        assert (first.packet, first.payload, first.sender.mark) == (second.packet, second.payload, second.sender.mark)


async def test_a_slow_tls_handshake_holds_up_nobody(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority(tmp_path).issue("server"))
    async with running(FakeInbox(COMMIT)) as hub:
        port = await hub.endpoint.start(HOST, 0, context)
        _, silent = await asyncio.open_connection(HOST, port)
        client, answer = await hub.connect(hello())
        assert answer.reason == 0
        await client.send(Publish("a", b"1", 1, 1))
        assert await client.next() == PubAck(1)
        silent.close()
        await silent.wait_closed()
