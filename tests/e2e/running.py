"""A hub as its operator runs it: a process of its own, with a configuration in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.core.places import Place

CORNER = Place(50.1030, 14.4030)
CONFIG = """
[hub]
name = "Testing"
zone = "Europe/Prague"
[mqtt]
port = {mqtt}
[web]
port = 0
[operator]
port = 0
[place]
dwellings = "dwellings.csv"
"""


@dataclass
class Credential:
    """What `barrio thing add` prints."""

    thing: str
    user: str
    password: str


@dataclass
class RunningHub:
    """A running hub and how to reach it."""

    folder: Path
    process: subprocess.Popen[str]
    mqtt: int
    web: str
    metrics: str

    @property
    def config(self) -> Path:
        return self.folder / "barrio.toml"

    def barrio(self, *words: str, stdin: bytes = b"") -> str:
        return barrio(self.config, *words, stdin=stdin)

    def add_thing(self, name: str, owner: str, *more: str) -> Credential:
        said = self.barrio("thing", "add", name, "--owner", owner, *more)
        user, password = (re.search(rf"{word} +(\S+)", said) for word in ("user", "password"))
        assert user is not None
        assert password is not None
        return Credential(name, user.group(1), password.group(1))

    def publish(self, who: Credential, topic: str, payload: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.mqtt), "-u", who.user, "-P", who.password,
             "-q", "1", "-t", topic, "-m", payload, *more],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.web.rstrip("/") + path, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        _close(self.process)

    def stop(self) -> str:
        """Ask it to stop; what it said."""
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=40)
        return said


def barrio(config: Path, *words: str, stdin: bytes = b"", fails: bool = False) -> str:
    """What a command says (both outputs); it must succeed unless it is said to fail."""
    done = subprocess.run(
        [sys.executable, "-m", "hub", *words], input=stdin, capture_output=True, timeout=60, check=False,
        env=os.environ | {"BARRIO_CONFIG": str(config)},
    )  # fmt: skip
    said = done.stdout.decode() + done.stderr.decode()
    assert (done.returncode != 0) == fails, said
    return said


def configure(folder: Path, more: str = "", mqtt: int = 0) -> Path:
    """A configuration in this folder, with eighty dwellings at the corner."""
    (folder / "dwellings.csv").write_text(f"lat,lon,dwellings\n{CORNER.lat},{CORNER.lon},80\n")
    file = folder / "barrio.toml"
    file.write_text(CONFIG.format(mqtt=mqtt) + more)
    return file


def start(folder: Path) -> RunningHub:
    """Start a hub on a configuration; it is up when it says where it listens."""
    with (folder / "stderr").open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub", "run", "--config", str(folder / "barrio.toml")],
            stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    said = ""
    assert process.stdout is not None
    deadline = time.monotonic() + 60
    while "Ctrl-C" not in said and time.monotonic() < deadline:
        line = process.stdout.readline()
        if not line:
            break
        said += line
    found = [re.search(p, said) for p in (r"mqtt://127.0.0.1:(\d+)", r"pages +(\S+)", r"metrics +(\S+)")]
    if not all(found):
        process.kill()
        process.wait()
        _close(process)
        raise AssertionError(f"the hub did not start: {said}{(folder / 'stderr').read_text()}")
    mqtt, web, metrics = (m.group(1) for m in found if m is not None)
    return RunningHub(folder, process, int(mqtt), web, metrics)


@contextmanager
def running(folder: Path, more: str = "", mqtt: int = 0) -> Iterator[RunningHub]:
    """A hub that is stopped in the end, however the test ends."""
    configure(folder, more, mqtt)
    hub = start(folder)
    try:
        yield hub
    finally:
        if hub.process.poll() is None:
            hub.kill()
        _close(hub.process)


def rows(folder: Path) -> list[tuple[int, int, float]]:
    """(datastream, time, value) of all that is stored, read from the files of a hub that does not run."""
    program = """
import json, sys
from pathlib import Path
from hub import app, settings
from hub.core.audience import Audience
from hub.core.query import Query
found = []
with app.opened(settings.read(Path(sys.argv[1]))) as parts:
    for party in list(parts.registry.holdings().parties):
        audience = parts.registry.audience_of_party(party)
        if audience is None:
            continue
        shown = parts.gate.read(Query(), audience)
        for face, time, value in zip(shown.face.tolist(), shown.time.tolist(), shown.value.tolist()):
            found.append((shown.faces[face].datastream, time, value))
print(json.dumps(found))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder / "barrio.toml")], capture_output=True, text=True, check=True,
        timeout=120,
    )  # fmt: skip
    return [(int(d), int(t), float(v)) for d, t, v in json.loads(done.stdout)]


def _close(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
