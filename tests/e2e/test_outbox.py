"""A hub whose InfluxDB is killed, away and back while things publish, and that is killed itself: nothing is lost."""

from __future__ import annotations

import re
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.loading import Load
from tests.e2e.programs import free_port
from tests.e2e.running import RunningHub, barrio, configure, rows, start
from tests.servers.influxdb import Server, influx_server

pytestmark = pytest.mark.e2e
KILLS = 10
CONFIG = """
[store]
engine = "influxdb"
[store.influxdb]
url = "{url}"
org = "{org}"
token_file = "vault.token"
"""


def configured(folder: Path, server: Server) -> RunningHub:
    server.bucket("vault")
    (folder / "vault.token").write_text(server.token)
    configure(folder, CONFIG.format(url=server.url, org=server.org), mqtt=free_port())
    return start(folder)


def outbox(hub: RunningHub) -> str:
    return next(line for line in hub.barrio("status").splitlines() if line.startswith("outbox"))


def waiting(hub: RunningHub) -> int:
    with urllib.request.urlopen(hub.metrics, timeout=20) as answer:
        found = re.search(r"^barrio_outbox_readings (\S+)$", answer.read().decode(), flags=re.MULTILINE)
    assert found is not None
    return int(float(found.group(1)))


def until_acknowledged(load: Load, more: int) -> None:
    before, deadline = len(load.acknowledged), time.monotonic() + 30
    while len(load.acknowledged) < before + more:
        assert time.monotonic() < deadline, "things are not answered"
        time.sleep(0.005)


def changing(hub: RunningHub, server: Server, load: Load) -> RunningHub:
    """Kill server and hub, each as often as the other, in every order; the hub that runs in the end."""
    for n in range(KILLS):
        server.kill()
        until_acknowledged(load, 300)
        if n % 2:
            assert waiting(hub) > 0
            hub.kill()  # while readings wait, and it begins again without the server
            hub = start(hub.folder)
            until_acknowledged(load, 300)
        server.start()
        until_acknowledged(load, 50)
        if not n % 2:
            hub.kill()  # while they are being sent
            hub = start(hub.folder)
    return hub


def test_server_and_hub_are_killed_ten_times_each_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with influx_server(tmp_path / "influx") as server:
        hub = configured(tmp_path, server)
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("probe", "Ana")
        load, done = Load(hub.mqtt, who.user, who.password), threading.Event()
        sender = threading.Thread(target=load.run, args=(done.is_set,))
        sender.start()
        try:
            until_acknowledged(load, 500)
            hub = changing(hub, server, load)
        finally:
            done.set()
            sender.join(30)
        deadline = time.monotonic() + 60
        while waiting(hub):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert outbox(hub).split() == ["outbox", "empty"]
        hub.stop()
        stored = Counter(round(value) for *_, value in rows(tmp_path))
    acknowledged = set(load.acknowledged)
    assert len(acknowledged) > 500 * KILLS
    assert not acknowledged - set(stored), "acknowledged, and not stored"
    assert not [n for n, times in stored.items() if times > 1], "stored twice"


def test_the_operator_is_told_what_waits_and_why(tmp_path: Path) -> None:
    with influx_server(tmp_path / "influx") as server:
        hub = configured(tmp_path, server)
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("probe", "Ana")
        assert outbox(hub).split() == ["outbox", "empty"]
        server.kill()
        assert hub.publish(who, "things/probe/count", "5").returncode == 0
        assert "1 readings wait since" in outbox(hub)
        assert server.url in outbox(hub), "why"
        assert waiting(hub) == 1
        hub.stop()
    assert "1 readings wait since" in barrio(hub.config, "status")
