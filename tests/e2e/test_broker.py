"""The hub at a real mosquitto, with the configuration that is shipped: nothing acknowledged before it is stored."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from hub.core.grade import Grade
from hub.core.reading import Message
from hub.mqtt.broker import AGAIN_SECONDS, Broker, Source
from hub.mqtt.packets import MQTT_3, MQTT_5
from tests.e2e.programs import CONFIG, HOST, Authority, Mosquitto, free_port, mosquitto, publish, run
from tests.mqtt.fakes import FakeInbox, now, until

pytestmark = pytest.mark.e2e
COMMIT = 0.01
both = pytest.mark.parametrize("version", [MQTT_3, MQTT_5])


@asynccontextmanager
async def city_broker(folder: Path) -> AsyncIterator[Mosquitto]:
    """A mosquitto with config/mosquitto as it is, but for the folders and the port; everybody's password is `right`."""
    port = free_port()
    lines = (CONFIG / "mosquitto.conf").read_text().replace("listener 1883", f"listener {port}")
    lines = lines.replace("/etc/mosquitto/", f"{folder}/").replace("/var/lib/mosquitto/", f"{folder}/")
    (folder / "barrio.acl").write_text((CONFIG / "barrio.acl").read_text())
    (folder / "barrio.acl").chmod(0o600)
    passwords = folder / "barrio.passwd"
    passwords.touch(0o600)
    for user in ("hub", "maple", "oak"):
        ended = await run("mosquitto_passwd", "-b", str(passwords), user, "right")
        assert ended.code == 0
    async with mosquitto(folder, lines, port) as broker:
        yield broker


def source(port: int, version: int = MQTT_5, **more: Any) -> Source:  # noqa: ANN401 - any field of it
    city = Source("city", 9, HOST, "barrio", ("#",), port, "hub", "right", version=version, shared=True)
    return structs.replace(city, **more)


@asynccontextmanager
async def hub_at(port: int, inbox: FakeInbox, version: int = MQTT_5, **more: Any) -> AsyncIterator[Broker]:  # noqa: ANN401 - as above
    """A connected source."""
    broker = Broker(source(port, version, **more), inbox, now)
    await broker.start()
    try:
        await until(lambda: broker.is_connected)
        await asyncio.sleep(0.2)
        yield broker
    finally:
        await broker.stop(0.5)


def topics(messages: list[Message]) -> list[str]:
    return [message.topic for message in messages]


@both
async def test_what_is_published_at_the_broker_comes_in_and_is_acknowledged(tmp_path: Path, version: int) -> None:
    inbox = FakeInbox(COMMIT)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox, version):
        for qos in "012":
            await publish(city.port, f"maple/things/a/t{qos}", "21.5", "-q", qos, user="maple")
        messages = await inbox.holds(3)
        assert topics(messages) == [f"maple/things/a/t{qos}" for qos in "012"]
        assert [message.qos for message in messages] == [0, 1, 1], "nothing is taken with QoS 2"
        assert {(message.credential, message.payload, message.dup) for message in messages} == {(9, b"21.5", False)}
    again = FakeInbox(COMMIT)
    async with city_broker(tmp_path) as city, hub_at(city.port, again, version):
        await asyncio.sleep(0.3)
        assert again.messages == [], "what was acknowledged does not come again"


@both
async def test_what_was_not_stored_comes_again_after_a_restart_of_the_hub(tmp_path: Path, version: int) -> None:
    async with city_broker(tmp_path) as city:
        before = FakeInbox(delay=None)
        async with hub_at(city.port, before, version):
            await publish(city.port, "maple/a", "1", "-q", "1", user="maple")
            await before.holds(1)
        await publish(city.port, "maple/a", "2", "-q", "1", user="maple")
        after = FakeInbox(COMMIT)
        async with hub_at(city.port, after, version):
            messages = await after.holds(2)
            assert [(message.payload, message.dup) for message in messages] == [(b"1", True), (b"2", False)]
            assert messages[0].sender.mark == before.messages[0].sender.mark


async def test_the_hub_comes_back_by_itself_when_the_broker_restarts(tmp_path: Path) -> None:
    inbox = FakeInbox(COMMIT)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox) as broker:
        await publish(city.port, "maple/a", "1", "-q", "1", user="maple")
        await inbox.holds(1)
        await city.stop()
        await until(lambda: not broker.is_connected)
        assert broker.problem is not None
        await city.start()
        await until(lambda: broker.is_connected, 10)
        await publish(city.port, "maple/a", "2", "-q", "1", user="maple")
        await inbox.holds(2)
        assert broker.problem is None


async def test_an_acknowledgement_for_an_older_connection_is_not_sent_on_a_new_one(tmp_path: Path) -> None:
    inbox = FakeInbox(delay=None)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox) as broker:
        await publish(city.port, "maple/a", "1", "-q", "1", user="maple")
        await inbox.holds(1)
        await city.stop()
        await until(lambda: not broker.is_connected)
        await city.start()
        await until(lambda: broker.is_connected, 10)
        first, second = await inbox.holds(2)
        assert second.dup
        first.sender.acknowledge([first])
    later = FakeInbox(COMMIT)
    async with city_broker(tmp_path) as city, hub_at(city.port, later):
        assert (await later.holds(1))[0].payload == b"1", "it was never acknowledged, so the broker still has it"


async def test_what_is_held_up_comes_again_and_is_acknowledged_then(tmp_path: Path) -> None:
    inbox = FakeInbox(delay=None)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox):
        await publish(city.port, "maple/a", "1", "-q", "1", user="maple")
        (message,) = await inbox.holds(1)
        inbox.waiting.clear()
        message.sender.hold_up([message])
        assert await inbox.holds(2) == [message, message]
        inbox.store()
    again = FakeInbox(COMMIT)
    async with city_broker(tmp_path) as city, hub_at(city.port, again):
        await asyncio.sleep(0.3)
        assert again.messages == [], "it was acknowledged"


async def test_what_is_held_up_is_not_taken_twice_when_the_broker_sends_it_again(tmp_path: Path) -> None:
    inbox = FakeInbox(delay=None)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox) as broker:
        await publish(city.port, "maple/a", "1", "-q", "1", user="maple")
        (message,) = await inbox.holds(1)
        await city.stop()
        await until(lambda: not broker.is_connected)
        message.sender.hold_up([message])
        await city.start()
        await inbox.holds(2)
        await asyncio.sleep(AGAIN_SECONDS + 0.2)
        assert [(m.payload, m.dup) for m in inbox.messages] == [(b"1", False), (b"1", True)]


async def test_a_full_inbox_holds_the_broker_back_and_nothing_is_lost(tmp_path: Path) -> None:
    inbox = FakeInbox(delay=None, bound=50)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox, in_flight=100):
        lines = "".join(f"{number}\n" for number in range(1_000))
        (tmp_path / "lines").write_text(lines)
        sent = await run(
            "sh",
            "-c",
            f"mosquitto_pub -h {HOST} -p {city.port} -u maple -P right -t maple/a -q 1 -l < {tmp_path}/lines",
        )
        assert sent.code == 0
        await asyncio.sleep(0.3)
        assert len(inbox.messages) <= 200
        for _ in range(300):
            inbox.store()
            if len(inbox.messages) == 1_000 and not inbox.waiting:
                break
            await asyncio.sleep(0.01)
        assert [int(message.payload) for message in inbox.messages] == list(range(1_000))


async def test_a_broker_that_stops_while_the_inbox_is_full_is_noticed_and_nothing_is_lost(tmp_path: Path) -> None:
    inbox = FakeInbox(delay=None, bound=1)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox) as broker:
        await publish(city.port, "maple/a", "1", "-q", "1", user="maple")
        await inbox.holds(1)
        await publish(city.port, "maple/a", "2", "-q", "1", user="maple")
        await city.stop()
        await until(lambda: not broker.is_connected)
        await city.start()
        for _ in range(100):
            inbox.store()
            if {message.payload for message in inbox.messages} == {b"1", b"2"}:
                break
            await asyncio.sleep(0.1)
        assert {message.payload for message in inbox.messages} == {b"1", b"2"}, broker.problem


async def test_a_wish_and_an_answer_pass_through_the_broker(tmp_path: Path) -> None:
    inbox = FakeInbox(COMMIT)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox) as broker:
        more = ("-q", "1", "-V", "mqttv5", "-D", "publish", "user-property", "grade", "home")
        await publish(city.port, "maple/things/a/t", "1", *more, user="maple")
        (message,) = await inbox.holds(1)
        assert message.wish is Grade.HOME

        async def answer() -> None:
            while True:
                message.sender.answer("maple/things/a/errors", b"no unit")
                await asyncio.sleep(0.05)

        answers = asyncio.create_task(answer())
        login = ("-u", "maple", "-P", "right")
        heard = await run(
            "mosquitto_sub", "-h", HOST, "-p", str(city.port), *login, "-t", "maple/things/+/errors", "-C", "1"
        )
        answers.cancel()
        assert heard.out == "no unit\n"
        assert broker.count == 1, "the hub does not hear itself"


async def test_the_shipped_rules_keep_neighbours_apart(tmp_path: Path) -> None:
    inbox = FakeInbox(COMMIT)
    async with city_broker(tmp_path) as city, hub_at(city.port, inbox):
        await publish(city.port, "oak/things/a/t", "1", "-q", "1", user="maple")
        await publish(city.port, "maple/things/a/t", "2", "-q", "1", user="maple")
        await inbox.holds(1)
        assert topics(inbox.messages) == ["maple/things/a/t"]
        assert (await publish(city.port, "maple/a", "3", user="")).code != 0
        listening = asyncio.create_task(
            run("mosquitto_sub", "-h", HOST, "-p", str(city.port), "-u", "oak", "-P", "right", "-t", "#", "-W", "2")
        )
        await asyncio.sleep(0.5)
        await publish(city.port, "maple/things/a/t", "4", "-q", "1", user="maple")
        assert (await listening).out == ""


@pytest.mark.parametrize(
    ("more", "words"),
    [({"password": "wrong"}, "refuses the connection"), ({"port": 1}, "cannot be reached")],
)
async def test_what_is_wrong_with_a_source_is_said_in_words(
    tmp_path: Path, more: dict[str, object], words: str
) -> None:
    async with city_broker(tmp_path) as city:
        broker = Broker(structs.replace(source(city.port), **more), FakeInbox(), now)
        await broker.start()
        try:
            await until(said(broker, words))
            assert not broker.is_connected
        finally:
            await broker.stop(0.1)


def said(broker: Broker, words: str) -> Callable[[], bool]:
    return lambda: words in (broker.problem or "")


@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
async def test_an_encrypted_source_is_checked_by_its_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    crt, key = authority.issue("server")
    port, inbox = free_port(), FakeInbox(COMMIT)
    lines = f"listener {port} {HOST}\nallow_anonymous true\ncertfile {crt}\nkeyfile {key}\n"
    async with mosquitto(tmp_path, lines, port), hub_at(port, inbox, ca_file=str(authority.file)):
        await publish(port, "a", "1", "-q", "1", "--cafile", str(authority.file), user="")
        await inbox.holds(1)
        (tmp_path / "other").mkdir()
        stranger = Authority(tmp_path / "other")
        other = Broker(source(port, client_id="other", ca_file=str(stranger.file)), FakeInbox(), now)
        await other.start()
        await until(said(other, "cannot be reached"))
        await other.stop(0.1)
    del other
    gc.collect()  # the client library leaves a socket open whose handshake failed; it ends here, not in another test
