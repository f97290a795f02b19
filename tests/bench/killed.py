"""kill -9 under load: what was acknowledged is there, once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.effort import Effort
from tests.bench.verdicts import Row, Target
from tests.e2e.loading import Load
from tests.e2e.programs import free_port
from tests.e2e.running import RunningHub, configure, rows, start

_CLIENTS = 4
_BETWEEN = 2_000
"""Acknowledgements between two kills, and ninety-seven more each time."""


def killed(effort: Effort) -> list[Row]:
    """Four things publish bare numbers without a time, each a credential of its own; the hub dies again and again."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        configure(folder, mqtt=free_port())
        hub = start(folder)
        hub.barrio("party", "add", "Ana")
        doors = [hub.add_thing(f"probe-{n}", "Ana") for n in range(_CLIENTS)]
        loads = [Load(hub.mqtt, door.user, door.password) for door in doors]
        done = threading.Event()
        threads = [threading.Thread(target=load.run, args=(done.is_set,)) for load in loads]
        for thread in threads:
            thread.start()
        try:
            hub = _kill(hub, loads, effort.kills)
        finally:
            done.set()
            for thread in threads:
                thread.join(30)
            hub.stop()
        stored = Counter((stream, value) for stream, _, value in rows(folder))
    acknowledged = Counter(number for load in loads for number in set(load.acknowledged))
    lost = (acknowledged - Counter(round(value) for _, value in stored)).total()
    twice = sum(times - 1 for times in stored.values())
    told = f"{acknowledged.total():,} acknowledged, {lost} lost, {twice} stored twice"
    what = f"killed with -9 {effort.kills} times under load: lost or stored twice"
    return [Row(what, Target(most=0), lost + twice, told)]


def _kill(hub: RunningHub, loads: list[Load], times: int) -> RunningHub:
    for number in range(times):
        before = sum(len(load.acknowledged) for load in loads)
        deadline = time.monotonic() + 30
        while sum(len(load.acknowledged) for load in loads) < before + _BETWEEN + 97 * number:
            if time.monotonic() > deadline:
                raise RuntimeError("the hub does not answer any more")
            time.sleep(0.005)
        hub.kill()
        hub = start(hub.folder)
    return hub
