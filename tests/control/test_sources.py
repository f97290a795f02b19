"""Commands about outside brokers, and the files and lines that the command line makes of their answers."""

from __future__ import annotations

import re
import ssl
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli import cli
from hub.cli.bridge import bridge_lines, filters_of
from hub.cli.certificates import Authority
from hub.cli.rights import write_rights
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.core.reading import Message
from hub.mqtt.rights import opens
from hub.registry.outside import GONE
from hub.settings import MqttSettings, SourceSettings
from tests.control.test_commands import desk
from tests.core.world import NOW

__all__ = ["desk"]


@pytest.fixture
def town(desk: Desk) -> Desk:
    """With a shared source, and Ana."""
    desk.registry.source("town", None, NOW)
    perform(desk, "party.add", {"name": "Ana"})
    return desk


def wait(desk: Desk, *topics: str) -> None:
    source = desk.registry.source("town", None, NOW)
    desk.registry.place([Message(GONE, source, topic, b"4242", NOW + n) for n, topic in enumerate(topics)])


def test_what_waits_is_told_by_prefix_and_never_what_is_in_it(town: Desk) -> None:
    wait(town, "house7/a/x", "house7/a/y", "house8/b", "lonely")
    found = perform(town, "source.waiting", {})
    assert [(r["prefix"], r["messages"], r["since"] - NOW, r["last"] - NOW) for r in found["waiting"]] == [
        ("house7/a", 2, 0, 1), ("house8/b", 1, 2, 2), ("lonely", 1, 3, 3)
    ]  # fmt: skip
    assert [r["prefix"] for r in perform(town, "source.waiting", {"levels": 1})["waiting"]] == [
        "house7", "house8", "lonely"
    ]  # fmt: skip
    assert "4242" not in str(found)
    with pytest.raises(CommandError):
        perform(town, "source.waiting", {"levels": 0})


def test_a_claim_is_begun_listed_and_withdrawn(town: Desk) -> None:
    made = perform(town, "source.claim", {"prefix": "house7/", "owner": "Ana"})
    assert re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", made["code"])
    (claim,) = perform(town, "source.claims", {})["claims"]
    assert (claim["claim"], claim["source"], claim["prefix"], claim["owner"]) == (
        made["claim"],
        "town",
        "house7",
        "Ana",
    )
    assert made["code"] not in str(claim)
    perform(town, "source.withdraw", {"claim": made["claim"]})
    assert perform(town, "source.claims", {})["claims"] == []


def test_which_broker_is_meant_has_to_be_said_where_there_are_several(town: Desk) -> None:
    town.registry.source("other", None, NOW)
    with pytest.raises(CommandError, match="other, town"):
        perform(town, "source.claim", {"prefix": "a", "owner": "Ana"})
    assert perform(town, "source.claim", {"prefix": "a", "owner": "Ana", "source": "town"})["topic"] == "a/claim"


def test_without_a_shared_broker_it_is_said_how_to_name_one(desk: Desk) -> None:
    perform(desk, "party.add", {"name": "Ana"})
    with pytest.raises(CommandError, match=r"barrio\.toml"):
        perform(desk, "source.claim", {"prefix": "a", "owner": "Ana"})


def test_without_a_running_hub_nobody_would_hear_a_silence(town: Desk) -> None:
    with pytest.raises(CommandError, match="start the hub"):
        perform(town, "source.claim", {"prefix": "a", "owner": "Ana", "power_cycle": True})


def test_rights_are_of_whoever_has_a_prefix(town: Desk) -> None:
    perform(town, "source.prefix", {"source": "town", "prefix": "house7/", "owner": "Ana"})
    ((user, prefix),) = perform(town, "source.rights", {})["speakers"]
    assert prefix == "house7"
    assert user.startswith("town-house7")


SOURCE = SourceSettings(name="town", host="127.0.0.1", username="hub")
ANA = [("ana-1", "house7")]


def test_the_files_are_written_whole_for_their_owner_and_again_without_a_change(tmp_path: Path) -> None:
    secret = tmp_path / "hub.secret"
    secret.write_text("hub-password\n")
    source = SOURCE.model_copy(update={"password_file": secret})
    fresh = write_rights(tmp_path, source, ANA, [])
    rules, passwords = tmp_path / "barrio.acl", tmp_path / "barrio.passwd"
    lines = dict(line.split(":", 1) for line in passwords.read_text().splitlines())
    assert opens(lines["hub"], "hub-password")
    assert opens(lines["ana-1"], fresh["ana-1"])
    assert fresh["ana-1"] not in passwords.read_text()
    assert {stat.S_IMODE(f.stat().st_mode) for f in (rules, passwords)} == {0o600}
    before = [f.stat() for f in (rules, passwords)]
    assert write_rights(tmp_path, source, ANA, []) == {}
    assert [f.stat().st_ino for f in (rules, passwords)] == [b.st_ino for b in before]
    passwords.chmod(0o640)
    assert set(write_rights(tmp_path, source, ANA, ["ana-1"])) == {"ana-1"}
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o640
    assert sorted(f.name for f in tmp_path.iterdir()) == ["barrio.acl", "barrio.passwd", "hub.secret"]


@pytest.mark.parametrize(
    ("speakers", "renew", "why"),
    [
        ([("hub", "house7")], [], "another username"),
        ([("ana-1", "house7")], ["eva"], "nobody who has a prefix"),
        ([("ana-1", " house7")], [], "cannot stand"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is(
    tmp_path: Path, speakers: list[tuple[str, str]], renew: list[str], why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        write_rights(tmp_path, SOURCE, speakers, renew)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["barrio.acl", "barrio.passwd"])
def test_what_somebody_else_wrote_is_not_lost(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("maple:$7$101$x$y\n")
    with pytest.raises(CommandError, match="move it away"):
        write_rights(tmp_path, SOURCE, ANA, [])
    assert [f.read_text() for f in tmp_path.iterdir()] == ["maple:$7$101$x$y\n"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        write_rights(tmp_path / "nowhere", None, ANA, [])


FOUND: dict[str, Any] = {"user": "attic-1", "password": "secret"}


def test_a_bridge_takes_out_only_what_is_named_and_its_answers_in() -> None:
    lines = bridge_lines(FOUND, MqttSettings(host="10.0.0.2", port=1884), None, ["a/#", "b"])
    assert lines[:4] == [
        "connection barrio",
        "address 10.0.0.2:1884",
        "remote_username attic-1",
        "remote_password secret",
    ]
    assert [line for line in lines if line.startswith("topic")] == [
        "topic a/# out 1", "topic b out 1", "topic things/+/errors in 1"
    ]  # fmt: skip
    assert "no TLS" in "\n".join(lines)


def test_a_bridge_to_a_hub_with_tls_checks_it_and_may_show_a_certificate() -> None:
    mqtt = MqttSettings(host="0.0.0.0", tls_port=8883)  # noqa: S104 - a setting
    lines = bridge_lines({"user": "attic-1", "password": None}, mqtt, "hub.example.org", [])
    assert "address hub.example.org:8883" in lines
    assert sum(line.startswith(("bridge_cafile", "bridge_certfile", "bridge_keyfile")) for line in lines) == 3
    assert not [line for line in lines if line.startswith("remote_password")]
    assert "address HUB:8883" in bridge_lines(FOUND, mqtt, None, [])


@pytest.mark.parametrize("topic", ["", "a b", "a/#/b", "a+", "$SYS/#", "a\nremote_password x"])
def test_what_is_no_filter_never_gets_into_a_configuration(topic: str) -> None:
    with pytest.raises(CommandError):
        filters_of([topic])


def test_a_thing_comes_in_by_certificate_only_where_certificates_are_verified(desk: Desk, tmp_path: Path) -> None:
    perform(desk, "party.add", {"name": "Ana"})
    asked = {"name": "balcony", "owner": "Ana", "certificate": "balcony-1"}
    with pytest.raises(CommandError, match="client_ca"):
        perform(desk, "thing.add", asked)
    assert perform(desk, "thing.list", {})["things"] == [], "nothing was done"
    mqtt = MqttSettings(tls_port=8883, client_ca=tmp_path / "ca.pem")
    safe = replace(desk, settings=desk.settings.model_copy(update={"mqtt": mqtt}))
    assert perform(safe, "thing.add", asked)["password"] is None
    assert safe.registry.admit("", b"", "balcony-1") is not None
    found = perform(safe, "thing.credential", {"thing": "balcony"})
    assert safe.registry.admit(found["user"], found["password"].encode(), None) is not None
    assert safe.registry.admit("", b"", "balcony-1") is None
    assert perform(safe, "thing.credential", {"thing": "balcony", "certificate": "balcony-2"})["password"] is None
    assert safe.registry.admit(found["user"], found["password"].encode(), None) is None


def test_certificates_to_try_with_are_good_for_what_they_are_for(tmp_path: Path) -> None:
    run = CliRunner().invoke(cli, ["certificate", "--to", str(tmp_path / "tls"), "--host", "hub.local"])
    assert run.exit_code == 0, run.output
    assert "tls_port = 8883" in run.output
    run = CliRunner().invoke(cli, ["certificate", "--to", str(tmp_path / "tls"), "--client", "balcony-1"])
    assert run.exit_code == 0, run.output
    files = tmp_path / "tls"
    assert {f.name: stat.S_IMODE(f.stat().st_mode) for f in files.glob("*.key")} == {
        "ca.key": 0o600, "hub.key": 0o600, "balcony-1.key": 0o600
    }  # fmt: skip
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files / "ca.pem"))
    server.load_cert_chain(files / "hub.pem", files / "hub.key")
    client = ssl.create_default_context(cafile=str(files / "ca.pem"))
    client.load_cert_chain(files / "balcony-1.pem", files / "balcony-1.key")
    authority = (files / "ca.pem").read_bytes()
    Authority(files).issue_hub(["other.local"])
    assert (files / "ca.pem").read_bytes() == authority, "an authority that is there is kept"


@pytest.mark.parametrize("name", ["", "ca", "hub", "a/b", "../x", "a b", "x" * 65])
def test_a_certificate_for_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError):
        Authority(tmp_path).issue_client(name)


def test_a_key_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    Authority(tmp_path).issue_client("balcony")
    with pytest.raises(CommandError, match="is there already"):
        Authority(tmp_path).issue_client("balcony")
    (tmp_path / "ca.key").write_text("no key")
    with pytest.raises(CommandError, match="move them away"):
        Authority(tmp_path)
