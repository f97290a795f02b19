"""Outside brokers as neighbours have them: rights at a real mosquitto, a claim there, a bridge, and certificates."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from hub import actions, app
from hub.app import Hub
from hub.cli.certificates import Authority
from hub.cli.rights import write_rights
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.core.catalogue import PartyKind
from hub.settings import SourceSettings, read
from tests.e2e.programs import HOST, Ended, Mosquitto, free_port, mosquitto, run
from tests.e2e.running import RunningHub, configure, start
from tests.e2e.test_sources import named, until

pytestmark = pytest.mark.e2e
PAIRS = (("ca", "pem"), ("balcony-1", "pem"), ("balcony-1", "key"))
ANA, BEN = ("ana-1", "house7"), ("ben-2", "house8")


def rights(folder: Path, port: int) -> str:
    """What `barrio source rights` says mosquitto.conf needs."""
    files = f"acl_file {folder}/barrio.acl\npassword_file {folder}/barrio.passwd\n"
    return f"listener {port} {HOST}\nallow_anonymous false\n{files}"


async def publish(port: int, login: tuple[str, str], topic: str, payload: str) -> Ended:
    user, password = login
    words = ("-h", HOST, "-p", str(port), "-u", user, "-P", password, "-t", topic, "-m", payload, "-q", "1")
    return await run("mosquitto_pub", *words)


async def hears(port: int, login: tuple[str, str], topic: str, count: int = 9, seconds: int = 2) -> list[str]:
    """The topics of what somebody hears; as many as there are until so many came or so many seconds have passed."""
    user, password = login
    words = ("-h", HOST, "-p", str(port), "-u", user, "-P", password, "-t", topic, "-F", "%t")
    return (await run("mosquitto_sub", *words, "-C", str(count), "-W", str(seconds))).out.split()


def reload(broker: Mosquitto) -> None:
    """Have it read its files again."""
    assert broker._process is not None
    broker._process.send_signal(signal.SIGHUP)


async def test_each_may_publish_under_the_own_prefix_and_read_nobody_elses(tmp_path: Path) -> None:
    port, secret = free_port(), tmp_path / "hub.secret"
    secret.write_text("hub-password\n")
    source = SourceSettings(name="town", host=HOST, username="hub", password_file=secret)
    fresh = write_rights(tmp_path, source, [ANA, BEN], [])
    ana, ben, hub = (ANA[0], fresh[ANA[0]]), (BEN[0], fresh[BEN[0]]), ("hub", "hub-password")
    async with mosquitto(tmp_path, rights(tmp_path, port), port) as broker:
        listening = [
            asyncio.create_task(hears(port, hub, "#", 2)),
            *(asyncio.create_task(hears(port, ben, topic)) for topic in ("#", "house7/#", "house7/things/+/errors")),
            asyncio.create_task(hears(port, ana, "house7/things/+/errors", 1)),
        ]
        await asyncio.sleep(0.5)
        await publish(port, ana, "house7/a", "1")
        await publish(port, ana, "house8/a", "2")
        await publish(port, ana, "house70/a", "3")
        await publish(port, hub, "house7/things/x/errors", "4")
        await publish(port, hub, "house7/a", "5")
        heard = await asyncio.gather(*listening)
        assert sorted(heard[0]) == ["house7/a", "house7/things/x/errors"], "the hub, nothing that was not allowed"
        assert heard[1:4] == [[], [], []], "a neighbour"
        assert heard[4] == ["house7/things/x/errors"], "who was answered"
        assert (await publish(port, (ANA[0], "wrong"), "house7/a", "1")).code != 0
        assert (await publish(port, ("nobody", ""), "house7/a", "1")).code != 0
        renewed = write_rights(tmp_path, source, [ANA], [ANA[0]])
        reload(broker)
        await asyncio.sleep(0.5)
        assert (await publish(port, ana, "house7/a", "1")).code != 0, "the old password"
        assert (await publish(port, ben, "house8/a", "1")).code != 0, "who has no prefix any more"
        assert (await publish(port, (ANA[0], renewed[ANA[0]]), "house7/a", "1")).code == 0


async def test_a_neighbour_claims_what_his_things_say_at_the_citys_broker(tmp_path: Path) -> None:
    port, secret = free_port(), tmp_path / "hub.secret"
    secret.write_text("hub-password\n")
    lines = f'username = "hub"\npassword_file = "{secret}"\n'
    more = f'[[sources]]\nname = "town"\nhost = "{HOST}"\nport = {port}\n{lines}'
    settings = read(configure(tmp_path, more))
    fresh = write_rights(tmp_path, settings.sources[0], [ANA, BEN], [])
    ana, ben = (ANA[0], fresh[ANA[0]]), (BEN[0], fresh[BEN[0]])
    async with mosquitto(tmp_path, rights(tmp_path, port), port), AsyncExitStack() as stack:
        with app.opened(settings) as parts:
            await Hub(parts).start(stack)
            await asyncio.sleep(1)
            await publish(port, ana, "house7/tele/plug/SENSOR", '{"ENERGY": {"Power": 12}}')
            await publish(port, ben, "house8/tele/lamp/SENSOR", '{"ENERGY": {"Power": 13}}')
            await until(lambda: parts.registry.quarantined() == 2)
            party = actions.add_party(parts.registry, PartyKind.PERSON, "Ana")
            desk = Desk(parts.registry, parts.store, parts.gate, settings, parts.now)
            assert [r["prefix"] for r in perform(desk, "source.waiting", {"levels": 1})["waiting"]] == [
                "house7", "house8"
            ]  # fmt: skip
            made = perform(desk, "source.claim", {"prefix": "house7/", "owner": "Ana"})
            await publish(port, ben, made["topic"], made["code"])
            await publish(port, ben, "house8/claim", made["code"])
            await until(lambda: parts.registry.quarantined() == 3)
            assert named(parts) == [], "the code is of no use to a neighbour"
            await publish(port, ana, made["topic"], made["code"])
            await until(lambda: named(parts) == [(party, "plug")])
            await until(lambda: parts.registry.quarantined() == 2)
            listening = asyncio.create_task(hears(port, ana, "house7/things/+/errors", 1, 10))
            await asyncio.sleep(0.5)
            await publish(port, ana, "house7/things/lamp/t", "no number")
            assert await listening == ["house7/things/lamp/errors"]
            await stack.aclose()


@contextmanager
def encrypted(folder: Path) -> Iterator[RunningHub]:
    """A hub with TLS by the certificates that `barrio certificate` makes, and Ana."""
    port, tls = free_port(), free_port()
    file = configure(folder, mqtt=port)
    (folder / "tls").mkdir()
    Authority(folder / "tls").issue_hub([HOST])
    keys = f'tls_port = {tls}\ncertificate = "tls/hub.pem"\nkey = "tls/hub.key"\nclient_ca = "tls/ca.pem"\n[web]'
    file.write_text(file.read_text().replace("[web]", keys))
    hub = start(folder)
    try:
        hub.barrio("party", "add", "Ana")
        yield hub
    finally:
        hub.kill()


def listed(hub: RunningHub, name: str) -> str:
    """What `barrio thing list` says, once a thing of this name has been heard."""
    said = ""
    for _ in range(20):
        said = hub.barrio("thing", "list")
        if re.search(rf"{name} +Ana +\d{{4}}-", said):
            return said
    raise AssertionError(said)


async def test_a_mosquitto_at_home_joins_by_the_lines_that_are_printed(tmp_path: Path) -> None:
    with encrypted(tmp_path) as hub:
        said = hub.barrio("thing", "add", "attic", "--owner", "Ana", "--bridge", "--topic", "tele/#")
        lines = said[said.index("connection") : said.index("(asked")] if "(asked" in said else said
        lines = lines.replace("/etc/mosquitto/certs/barrio-ca.pem", f"{tmp_path}/tls/ca.pem")
        port = free_port()
        async with mosquitto(tmp_path, f"listener {port} {HOST}\nallow_anonymous true\n{lines}", port):
            await asyncio.sleep(1)
            for topic in ("secret/plug/SENSOR", "tele/plug/SENSOR"):
                words = ("-h", HOST, "-p", str(port), "-q", "1", "-t", topic, "-m", '{"ENERGY": {"Power": 12}}')
                assert (await run("mosquitto_pub", *words)).code == 0
            said = await asyncio.to_thread(listed, hub, "plug")
            assert said.count("Ana") == 1, "only what is named leaves the house"


async def test_a_thing_comes_in_by_the_certificate_that_was_made_for_it(tmp_path: Path) -> None:
    with encrypted(tmp_path) as hub:
        hub.add_thing("balcony", "Ana")
        for name in ("balcony-1", "stranger"):
            Authority(tmp_path / "tls").issue_client(name)
        said = hub.barrio("thing", "credential", "balcony", "--certificate", "balcony-1")
        line = next(line.split() for line in said.splitlines() if "mosquitto_pub" in line)

        async def tried(name: str) -> int:
            files = {f"{n}.{e}": f"{tmp_path}/tls/{name if n == 'balcony-1' else n}.{e}" for n, e in PAIRS}
            return (await run(*[files.get(word, word) for word in line])).code

        assert await tried("balcony-1") == 0
        await asyncio.to_thread(listed, hub, "balcony")
        assert await tried("stranger") != 0, "verified, but nobody's"
        hub.barrio("thing", "credential", "balcony")
        assert await tried("balcony-1") != 0, "a new password has ended it"
