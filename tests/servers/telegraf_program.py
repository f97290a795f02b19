"""Telegraf as its makers build it, with the three parts that bring MQTT to an InfluxDB: to be measured beside.

Rule: it is looked for on the PATH, then in build/telegraf, then built there once from its Go module if Go is there
(a minute). Where it cannot be had, `NotToBeHad` says why.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.servers.influxdb import Server

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "telegraf"
_PARTS = "custom,inputs.mqtt_consumer,outputs.influxdb_v2,parsers.json"
_MINUTES = 15
_CONFIG = """
[agent]
interval = "1s"
flush_interval = "200ms"
flush_jitter = "0s"
metric_batch_size = 5000
metric_buffer_limit = 1000000
omit_hostname = true
quiet = true
[[inputs.mqtt_consumer]]
servers = ["tcp://127.0.0.1:{port}"]
topics = ["things/#"]
qos = 1
client_id = "telegraf"
max_undelivered_messages = 20000
data_format = "json"
json_time_key = "t"
json_time_format = "unix"
[[outputs.influxdb_v2]]
urls = ["{url}"]
token = "{token}"
organization = "{org}"
bucket = "{bucket}"
"""


class NotToBeHad(Exception):
    """A program is not on this machine and cannot be built here; the text says why."""


def telegraf() -> str:
    """The program, built if need be."""
    there = shutil.which("telegraf") or BUILD / "bin" / "telegraf"
    if not Path(there).exists():
        if shutil.which("go") is None:
            raise NotToBeHad(f"no telegraf on the PATH or in {BUILD.relative_to(ROOT)}/bin, and no Go to build it")
        _build()
    return str(there)


@contextmanager
def running(folder: Path, port: int, server: Server, bucket: str) -> Iterator[psutil.Process]:
    """Telegraf between the broker on this port and a bucket, until the block is left."""
    config = folder / "telegraf.conf"
    config.write_text(
        _CONFIG.format(port=port, url=server.url, token=server.token, org=server.org, bucket=bucket), encoding="utf-8"
    )
    with (folder / "telegraf.log").open("ab") as log:
        process = subprocess.Popen([telegraf(), "--config", str(config)], stdout=log, stderr=log)
    try:
        time.sleep(1.5)  # it subscribes; it does not say when it has
        if process.poll() is not None:
            raise NotToBeHad(f"telegraf ended at once: {(folder / 'telegraf.log').read_text()[-300:]}")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _build() -> None:
    shutil.copytree(Path(__file__).parent / "telegraf", BUILD, dirs_exist_ok=True)
    command = [
        "go", "build", "-ldflags", "-s -w", "-tags", _PARTS, "-o", "bin/telegraf",
        "github.com/influxdata/telegraf/cmd/telegraf",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=BUILD, capture_output=True, text=True, check=False, timeout=_MINUTES * 60)
    if done.returncode:
        raise NotToBeHad(f"telegraf cannot be built: {done.stderr[-300:]}")
