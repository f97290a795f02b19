"""The set of compose.yaml without containers: the same scripts and settings, real servers on loopback.

A reading that stays at home comes through Mosquitto and lies in the vault; a public instrument's comes to the hub
itself and is read by Grafana's token; and by that token nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from tests.e2e.programs import HOST, MOSQUITTO, free_port
from tests.e2e.running import RunningHub, barrio, start
from tests.servers.influxdb import Server

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
SECRETS = ("admin", "tokens", "reader", "broker")
HOME, SHOWN = 4242.5, 17.25


class Set:
    """Where everything of it is."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server, self.broker = folder, server, free_port()
        self.secrets = folder / "barrio"
        self.data = folder / "mosquitto"
        self.programs = folder / "bin"
        for made in (self.data, self.programs, *(self.secret(name) for name in SECRETS)):
            made.mkdir()
        self.program("barrio", f'cd "{ROOT}" && exec "{sys.executable}" -m hub "$@"')
        root = 'echo "user root" >> "$2"; ' if os.geteuid() == 0 else ""
        self.program("mosquitto", f'{root}exec "{MOSQUITTO}" "$@"')
        self.configure()

    def secret(self, name: str) -> Path:
        return self.folder / f"barrio-{name}"

    def program(self, name: str, line: str) -> None:
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{line}\n")
        file.chmod(0o755)

    def configure(self) -> None:
        """deploy/barrio.toml, but for the addresses and folders."""
        text = (ROOT / "deploy" / "barrio.toml").read_text()
        text = text.replace('"/var/lib/barrio"', f'"{self.folder}/var"').replace("/var/lib/barrio", str(self.secrets))
        text = text.replace("http://influxdb:8086", self.server.url)
        text = text.replace('host = "mosquitto"', f'host = "{HOST}"\nport = {self.broker}')
        text = re.sub(r'host = "0.0.0.0".*', f'host = "{HOST}"\nport = 0', text)
        (self.folder / "barrio.toml").write_text(f"{text}\n[operator]\nport = 0\n")

    def script(self, name: str) -> subprocess.Popen[str]:
        """One of deploy's scripts."""
        room = {
            **os.environ, "SECRETS": str(self.secrets), "BARRIO_CONFIG": str(self.folder / "barrio.toml"),
            "CONFIG": str(ROOT / "config" / "mosquitto"), "DATA": str(self.data), "LISTEN": f"{self.broker} {HOST}",
            "PATH": f"{self.programs}:{os.environ['PATH']}",
        }  # fmt: skip
        return subprocess.Popen(
            ["sh", str(ROOT / "deploy" / name)], env=room, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def first(self) -> str:
        """What makes the secrets; what it said."""
        running = self.script("first.sh")
        said, _ = running.communicate(timeout=120)
        assert running.returncode == 0, said
        return said

    def held(self) -> dict[str, tuple[str, int]]:
        """Every secret with its mode, by folder and name."""
        files = [f for name in SECRETS for f in self.secret(name).iterdir()]
        return {f"{f.parent.name}/{f.name}": (f.read_text(), stat.S_IMODE(f.stat().st_mode)) for f in files}

    def asked(self, token: str, bucket: str) -> str:
        """All of a bucket by a token."""
        client = InfluxDBClient(self.server.url, token.strip(), org="barrio")
        try:
            found = client.query_api().query_raw(f'from(bucket: "{bucket}") |> range(start: -2h)').data
            return str(found.decode())
        finally:
            client.close()


@pytest.fixture(name="whole")
def _whole(tmp_path: Path) -> Iterator[Set]:
    server = Server(tmp_path / "influx")
    server.start()
    try:
        yield Set(tmp_path, server)
    finally:
        server.stop()


def test_what_makes_the_secrets_makes_them_once(whole: Set) -> None:
    whole.first()
    made = whole.held()
    assert {name: oct(mode) for name, (_, mode) in made.items()} == {
        "barrio-admin/influxdb-admin.token": "0o600", "barrio-tokens/vault.token": "0o600",
        "barrio-tokens/civic.token": "0o600", "barrio-tokens/civic-reader.token": "0o600",
        "barrio-reader/civic-reader.token": "0o444", "barrio-reader/grafana.password": "0o444",
        "barrio-broker/hub.password": "0o400",
    }  # fmt: skip
    assert len({text for text, _ in made.values()}) == 6
    said = whole.first()
    assert whole.held() == made
    assert not any(text.strip() in said for text, _ in made.values())


@contextmanager
def mosquitto(whole: Set) -> Iterator[None]:
    """Mosquitto as deploy/mosquitto.sh starts it, with one party more."""
    passwords = whole.data / "barrio.passwd"
    passwords.touch(0o600)
    subprocess.run([shutil.which("mosquitto_passwd") or "", "-b", passwords, "maple", "right"], check=True)
    running = whole.script("mosquitto.sh")
    try:
        yield
    finally:
        running.terminate()
        running.communicate(timeout=20)


def publish_at_the_broker(whole: Set, topic: str, payload: str) -> bool:
    done = subprocess.run(
        ["mosquitto_pub", "-h", HOST, "-p", str(whole.broker), "-u", "maple", "-P", "right", "-q", "1", "-t", topic,
         "-m", payload], capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    return done.returncode == 0


def speak(whole: Set, hub: RunningHub) -> None:
    """A public instrument at the hub itself, and somebody's reading that stays at home behind the broker."""
    hub.barrio("party", "add", "Ana")
    roof = hub.add_thing("roof", "Ana", "--exposure", "outdoor", "--place", "50.1,14.4", "--title", "Roof station")
    assert hub.publish(roof, "things/roof/pm25", "1").returncode == 0
    hub.barrio("grade", "set", "roof", "pm25", "open")
    told = f'{{"v": {SHOWN}, "t": {time.time() - 1800:.0f}}}'
    assert hub.publish(roof, "things/roof/pm25", told).returncode == 0
    hub.barrio("source", "prefix", "mosquitto", "maple/", "--owner", "Ana")
    assert publish_at_the_broker(whole, "maple/things/kitchen/pm25", str(HOME))


@contextmanager
def hub_of(whole: Set) -> Iterator[RunningHub]:
    hub = start(whole.folder)
    try:
        yield hub
    finally:
        hub.stop()


def test_all_of_it_works_together(whole: Set) -> None:
    whole.first()
    vault = (whole.secret("tokens") / "vault.token").read_text()
    reader = (whole.secret("reader") / "civic-reader.token").read_text()
    with mosquitto(whole):
        with hub_of(whole) as hub:
            speak(whole, hub)
            wait_until(lambda: str(HOME) in whole.asked(vault, "vault"))
        with hub_of(whole) as hub:  # a minute later, or at once after a start
            wait_until(lambda: str(SHOWN) in whole.asked(reader, "civic"))
            assert re.search(r"mirror +civic at http\S+; points: \d+", hub.barrio("status"))
        civic = whole.asked(reader, "civic")
        assert "Roof station" in civic
        assert str(HOME) not in civic
        with pytest.raises(ApiException, match="could not find bucket"):
            whole.asked(reader, "vault")
        barrio(whole.folder / "barrio.toml", "grade", "set", "roof", "pm25", "home")
        with hub_of(whole):
            wait_until(lambda: str(SHOWN) not in whole.asked(reader, "civic"))


def wait_until(what: Callable[[], bool], seconds: float = 100) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.3)
