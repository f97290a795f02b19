"""The parts together, in one process: what starts, what ends, what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiomqtt
import pytest

from hub import actions, app, configured
from hub.app import Hub
from hub.core.catalogue import PartyKind
from hub.core.query import Query
from hub.settings import Settings, SettingsError, read
from tests.e2e.running import configure


def settings(folder: Path, more: str = "") -> Settings:
    return read(configure(folder, more))


@pytest.mark.slow
async def test_a_credential_that_ends_is_hung_up_on_within_seconds(tmp_path: Path) -> None:
    with app.opened(settings(tmp_path)) as parts:
        ana = actions.add_party(parts.registry, PartyKind.PERSON, "Ana")
        door = actions.add_credential(parts.registry, ana, "gateway")
        async with AsyncExitStack() as stack:
            addresses = await Hub(parts).start(stack)
            client = aiomqtt.Client(
                *addresses.mqtt, username=door.user, password=door.password, protocol=aiomqtt.ProtocolVersion.V5
            )
            with pytest.raises(aiomqtt.MqttError):
                await _listen_until_hung_up(client, lambda: actions.close_credential(parts.registry, door.credential))


@pytest.mark.slow
async def test_whoever_came_by_an_old_password_is_hung_up_on_when_there_is_a_new_one(tmp_path: Path) -> None:
    with app.opened(settings(tmp_path)) as parts:
        ana = actions.add_party(parts.registry, PartyKind.PERSON, "Ana")
        door, other = (actions.add_credential(parts.registry, ana, name) for name in ("gateway", "other"))
        async with AsyncExitStack() as stack:
            addresses = await Hub(parts).start(stack)
            old, bystander = (
                aiomqtt.Client(
                    *addresses.mqtt, username=d.user, password=d.password, protocol=aiomqtt.ProtocolVersion.V5
                )
                for d in (door, other)
            )
            async with bystander:
                with pytest.raises(aiomqtt.MqttError):
                    await _listen_until_hung_up(old, lambda: actions.renew_credential(parts.registry, door.credential))
                await bystander.publish("things/b/t", "1", qos=1)


@pytest.mark.slow
async def test_whoever_comes_by_the_new_password_at_once_is_not_hung_up_on(tmp_path: Path) -> None:
    with app.opened(settings(tmp_path)) as parts:
        ana = actions.add_party(parts.registry, PartyKind.PERSON, "Ana")
        door = actions.add_credential(parts.registry, ana, "gateway")
        async with AsyncExitStack() as stack:
            addresses = await Hub(parts).start(stack)
            await asyncio.sleep(1.5)
            for _ in range(2):
                new = actions.renew_credential(parts.registry, door.credential)
                async with aiomqtt.Client(
                    *addresses.mqtt, username=new.user, password=new.password, protocol=aiomqtt.ProtocolVersion.V5
                ) as client:
                    for _ in range(5):
                        await client.publish("things/a/t", "1", qos=1)
                        await asyncio.sleep(0.5)


async def _listen_until_hung_up(client: aiomqtt.Client, end: Callable[[], object]) -> None:
    async with client, asyncio.timeout(5):
        await client.publish("things/a/t", "1", qos=1)
        end()
        await anext(aiter(client.messages))


async def test_what_was_published_without_waiting_is_stored_before_the_hub_has_stopped(tmp_path: Path) -> None:
    with app.opened(settings(tmp_path, "[ingest]\nleast_wait = 80\n")) as parts:
        ana = actions.add_party(parts.registry, PartyKind.PERSON, "Ana")
        door = actions.add_credential(parts.registry, ana, "gateway")
        async with AsyncExitStack() as stack:
            addresses = await Hub(parts).start(stack)
            async with aiomqtt.Client(*addresses.mqtt, username=door.user, password=door.password) as client:
                for n in range(20):
                    await client.publish("things/a/t", str(n), qos=0)
                await client.publish("things/a/t", "20", qos=1)
        audience = parts.registry.audience_of_party(ana)
        assert audience is not None
        assert len(parts.gate.read(Query(), audience)) == 21


def test_a_second_hub_on_the_same_folder_is_told_so(tmp_path: Path) -> None:
    mine = settings(tmp_path)
    with app.opened(mine), pytest.raises(SettingsError, match="another barrio is at work"), app.opened(mine):
        pass


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('[store]\nengine = "papyrus"\n', "no store is called 'papyrus'"),
        ("[mqtt]\ntls_port = 8883\n", "needs mqtt.certificate and mqtt.key"),
    ],
)
def test_what_the_settings_name_and_is_not_there_is_said(tmp_path: Path, more: str, why: str) -> None:
    file = configure(tmp_path)
    file.write_text(more)
    with pytest.raises(SettingsError, match=why):
        configured.check(read(file))


def test_dwellings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    file = configure(tmp_path)
    (tmp_path / "dwellings.csv").write_text("lat,lon,dwellings\nhere,there,many\n")
    with pytest.raises(SettingsError, match="every row needs lat, lon and dwellings"):
        configured.check(read(file))


def test_a_topic_of_an_unknown_format_is_named(tmp_path: Path) -> None:
    (tmp_path / "topics.toml").write_text('[[topics]]\nfilter = "x/#"\nformat = "morse"\n')
    with pytest.raises(SettingsError, match=r"topics.0.format: no format is called 'morse'"):
        configured.check(settings(tmp_path))
