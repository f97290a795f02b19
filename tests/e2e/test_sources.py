"""Outside brokers as sources of a whole hub: one party's, and one that many share, against a real mosquitto."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiomqtt
import pytest

from hub import actions, app
from hub.app import Hub, Parts
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.core.catalogue import PartyKind
from hub.settings import read
from tests.e2e.programs import HOST, free_port, mosquitto
from tests.e2e.running import configure

pytestmark = pytest.mark.e2e
ANYBODY = "listener {port} 127.0.0.1\nallow_anonymous true\n"
SOURCE = '[[sources]]\nname = "town"\nhost = "127.0.0.1"\nport = {port}\ntopics = ["#"]\n{more}'


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():  # noqa: ASYNC110 - nobody is told but by looking
            await asyncio.sleep(0.05)


async def publish(port: int, topic: str, payload: str) -> None:
    async with aiomqtt.Client(HOST, port) as client:
        await client.publish(topic, payload, qos=1)


def named(parts: Parts) -> list[tuple[int, str]]:
    return [(t.owner, t.name) for t in parts.registry.holdings().things.values()]


async def test_what_comes_under_nobodys_prefix_waits_and_what_is_somebodys_is_his(tmp_path: Path) -> None:
    port = free_port()
    settings = read(configure(tmp_path, SOURCE.format(port=port, more="")))
    async with mosquitto(tmp_path, ANYBODY.format(port=port), port), AsyncExitStack() as stack:
        with app.opened(settings) as parts:
            await Hub(parts).start(stack)
            await asyncio.sleep(1)
            await publish(port, "house7/zigbee2mqtt/kitchen", '{"temperature": 4242.5}')
            await until(lambda: parts.registry.quarantined() == 1)
            assert named(parts) == []
            ana = actions.add_party(parts.registry, PartyKind.PERSON, "Ana")
            desk = Desk(parts.registry, parts.store, parts.gate, settings, parts.now)
            perform(desk, "source.prefix", {"source": "town", "prefix": "house7/", "owner": "Ana"})
            await publish(port, "house7/zigbee2mqtt/kitchen", '{"temperature": 20}')
            await publish(port, "house70/zigbee2mqtt/kitchen", '{"temperature": 21}')
            await until(lambda: parts.registry.quarantined() == 2)
            await until(lambda: named(parts) == [(ana, "kitchen")])
            await stack.aclose()


async def test_all_that_one_partys_broker_brings_is_that_partys(tmp_path: Path) -> None:
    port = free_port()
    with app.opened(read(configure(tmp_path))) as parts:
        ana = actions.add_party(parts.registry, PartyKind.PERSON, "Ana")
    settings = read(configure(tmp_path, SOURCE.format(port=port, more=f"party = {ana}\n")))
    async with mosquitto(tmp_path, ANYBODY.format(port=port), port), AsyncExitStack() as stack:
        with app.opened(settings) as parts:
            await Hub(parts).start(stack)
            await asyncio.sleep(1)
            await publish(port, "tele/plug/SENSOR", '{"ENERGY": {"Power": 12}}')
            await until(lambda: named(parts) == [(ana, "plug")])
            await stack.aclose()
