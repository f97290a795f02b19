"""Several workers on one PostgreSQL and one InfluxDB, as an operator runs them, and killed one at a time."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.e2e.programs import free_port
from tests.e2e.running import RunningHub, configure, start
from tests.servers.influxdb import Server, influx_server
from tests.servers.postgresql import Server as Database
from tests.servers.postgresql import postgresql

WORKERS = 3
CONFIG = """
[hub]
name = "Testing"
workers = {workers}
[registry]
url = "{registry}"
password_file = "registry.secret"
[mqtt]
port = {mqtt}
[web]
port = {web}
[operator]
port = {operator}
[place]
dwellings = "dwellings.csv"
[store]
engine = "influxdb"
[store.influxdb]
url = "{influx}"
org = "{org}"
token_file = "vault.token"
"""


class Crew:
    """A parent and its workers; `hub` is how they are reached."""

    def __init__(self, hub: RunningHub, influx: Server, database: Database) -> None:
        self.hub, self.influx, self.database = hub, influx, database

    def worker(self, number: int) -> psutil.Process | None:
        """Its process, if it runs."""
        for child in psutil.Process(self.hub.process.pid).children():
            try:
                words = child.cmdline()
            except psutil.Error:
                continue
            if "--worker" in words and words[words.index("--worker") + 1] == str(number):
                return child
        return None

    def kill(self, number: int) -> None:
        """As a fault would end it."""
        found = self.worker(number)
        assert found is not None
        found.kill()
        found.wait(10)

    def kill_the_parent(self) -> None:
        """Then the workers end by themselves, and properly."""
        workers = psutil.Process(self.hub.process.pid).children()
        self.hub.process.kill()
        self.hub.process.wait(10)
        _, alive = psutil.wait_procs(workers, 40)
        assert not alive

    def back(self, number: int, since: float) -> None:
        """Wait until it works again: it says how it is."""
        file = self.hub.folder / "var" / f"worker-{number}.state"
        until(lambda: self.worker(number) is not None and file.exists() and file.stat().st_mtime > since, 60)

    def workers(self) -> str:
        """What `barrio status` says of them."""
        return next(line for line in self.hub.barrio("status").splitlines() if line.startswith("workers"))

    def leader(self) -> int:
        """The number of the one that leads."""
        found = re.search(r"worker (\d+) leads", self.workers())
        assert found is not None
        return int(found.group(1))

    def waiting(self) -> int:
        """How many readings wait in all outboxes: each worker at work says so."""
        port = int(self.hub.metrics.split(":")[2].split("/")[0])
        for number in range(WORKERS):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port + number}/metrics", timeout=20) as answer:
                    told = answer.read().decode()
            except OSError:  # it was killed a moment ago
                continue
            found = re.search(r"^barrio_outbox_readings (\S+)$", told, flags=re.MULTILINE)
            assert found is not None
            return int(float(found.group(1)))
        raise AssertionError("no worker is at work")


@contextmanager
def crew(folder: Path, workers: int = WORKERS) -> Iterator[Crew]:
    """Workers at work, stopped in the end however the test ends."""
    with influx_server(folder / "influx") as influx, postgresql() as database:
        influx.bucket("vault")
        (folder / "vault.token").write_text(influx.token)
        url = database.database()
        (folder / "registry.secret").write_text(url.password or "")
        registry = f"postgresql://{url.username}@{url.host}:{url.port}/{url.database}"
        ports = {"mqtt": free_port(), "web": free_port(), "operator": free_port()}
        told = CONFIG.format(workers=workers, registry=registry, influx=influx.url, org=influx.org, **ports)
        configure(folder).write_text(told)
        hub = start(folder)
        try:
            yield Crew(hub, influx, database)
        finally:
            children = psutil.Process(hub.process.pid).children() if hub.process.poll() is None else []
            if hub.process.poll() is None:
                hub.stop()
            for child in children:
                if child.is_running():
                    child.kill()
            for stream in (hub.process.stdout, hub.process.stderr):
                if stream is not None:
                    stream.close()


def until(happened: Callable[[], bool], seconds: float) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
