"""The hub as its users meet it: a thing joins, publishes with mosquitto_pub, and is seen as far as its owner says."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import CORNER, RunningHub, barrio, configure, rows, running, start

pytestmark = pytest.mark.e2e
SECRET = "4242.5"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running(tmp_path_factory.mktemp("hub")) as hub:
        hub.barrio("party", "add", "Ana")
        hub.barrio("party", "add", "Ben")
        yield hub


def own_page(hub: RunningHub, name: str) -> str:
    link = hub.barrio("party", "link", name).splitlines()
    address = next(line for line in link if "/mine/" in line)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(address, timeout=20):
        pass  # a cookie, and a door to open by hand
    with opener.open(hub.web.rstrip("/") + "/mine", timeout=20) as answer:
        return str(answer.read().decode())


def test_a_thing_joins_and_its_owner_alone_sees_what_it_says(hub: RunningHub) -> None:
    balcony = hub.add_thing("balcony", "Ana", "--exposure", "outdoor", "--place", f"{CORNER.lat},{CORNER.lon}")
    done = hub.publish(balcony, "things/balcony/pm25", "17.5")
    assert done.returncode == 0, done.stderr
    assert "17.5" in own_page(hub, "Ana")
    assert "17.5" not in own_page(hub, "Ben")
    assert "17.5" not in hub.get("/?property=pm25")[1]
    assert "balcony" in hub.barrio("thing", "list")


def test_opened_it_is_on_the_public_page_and_closed_it_is_gone_at_once(hub: RunningHub) -> None:
    roof = hub.add_thing("roof", "Ana", "--exposure", "outdoor", "--place", f"{CORNER.lat},{CORNER.lon}",
                         "--title", "Roof of the corner house")  # fmt: skip
    assert hub.publish(roof, "things/roof/pm25", "21").returncode == 0
    assert "public instrument" in hub.barrio("grade", "set", "roof", "pm25", "open")
    assert hub.publish(roof, "things/roof/pm25", "22").returncode == 0
    page = hub.get("/?property=pm25")[1]
    assert "Roof of the corner house" in page
    numbers = hub.get("/property/pm25.csv?range=hour")[1]
    assert re.search(r"\b22(\.0)?\b", numbers)
    assert not re.search(r"\b21(\.0)?\b", numbers), "what came before the raise stays at home"
    hub.barrio("grade", "set", "roof", "pm25", "home")
    assert "Roof of the corner house" not in hub.get("/?property=pm25")[1]
    assert not re.search(r"\b22(\.0)?\b", hub.get("/property/pm25.csv?range=hour")[1])


def test_a_secret_is_in_no_log_and_no_metric(hub: RunningHub) -> None:
    attic = hub.add_thing("attic", "Ana")
    assert hub.publish(attic, "things/attic/pm25", SECRET).returncode == 0
    assert hub.publish(attic, "things/attic/pm25", f"not {SECRET} but text").returncode == 0
    assert SECRET in own_page(hub, "Ana")
    with urllib.request.urlopen(hub.metrics, timeout=10) as answer:
        metrics = answer.read().decode()
    assert "barrio_committed_total" in metrics
    for told in (metrics, (hub.folder / "stderr").read_text(), hub.barrio("status"), hub.barrio("log"),
                 hub.barrio("log", "--refusals"), hub.barrio("thing", "list")):  # fmt: skip
        assert SECRET not in told
    for told in (metrics, (hub.folder / "stderr").read_text()):
        assert not any(name in told for name in ("Ana", "attic", attic.user))


def test_what_cannot_be_read_is_answered_and_recorded_in_words(hub: RunningHub) -> None:
    shed = hub.add_thing("shed", "Ana")
    ears = subprocess.Popen(
        ["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", str(hub.mqtt), "-u", shed.user, "-P", shed.password,
         "-C", "1", "-W", "15", "-t", "things/shed/errors", "-d"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert ears.stdout is not None
    while "SUBACK" not in ears.stdout.readline():
        pass
    assert hub.publish(shed, "things/shed/readings", '[{"n":"t","v":').returncode == 0
    said = ears.communicate(timeout=20)[0]
    told = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert told["type"] == "payload"
    assert told["topic"] == "things/shed/readings"
    assert "shed" in hub.barrio("log", "--refusals")


def test_the_same_topic_under_two_credentials_is_two_things(hub: RunningHub) -> None:
    mine = hub.add_thing("gateway-a", "Ana", "--gateway")
    yours = hub.add_thing("gateway-b", "Ben", "--gateway")
    assert hub.publish(mine, "zigbee2mqtt/kitchen", '{"temperature": 31.25}').returncode == 0
    assert hub.publish(yours, "zigbee2mqtt/kitchen", '{"temperature": 8.75}').returncode == 0
    ana, ben = own_page(hub, "Ana"), own_page(hub, "Ben")
    assert "31.2" in ana
    assert "31.2" not in ben
    assert re.search(r"8\.[78]", ben)
    assert not re.search(r"\b8\.[78]", ana)


def test_a_wrong_password_is_refused(hub: RunningHub) -> None:
    shade = hub.add_thing("shade", "Ana")
    shade.password = "wrong"
    done = hub.publish(shade, "things/shade/t", "1")
    assert done.returncode != 0
    assert "bad user name or password" in done.stderr.lower()


def test_a_new_password_ends_the_old_one(hub: RunningHub) -> None:
    lamp = hub.add_thing("lamp", "Ana")
    said = hub.barrio("thing", "credential", "lamp")
    assert hub.publish(lamp, "things/lamp/t", "1").returncode != 0
    lamp.password = re.search(r"password +(\S+)", said).group(1)  # type: ignore[union-attr]
    assert hub.publish(lamp, "things/lamp/t", "1").returncode == 0


def test_commands_say_whether_they_asked_the_hub(hub: RunningHub, tmp_path: Path) -> None:
    assert "(asked the running hub)" in hub.barrio("party", "list")
    assert "(no hub is running" in barrio(configure(tmp_path), "party", "list")


def test_a_second_hub_on_the_same_data_is_refused(hub: RunningHub) -> None:
    said = barrio(hub.config, "run", fails=True)
    assert "another barrio is at work" in said


def test_a_taken_port_is_named(hub: RunningHub, tmp_path: Path) -> None:
    said = barrio(configure(tmp_path, mqtt=hub.mqtt), "run", fails=True)
    assert f"mqtt.port: {hub.mqtt} cannot be used" in said


def test_ten_thousand_unknown_things_are_taken_on_up_to_the_limit(tmp_path: Path) -> None:
    pack = "\n".join(f"things/probe-{n}/t\t{n}" for n in range(10_000))
    with running(tmp_path, "[ingest]\nmost_readings = 5000\n") as hub:
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("many", "Ana", "--gateway")
        done = subprocess.run(
            ["python3", "-c", _MANY, str(hub.mqtt), who.user, who.password],
            input=pack, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "things                       2000" in hub.barrio("status")
        assert hub.get("/healthz")[0] == 200
        assert hub.stop() is not None
    assert len(rows(tmp_path)) == 2000


_MANY = """
import socket, struct, sys
port, user, password = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode()
t = lambda b: struct.pack(">H", len(b)) + b
def packet(head, body):
    size, out = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        out += bytes([digit | 128 if size else digit])
        if not size: return bytes([head]) + out + body
line = socket.create_connection(("127.0.0.1", port), timeout=120)
line.sendall(packet(16, b"\\0\\4MQTT\\4\\xc2\\0\\0" + t(b"many") + t(user) + t(password)))
assert line.recv(4) == b"\\x20\\2\\0\\0"
rows = [r.split("\\t") for r in sys.stdin.read().splitlines()]
got = 0
for at in range(0, len(rows), 500):
    line.sendall(b"".join(packet(0x32, t(a.encode()) + struct.pack(">H", i + 1) + b.encode())
                          for i, (a, b) in enumerate(rows[at:at + 500])))
    want = min(len(rows), at + 500) * 4
    while got < want:
        data = line.recv(65536)
        assert data
        got += len(data)
"""


def test_stopping_answers_what_was_taken_and_says_goodbye(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        hub.barrio("party", "add", "Ana")
        who = hub.add_thing("bench", "Ana")
        for n in range(3):
            assert hub.publish(who, "things/bench/t", str(n)).returncode == 0
        said = hub.stop()
        assert "everything acknowledged is stored" in said
        again = start(tmp_path)
        try:
            assert "bench" in again.barrio("thing", "list")
        finally:
            again.stop()
    assert [v for _, _, v in sorted(rows(tmp_path), key=lambda r: r[1])] == [0, 1, 2]
