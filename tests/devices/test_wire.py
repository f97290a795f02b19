"""Client and simulator against a real broker: mosquitto, on a free port of this machine."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from devices.client import Device
from devices.simulate import run
from devices.simulate_command import USUAL, simulated

pytestmark = pytest.mark.e2e


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(port: int, folder: Path) -> subprocess.Popen[bytes]:
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen([program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return broker
        time.sleep(0.05)
    broker.kill()
    raise RuntimeError("mosquitto did not start")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    at = free_port()
    broker = started(at, tmp_path)
    yield at
    broker.terminate()
    broker.wait(5)


async def test_every_format_publishes_over_real_mqtt(port: int) -> None:
    fleet = [simulated(form, form, "p", "kitchen", 0.2, 7) for form in USUAL]
    spoken = [topic for form in fleet for topic, _, _ in form.messages(0)]
    topics: Counter[str] = Counter()
    async with aiomqtt.Client("127.0.0.1", port) as listener:
        await listener.subscribe("#")
        living = asyncio.create_task(run(fleet, "127.0.0.1", port))
        async with asyncio.timeout(30):
            async for message in listener.messages:
                topics[str(message.topic)] += 1
                if all(topics[topic] > 1 for topic in spoken):
                    break
        living.cancel()
        with pytest.raises(asyncio.CancelledError):
            await living


def test_the_client_publishes_hears_its_errors_and_outlives_the_broker(tmp_path: Path) -> None:
    at = free_port()
    with Device("127.0.0.1", at, user="u", password="p", thing="balcony", backlog=tmp_path / "b.db") as balcony:
        pass
    balcony = Device("127.0.0.1", at, user="u", password="p", thing="balcony", backlog=tmp_path / "b.db")
    balcony.open(patience=0.2)
    balcony.measure("pm25", 1, at=1_780_315_200)
    assert balcony.flush(patience=0.2) == 1
    broker = started(at, tmp_path)
    try:
        listener = subprocess.Popen(
            ["mosquitto_sub", "-p", str(at), "-t", "things/balcony/readings", "-C", "1", "-W", "20"],
            stdout=subprocess.PIPE,
        )
        time.sleep(0.5)
        assert balcony.flush(patience=15) == 0
        told, _ = listener.communicate(timeout=20)
        assert json.loads(told)[0] == {"n": "pm25", "t": 1_780_315_200, "v": 1}
        error = ["mosquitto_pub", "-p", str(at), "-t", "things/balcony/errors", "-m", '{"message":"no"}']
        subprocess.run(error, check=True, timeout=10)
        heard: list[str] = []
        for _ in range(50):
            heard += balcony.errors()
            if heard:
                break
            time.sleep(0.1)
        assert heard == ["no"]
    finally:
        balcony.close()
        broker.terminate()
        broker.wait(5)
