"""Joining as people do it: a token, and the programs that are on every Linux; and a thing that passes on."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.running import Credential, RunningHub, barrio, running, start

pytestmark = pytest.mark.e2e
VERSIONS = ["mqttv311", "mqttv5"]
NO_TOKEN = re.compile("bad user name or password|not authori[sz]ed", re.IGNORECASE)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running(tmp_path_factory.mktemp("joining")) as hub:
        hub.barrio("party", "add", "Ana")
        hub.barrio("party", "add", "Ben")
        yield hub


def token_for(hub: RunningHub, name: str, *more: str) -> str:
    found = re.search(r"password +(\S+)", hub.barrio("thing", "enrol", name, "--owner", "Ana", *more))
    assert found is not None
    return found.group(1)


def ask(hub: RunningHub, token: str, version: str = "mqttv311") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(hub.mqtt), "-u", "enrol", "-P", token, "-V", version,
         "-t", "enrol/credential", "-q", "1", "-C", "1", "-W", "10"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip


def asked(hub: RunningHub, token: str, version: str = "mqttv311") -> dict[str, Any]:
    said = ask(hub, token, version)
    assert said.returncode == 0, said.stderr
    told: dict[str, Any] = json.loads(said.stdout)
    return told


def done(hub: RunningHub, token: str, version: str = "mqttv311") -> subprocess.CompletedProcess[str]:
    return hub.publish(Credential("", "enrol", token), "enrol/done", "kept", "-V", version)


def page_of(hub: RunningHub, name: str) -> str:
    address = next(line for line in hub.barrio("party", "link", name).splitlines() if "/mine/" in line)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(address, timeout=20):
        pass
    with opener.open(hub.web.rstrip("/") + "/mine", timeout=20) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_device_joins_with_a_token_and_two_commands(hub: RunningHub, version: str) -> None:
    name = f"shed-{version}"
    token = token_for(hub, name, "--exposure", "outdoor")
    assert name in hub.barrio("thing", "enrolments")
    lost = asked(hub, token, version)
    told = asked(hub, token, version)
    assert set(told) == {"user", "password", "thing", "topics"}
    assert told["password"] != lost["password"]
    assert name not in hub.barrio("thing", "list")
    assert done(hub, token, version).returncode == 0
    assert name in hub.barrio("thing", "list")
    assert name not in hub.barrio("thing", "enrolments")
    before, now = (Credential(name, one["user"], one["password"]) for one in (lost, told))
    assert NO_TOKEN.search(hub.publish(before, f"things/{name}/pm25", "1", "-V", version).stderr)
    assert hub.publish(now, f"things/{name}/pm25", "17.25", "-V", version).returncode == 0
    assert "17.2" in page_of(hub, "Ana")
    assert NO_TOKEN.search(ask(hub, token, version).stderr + done(hub, token, version).stderr)


@pytest.mark.parametrize("version", VERSIONS)
def test_coming_in_with_the_password_is_as_good_as_saying_so(hub: RunningHub, version: str) -> None:
    name = f"loft-{version}"
    token = token_for(hub, name)
    told = asked(hub, token, version)
    who = Credential(name, told["user"], told["password"])
    assert hub.publish(who, f"things/{name}/pm25", "3.5", "-V", version).returncode == 0
    assert hub.publish(who, f"things/{name}/pm25", "4.5", "-V", version).returncode == 0
    assert name in hub.barrio("thing", "list")
    assert NO_TOKEN.search(ask(hub, token, version).stderr)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_publishes_nothing(hub: RunningHub, version: str) -> None:
    token = token_for(hub, f"cellar-{version}")
    sent = hub.publish(Credential("", "enrol", token), "things/cellar/pm25", "99.5", "-V", version)
    assert sent.returncode != 0 or "not authori" in sent.stderr.lower()
    assert "99.5" not in page_of(hub, "Ana")
    assert "cellar" not in hub.barrio("thing", "list")


def test_a_withdrawn_token_is_none(hub: RunningHub) -> None:
    token = token_for(hub, "porch")
    told = asked(hub, token)
    assert "porch" not in hub.barrio("thing", "enrolments", "--withdraw", "porch")
    assert NO_TOKEN.search(ask(hub, token).stderr)
    assert NO_TOKEN.search(hub.publish(Credential("porch", told["user"], told["password"]), "a", "1").stderr)


def test_what_was_given_survives_a_hub_that_is_killed(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("killed")) as hub:
        hub.barrio("party", "add", "Ana")
        token = token_for(hub, "attic")
        told = asked(hub, token)
        hub.kill()
        again = start(hub.folder)
        try:
            who = Credential("attic", told["user"], told["password"])
            assert again.publish(who, "things/attic/pm25", "5").returncode == 0
            again.kill()
            last = start(hub.folder)
            try:
                assert last.publish(who, "things/attic/pm25", "6").returncode == 0
                assert "attic" in last.barrio("thing", "list")
            finally:
                last.stop()
        finally:
            if again.process.poll() is None:
                again.kill()


def test_a_thing_behind_a_gateway_passes_on_and_the_gateways_owner_sees_no_more_of_it(hub: RunningHub) -> None:
    gate = hub.add_thing("zigbee", "Ana", "--gateway")
    assert hub.publish(gate, "zigbee2mqtt/pantry", '{"temperature": 31.25}').returncode == 0
    token = hub.barrio("thing", "hand-over", "pantry", "--to", "Ben").splitlines()
    token_line = next(line for line in token if re.fullmatch(r"[a-z2-7]{26}", line))
    said = hub.barrio("thing", "take", token_line, "--owner", "Ben")
    assert "speaks through the gateway" in said
    assert hub.publish(gate, "zigbee2mqtt/pantry", '{"temperature": 44.75}').returncode == 0
    assert hub.publish(gate, "zigbee2mqtt/hallway", '{"temperature": 12.25}').returncode == 0
    ana, ben = page_of(hub, "Ana"), page_of(hub, "Ben")
    assert re.search(r"44\.[78]", ben)
    assert not re.search(r"\b44\.[78]", ana)
    assert re.search(r"\b12\.[23]", ana)
    assert not re.search(r"\b31\.[23]", ben)
    assert "barrio: There is no such token" in barrio(
        hub.config, "thing", "take", token_line, "--owner", "Ben", fails=True
    )


def test_tokens_and_passwords_are_in_no_log(hub: RunningHub) -> None:
    token = token_for(hub, "bench")
    told = asked(hub, token)
    assert done(hub, token).returncode == 0
    with urllib.request.urlopen(hub.metrics, timeout=10) as answer:
        metrics = answer.read().decode()
    for said in ((hub.folder / "stderr").read_text(), metrics, hub.barrio("log"), hub.barrio("thing", "enrolments")):
        assert token not in said
        assert told["password"] not in said
