"""What goes wrong around a hub: a full disk, broken words in its configuration, clocks that are far off."""

from __future__ import annotations

import resource
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.running import Credential, RunningHub, barrio, configure, rows, running

pytestmark = pytest.mark.e2e


def publishing(hub: RunningHub, who: Credential, topic: str, payload: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(hub.mqtt), "-u", who.user, "-P", who.password, "-q", "1",
         "-t", topic, "-m", payload],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_on_a_full_disk_nothing_is_acknowledged_and_it_goes_on_by_itself(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("probe", "Ana")
        assert hub.publish(who, "things/probe/t", "1").returncode == 0
        unlimited = resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, (1, unlimited[1]))
        waiting = publishing(hub, who, "things/probe/t", "2")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(4)
        assert hub.get("/healthz")[0] in {200, 503}
        assert "waiting" in hub.barrio("status")
        resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert waiting.wait(30) == 0
        assert hub.publish(who, "things/probe/t", "3").returncode == 0
        assert "storing again" in (tmp_path / "stderr").read_text()
        hub.stop()
    assert [value for _, _, value in sorted(rows(tmp_path), key=lambda r: r[1])] == [1, 2, 3]


def test_a_clock_far_in_the_past_or_future_is_kept(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("clock", "Ana")
        now = time.time()
        for moment in (315_532_800, now + 40 * 365 * 86_400, now):
            done = hub.publish(who, "things/clock/t", f'{{"v": {moment % 1000:.3f}, "t": {moment:.0f}}}')
            assert done.returncode == 0
        hub.stop()
    kept = sorted(t // 1_000_000 for _, t, _ in rows(tmp_path))
    assert kept == [315_532_800, round(now), round(now + 40 * 365 * 86_400)]


def test_a_broken_configuration_stops_the_start_and_names_the_path(tmp_path: Path) -> None:
    config = configure(tmp_path, '[mqtt]\nhots = "b"\n')
    assert "cannot be read" in barrio(config, "run", fails=True), "two [mqtt] tables are no TOML"
    config.write_text('[mqtt]\nhots = "b"\n')
    assert "mqtt.hots: unknown key" in barrio(config, "check", fails=True)
    config.write_text("[mqtt]\nport = 0\n")
    assert "can be used" in barrio(config, "check")


def test_a_payload_that_is_too_large_ends_the_connection_and_nothing_else(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("big", "Ana")
        large = tmp_path / "large"
        large.write_bytes(b"[" + b" " * 3_000_000 + b"]")
        done = subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(hub.mqtt), "-u", who.user, "-P", who.password, "-q", "1",
             "-t", "things/big/readings", "-f", str(large)],
            capture_output=True, timeout=20, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert hub.publish(who, "things/big/t", "1").returncode == 0
