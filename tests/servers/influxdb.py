"""A real InfluxDB on loopback, set up, and ended by who started it.

Rule: `influxd` is looked for on the PATH, then in build/influxd, then built there once from its Go module if Go, Cargo
and gcc are there. Where it cannot be had those who need it are skipped with one line; in CI they fail.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.programs import HOST, free_port

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "influxd"
ORG, TOKEN = "barrio", "operator-of-the-tests"
_TOOLS = ("go", "cargo", "gcc")
_MINUTES = 40
_MODULES = ("github.com/influxdata/pkg-config@v0.2.7", "github.com/influxdata/influxdb/v2/cmd/influxd")


def influxd() -> str:
    """The program, built if need be."""
    there = shutil.which("influxd") or BUILD / "bin" / "influxd"
    if Path(there).exists():
        return str(there)
    missing = [t for t in _TOOLS if shutil.which(t) is None]
    why = f"no influxd on the PATH or in {BUILD / 'bin'}, and to build it {', '.join(missing)} would be needed"
    if not missing:
        BUILD.mkdir(parents=True, exist_ok=True)
        with (BUILD / "lock").open("w") as lock:  # one of the processes that test side by side builds it
            fcntl.flock(lock, fcntl.LOCK_EX)
            why = "" if Path(there).exists() else _built()
    if why and os.environ.get("CI"):
        pytest.fail(why)
    elif why:
        pytest.skip(why)
    return str(there)


def _built() -> str:
    """Build it (about five minutes, once); empty, or what went wrong."""
    shutil.copytree(Path(__file__).parent / "influxd", BUILD, dirs_exist_ok=True)
    binaries = BUILD / "bin"
    binaries.mkdir(exist_ok=True)
    # The Rust part asks for an old toolchain and is not clean for a new one.
    wrapper = binaries / "rustc-wrap"
    wrapper.write_text('#!/bin/sh\nexec "$@" --cap-lints allow\n')
    wrapper.chmod(0o755)
    room = {
        **os.environ, "GOBIN": str(binaries), "PATH": f"{binaries}:{os.environ['PATH']}",
        "RUSTUP_TOOLCHAIN": "stable", "RUSTC_WRAPPER": str(wrapper),
    }  # fmt: skip
    tool, server = _MODULES
    for command in (["go", "install", tool], ["go", "build", "-o", str(binaries / "influxd.new"), server]):
        done = subprocess.run(
            command, cwd=BUILD, env=room, capture_output=True, text=True, check=False, timeout=_MINUTES * 60
        )
        if done.returncode:
            return f"influxd cannot be built: {' '.join(command)}: {done.stderr[-300:]}"
    (binaries / "influxd.new").rename(binaries / "influxd")
    return ""


class Server:
    """An InfluxDB that can be killed and started again; `token` may do everything in `org`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.org, self.token = ORG, TOKEN

    @property
    def files(self) -> Path:
        """Where its points are."""
        return self._folder / "engine"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [
            influxd(), "--bolt-path", f"{self._folder}/bolt", "--sqlite-path", f"{self._folder}/sqlite",
            "--engine-path", str(self.files), "--http-bind-address", f"{HOST}:{self.port}", "--reporting-disabled",
            "--log-level", "error", *self._options,
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < until, (self._folder / "log").read_text()[-500:]
            assert self._process.poll() is None, (self._folder / "log").read_text()[-500:]
            time.sleep(0.05)

    def set_up(self) -> None:
        """The first user, the organisation and the token."""
        told = {"username": "tests", "password": "password-of-tests", "org": ORG, "bucket": "first", "token": TOKEN}
        self.call("POST", "/api/v2/setup", told)

    def bucket(self, name: str, seconds: int = 0) -> None:
        """Make a bucket if there is none; `seconds`: how long it keeps points (0: for ever)."""
        org = self.call("GET", f"/api/v2/orgs?org={ORG}")["orgs"][0]["id"]
        rules = [{"type": "expire", "everySeconds": seconds}]
        try:
            self.call("POST", "/api/v2/buckets", {"orgID": org, "name": name, "retentionRules": rules})
        except urllib.error.HTTPError as error:
            if error.code != 422:  # it is there
                raise

    def call(self, method: str, path: str, told: object = None) -> dict[str, list[dict[str, str]]]:
        """Ask its API."""
        request = urllib.request.Request(
            self.url + path, None if told is None else json.dumps(told).encode(), method=method,
            headers={"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as response:
            found: dict[str, list[dict[str, str]]] = json.loads(response.read() or b"{}")
            return found

    def kill(self) -> None:
        """As a power cut would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it properly."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@contextmanager
def influx_server(folder: Path, *options: str) -> Iterator[Server]:
    """A server in this folder, set up, until the block is left."""
    server = Server(folder, *options)
    server.start()
    try:
        server.set_up()
        yield server
    finally:
        server.stop()
