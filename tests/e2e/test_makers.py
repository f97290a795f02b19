"""What makers have, against a real hub: a device and a board enrol themselves, every format is simulated and heard."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from devices.client import Device
from devices.enrolment import EnrolTrouble, read_credential
from devices.link import PahoLink
from devices.simulate import run
from devices.simulate_command import USUAL, simulated
from tests.devices.board import MQTTException  # and with it, umqtt is there
from tests.e2e.programs import HOST, free_port
from tests.e2e.running import RunningHub, rows, running, start

from devices.micropython import barrio  # isort: skip

pytestmark = pytest.mark.e2e
NOW = 1_780_315_200


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running(tmp_path_factory.mktemp("hub")) as hub:
        hub.barrio("party", "add", "Ana")
        yield hub


def token(hub: RunningHub, name: str, *more: str) -> str:
    found = re.search(r"password +(\S+)", hub.barrio("thing", "enrol", name, "--owner", "Ana", *more))
    assert found is not None
    return found.group(1)


def client(hub: RunningHub, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devices.client", "--host", HOST, "--port", str(hub.mqtt), *words],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"BARRIO_TOKEN": ""},
    )  # fmt: skip


def listed(hub: RunningHub, thing: str) -> str:
    """The line of `barrio thing list` about a thing; empty if there is none."""
    lines = hub.barrio("thing", "list").splitlines()
    return next((line for line in lines if f" {thing} " in line), "")


def test_a_device_enrols_itself_with_a_token_and_is_heard(hub: RunningHub, tmp_path: Path) -> None:
    once, keep = token(hub, "balcony"), tmp_path / "balcony.json"
    done = client(hub, "--enrol", once, "--keep", str(keep), "temperature=21.5Cel")
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(keep.stat().st_mode) == 0o600
    assert once not in keep.read_text()
    assert "air_temperature: home" in listed(hub, "balcony")
    again = client(hub, "--keep", str(keep), "pm25=7ug/m3")
    assert (again.returncode, again.stderr) == (0, "")
    assert "pm25: home" in listed(hub, "balcony")


def test_a_token_is_good_once(hub: RunningHub, tmp_path: Path) -> None:
    once = token(hub, "shed")
    Device.enrol(HOST, once, tmp_path / "first.json", hub.mqtt).close()
    with pytest.raises(EnrolTrouble, match="ask for a new one"):
        Device.enrol(HOST, once, tmp_path / "second.json", hub.mqtt)
    with Device.enrol(HOST, None, tmp_path / "first.json", hub.mqtt) as shed:
        shed.measure("pm25", 7, unit="ug/m3")
        assert shed.flush() == 0


def test_a_device_that_was_cut_off_before_it_kept_anything_asks_again(hub: RunningHub, tmp_path: Path) -> None:
    once = token(hub, "attic")
    lost = PahoLink(HOST, hub.mqtt, "enrol", once, "lost", "enrol/credential")
    assert lost.open(10)
    assert not lost.publish("things/attic/pm25", b"7", 5), "what the hub refuses is not taken for stored"
    lost.close()
    assert listed(hub, "attic") == ""
    with Device.enrol(HOST, once, tmp_path / "attic.json", hub.mqtt) as attic:
        attic.measure("pm25", 7)
        assert attic.flush() == 0
    assert "pm25: home" in listed(hub, "attic")


def test_a_gateway_enrols_itself(hub: RunningHub, tmp_path: Path) -> None:
    keep = tmp_path / "gateway.json"
    done = client(hub, "--enrol", token(hub, "cellar", "--gateway"), "--keep", str(keep), "--thing", "stove", "t=21Cel")
    assert (done.returncode, done.stderr) == (0, "")
    kept = read_credential(keep)
    assert kept is not None
    assert kept.thing == ""
    assert "home" in listed(hub, "stove")


def test_a_board_enrols_waits_in_flash_while_the_hub_is_away_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """barrio.py as it is, over the calls of umqtt.simple; the hub is killed and started again."""
    seconds = iter(range(NOW, NOW + 100))
    monkeypatch.setattr(barrio, "clock", lambda: next(seconds))
    flash = tmp_path / "flash"
    flash.mkdir()
    with running(tmp_path, mqtt=(port := free_port())) as hub:
        hub.barrio("party", "add", "Ana")
        once = token(hub, "probe")
        with chdir(flash):
            with pytest.raises(MQTTException):
                barrio.credential(HOST, "wrong", port=port)
            probe = barrio.Sensor(HOST, barrio.credential(HOST, once, port=port), {"exposure": "outdoor"}, port)
            measured(probe, 1)
            assert probe.flush()
        hub.kill()
        with chdir(flash):
            measured(probe, 2, 3)
            assert not probe.flush()
            probe = barrio.Sensor(HOST, barrio.credential(HOST, "", port=port), None, port)  # its power was cut, too
            measured(probe, 4)
            assert not probe.flush()
            assert Path("barrio.new").exists()
    again = start(tmp_path)
    try:
        with chdir(flash):
            assert probe.flush()
            assert not Path("barrio.new").exists()
            probe.close()
    finally:
        again.stop()
    stored = sorted((time, value) for _, time, value in rows(tmp_path))
    assert [value for _, value in stored] == [1, 2, 3, 4]
    assert len({time for time, _ in stored}) == 4
    assert all(NOW <= time / 1e6 < NOW + 100 for time, _ in stored)


def measured(probe: barrio.Sensor, *values: float) -> None:
    for value in values:
        probe.measure("temperature", value, "Cel")


async def test_every_format_that_is_simulated_is_heard(hub: RunningHub) -> None:
    """All of them on one gateway's connection, as in a house that has one of each."""
    house = hub.add_thing("house", "Ana", "--gateway")
    fleet = [simulated(form, house.user, house.password, f"sim-{form}", 0.5, 7) for form in USUAL]
    living = asyncio.create_task(run(fleet, HOST, hub.mqtt))
    await asyncio.sleep(2)
    living.cancel()
    done, _ = await asyncio.wait([living], timeout=20)
    assert living in done
    assert living.cancelled()
    said = await asyncio.to_thread(hub.barrio, "thing", "list")
    for thing in fleet:
        names = f" {thing.heard_as} ", f" {thing.thing} "  # where it told one, people's name for it
        lines = [line for line in said.splitlines() if any(name in line for name in names)]
        assert len(lines) == 1, f"{thing.format}: {said}"
        for observed, named in thing.names().items():
            assert f"{observed}: home" in lines[0] or f"{named}: home" in lines[0], f"{thing.format}: {lines[0]}"
    refused = await asyncio.to_thread(hub.barrio, "log", "--refusals")
    assert not [thing.format for thing in fleet if f"sim-{thing.format}" in refused]


def test_the_simulator_is_a_command_too(hub: RunningHub, tmp_path: Path) -> None:
    keep = tmp_path / "sim.json"
    assert client(hub, "--enrol", token(hub, "workshop", "--gateway"), "--keep", str(keep)).returncode == 0
    words = ["tasmota", "--port", str(hub.mqtt), "--keep", str(keep), "--thing", "fridge", "--seconds", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "devices.simulate", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "ENERGY.Power" in done.stdout
    assert "power: home" in listed(hub, "fridge")
