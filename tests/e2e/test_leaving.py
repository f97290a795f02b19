"""Somebody has moved out, and keeps what he had: a password, a link, an open page, a subscription. None of it works."""

from __future__ import annotations

import subprocess
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.running import Credential, RunningHub, running
from tests.e2e.visiting import Visitor

pytestmark = pytest.mark.e2e
SECONDS = 5.0
HOME = "Number 7"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running(tmp_path) as hub:
        hub.barrio("party", "add", HOME, "--kind", "household")
        for name in ("Ana", "Ben"):
            hub.barrio("party", "add", name, "--household", HOME)
        yield hub


class Mouth:
    """A client of paho's that stays connected and comes back by itself."""

    def __init__(self, hub: RunningHub, who: Credential) -> None:
        self.gone, self.refused = threading.Event(), threading.Event()
        here = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, "mouth")
        self.client.username_pw_set(who.user, who.password)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda _c, _u, _f, reason, _p: (self.refused if reason.is_failure else here).set()
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.connect("127.0.0.1", hub.mqtt)
        self.client.loop_start()
        assert here.wait(10)
        self.client.publish("things/balcony/pm25", "17.75", 1).wait_for_publish(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def ears(hub: RunningHub, who: Credential, *words: str) -> Iterator[subprocess.Popen[str]]:
    """mosquitto_sub, subscribed to everything there is."""
    process = subprocess.Popen(
        ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", str(hub.mqtt), "-u", who.user, "-P", who.password,
         "-d", "-q", "1", "-t", "#", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(process, "SUBACK")
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return
    raise AssertionError(f"the client ended before {word}")


def leave(hub: RunningHub) -> tuple[str, float]:
    """Ben moves out; what was printed, and by when everything of his has to have ended."""
    said = hub.barrio("household", "remove-member", HOME, "Ben")
    return said, time.monotonic() + SECONDS


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_an_old_password_neither_hears_nor_says_anything_any_more(hub: RunningHub, version: str) -> None:
    balcony = hub.add_thing("balcony", HOME)
    assert hub.publish(balcony, "things/balcony/pm25", "17.5").returncode == 0
    mouth = Mouth(hub, balcony)
    with ears(hub, balcony, "-V", version) as heard:
        said, until = leave(hub)
        assert mouth.gone.wait(max(0.1, until - time.monotonic()))
        heard.wait(max(0.1, until - time.monotonic()))  # it gives up when it is hung up on, or not let in again
    mouth.client.publish("things/balcony/pm25", "4242.5", 1)
    assert mouth.refused.wait(10)
    mouth.close()
    assert hub.publish(balcony, "things/balcony/pm25", "4242.5").returncode != 0
    password = next(line.split()[-1] for line in said.splitlines() if balcony.user in line)
    renewed = Credential("balcony", balcony.user, password)
    assert hub.publish(renewed, "things/balcony/pm25", "18.5").returncode == 0
    page = Visitor(hub, "Ana").get("/mine")[1]
    assert "18.5" in page
    assert "4242.5" not in page


def test_a_link_that_was_known_and_a_page_that_was_open_end(hub: RunningHub) -> None:
    balcony = hub.add_thing("balcony", HOME)
    assert hub.publish(balcony, "things/balcony/pm25", "17.5").returncode == 0
    visitors = {name: Visitor(hub, name) for name in ("Ana", "Ben", HOME)}
    streams = {name: visitor.listen("/mine/live") for name, visitor in visitors.items()}
    time.sleep(1.5)
    assert hub.publish(balcony, "things/balcony/pm25", "17.75").returncode == 0
    assert all(stream.heard("event: changed", 10) for stream in streams.values()), "they can hear at all"
    assert all("17.7" in visitor.get("/mine")[1] for visitor in visitors.values())
    said, until = leave(hub)
    for name, visitor in visitors.items():
        assert streams[name].ends(max(0.1, until - time.monotonic())), f"{name}'s stream"
        for path in ("/mine", "/mine/sealed", "/mine/sealed.jsonl"):
            status, page = visitor.get(path)
            assert status == 403
            assert "17.7" not in page
        with pytest.raises(urllib.error.HTTPError):
            visitor.listen("/mine/live")
    password = next(line.split()[-1] for line in said.splitlines() if balcony.user in line)
    renewed = Credential("balcony", balcony.user, password)
    assert hub.publish(renewed, "things/balcony/pm25", "18.25").returncode == 0
    assert "17.75" not in streams["Ben"].said
    assert "18.2" in Visitor(hub, "Ana").get("/mine")[1]


def test_a_link_of_his_own_shows_him_his_own_and_nothing_that_comes_after(hub: RunningHub) -> None:
    balcony = hub.add_thing("balcony", HOME)
    window = hub.add_thing("window", "Ben")
    assert hub.publish(balcony, "things/balcony/pm25", "17.5").returncode == 0
    assert hub.publish(window, "things/window/pm25", "11.25").returncode == 0
    said, _ = leave(hub)
    assert window.user not in said
    assert hub.publish(window, "things/window/pm25", "12").returncode != 0
    assert "barrio thing credential" in said
    page = Visitor(hub, "Ben").get("/mine")[1]
    assert "window" in page
    assert "11.2" in page
    for theirs in ("balcony", "17.5", "Ana"):
        assert theirs not in page
    assert "window" not in Visitor(hub, "Ana").get("/mine")[1]


def test_what_stays_is_told_once_and_is_in_no_log(hub: RunningHub) -> None:
    hub.add_thing("balcony", HOME)
    hub.barrio("household", "key", HOME, hub.barrio("household", "new-key", str(hub.folder / "k")).splitlines()[0])
    said, _ = leave(hub)
    password = next(line.split()[-1] for line in said.splitlines() if line.startswith("balcony"))
    assert "The sealing key has ended" in said
    assert "barrio party link" in said
    for kept in (hub.barrio("log"), (hub.folder / "stderr").read_text(), hub.barrio("status")):
        assert password not in kept
