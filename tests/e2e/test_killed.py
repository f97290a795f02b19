"""Acknowledged means stored: the hub is killed with -9 ten times under load, and nothing is lost or doubled."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.loading import Load
from tests.e2e.programs import free_port
from tests.e2e.running import configure, rows, start

pytestmark = pytest.mark.e2e
KILLS = 10


def test_no_acknowledged_number_is_lost_or_stored_twice_when_the_hub_is_killed(tmp_path: Path) -> None:
    configure(tmp_path, mqtt=free_port())
    hub = start(tmp_path)
    hub.barrio("party", "add", "Ana")
    who = hub.add_thing("probe", "Ana")
    load, done = Load(hub.mqtt, who.user, who.password), threading.Event()
    sender = threading.Thread(target=load.run, args=(done.is_set,))
    sender.start()
    try:
        for number in range(KILLS):
            before = len(load.acknowledged)
            deadline = time.monotonic() + 20
            while len(load.acknowledged) < before + 300 + 97 * number and time.monotonic() < deadline:
                time.sleep(0.005)
            hub.kill()
            hub = start(tmp_path)
    finally:
        done.set()
        sender.join(30)
        hub.stop()
    stored = Counter(round(value) for _, _, value in rows(tmp_path))
    acknowledged = set(load.acknowledged)
    assert len(acknowledged) > 300 * KILLS
    assert not acknowledged - set(stored), "acknowledged, and not stored"
    assert not [n for n, times in stored.items() if times > 1], "stored twice"
    assert set(stored) <= set(range(1, load.sent + 1))
