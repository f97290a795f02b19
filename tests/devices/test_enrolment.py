"""Enrolling costs nothing when an answer or the power is lost, and the credential is its owner's alone."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devices import client_command
from devices.client import Device
from devices.enrolment import CREDENTIAL, DONE, USER, Credential, EnrolTrouble, enrolled, read_credential
from devices.link import Link

TOKEN = "one-time"
WRONG = "Bad user name or password"


@dataclass
class Registry:
    """A hub that gives a fresh password each time it is asked, until it was told that one is kept."""

    up: bool = True
    spent: bool = False
    asked: int = 0
    given: str | None = None
    counts: str | None = None
    deaf: bool = False
    """It hears nothing, and acknowledges nothing."""
    mute: bool = False
    """It hears what it is told, but its acknowledgement is lost."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    seen: list[bool] = field(default_factory=list)
    """Whether the credential was on disk when the hub was told so."""
    keep: Path | None = None

    def dial(self, user: str, password: str, topic: str) -> Link:
        self.calls.append((user, topic))
        return Line(self, user, password)

    def done(self) -> None:
        self.spent, self.counts, self.given = True, self.given, None

    def lets_in(self, user: str, password: str) -> bool:
        if user == USER:
            return password == TOKEN and not self.spent
        if password == self.given:  # who comes in with it has it
            self.done()
        return password == self.counts


class Line:
    def __init__(self, hub: Registry, user: str, password: str) -> None:
        self.trouble: str | None = None
        self._hub, self._user, self._password = hub, user, password
        self._waiting: list[bytes] = []

    def open(self, patience: float) -> bool:
        if not self._hub.up or patience < 0:
            return False
        if not self._hub.lets_in(self._user, self._password):
            self.trouble = WRONG
            return False
        if self._user == USER:
            self._ask()
        return True

    def _ask(self) -> None:
        self._hub.asked += 1
        self._hub.given = f"secret-{self._hub.asked}"
        told = {"user": "u7", "password": self._hub.given, "thing": "balcony", "topics": ["things/balcony/#"]}
        self._waiting.append(json.dumps(told).encode())

    def publish(self, topic: str, payload: bytes, patience: float) -> bool:
        assert (topic, patience >= 0, payload != b"") == (DONE, True, True)
        if self._hub.keep is not None:
            self._hub.seen.append(self._hub.keep.exists())
        if self._hub.deaf:
            return False
        self._hub.done()
        return not self._hub.mute

    def heard(self) -> list[bytes]:
        heard, self._waiting = self._waiting, []
        return heard

    def close(self) -> None:
        self._waiting = []


def enrol(hub: Registry, keep: Path, token: str | None = TOKEN) -> Credential:
    return enrolled("hub.local", 1883, token, keep, hub.dial, patience=0.01)


def test_a_token_becomes_a_credential_in_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    hub, keep = Registry(keep=tmp_path / "b.json"), tmp_path / "b.json"
    found = enrol(hub, keep)
    assert (found.user, found.password, found.thing) == ("u7", "secret-1", "balcony")
    assert hub.counts == "secret-1"
    assert stat.S_IMODE(keep.stat().st_mode) == 0o600
    assert read_credential(keep) == found
    assert TOKEN not in keep.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["b.json"]
    assert "secret-1" not in repr(found)


def test_it_is_on_disk_before_the_hub_is_told_so(tmp_path: Path) -> None:
    hub = Registry(keep=tmp_path / "b.json")
    enrol(hub, tmp_path / "b.json")
    assert hub.seen == [True]
    assert hub.calls == [(USER, CREDENTIAL)]


def test_the_same_call_at_the_next_start_asks_for_nothing(tmp_path: Path) -> None:
    hub, keep = Registry(), tmp_path / "b.json"
    first = enrol(hub, keep)
    assert enrol(hub, keep) == first
    assert enrol(hub, keep, token=None) == first
    assert hub.asked == 1


def test_a_hub_that_did_not_hear_that_it_is_kept_hears_it_when_the_device_comes_in(tmp_path: Path) -> None:
    hub, keep = Registry(deaf=True), tmp_path / "b.json"
    assert enrol(hub, keep).password == hub.counts == "secret-1"


def test_an_acknowledgement_that_was_lost_costs_nothing(tmp_path: Path) -> None:
    hub, keep = Registry(mute=True), tmp_path / "b.json"
    assert enrol(hub, keep).password == hub.counts


def test_after_a_power_cut_in_the_middle_the_token_asks_again(tmp_path: Path) -> None:
    hub, keep = Registry(), tmp_path / "b.json"
    hub.dial(USER, TOKEN, CREDENTIAL).open(1)  # it was told, and died before it kept that
    (tmp_path / "b.json.part").write_text('{"user": "u')  # or while it did
    assert enrol(hub, keep).password == hub.counts == "secret-2"


def test_a_credential_that_was_ended_gives_way_to_a_new_token(tmp_path: Path) -> None:
    hub, keep = Registry(), tmp_path / "b.json"
    enrol(hub, keep)
    hub.counts, hub.spent = "another", False
    assert enrol(hub, keep).password == hub.counts == "secret-2"


def test_a_hub_that_is_away_says_nothing_against_what_is_kept(tmp_path: Path) -> None:
    hub, keep = Registry(), tmp_path / "b.json"
    first = enrol(hub, keep)
    hub.up = False
    assert enrol(hub, keep) == first


def test_a_connection_that_was_lost_on_the_way_brings_the_newer_credential(tmp_path: Path) -> None:
    hub, keep = Registry(), tmp_path / "b.json"

    class Torn(Line):
        def publish(self, topic: str, payload: bytes, patience: float) -> bool:
            self._ask()  # it connected again, and so asked again, before it was heard
            return super().publish(topic, payload, patience)

    found = enrolled("h", 1, TOKEN, keep, lambda user, password, _: Torn(hub, user, password), patience=0.01)
    assert found.password == hub.counts == "secret-2"
    assert read_credential(keep) == found


@pytest.mark.parametrize(
    ("hub", "token", "words"),
    [
        (Registry(spent=True), TOKEN, "ask for a new one"),
        (Registry(), "another", "ask for a new one"),
        (Registry(up=False), TOKEN, "try again with the same token"),
        (Registry(), None, "a token is needed once"),
    ],
)
def test_it_says_what_to_do_next_and_never_the_token(hub: Registry, token: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(EnrolTrouble, match=words) as trouble:
        enrol(hub, tmp_path / "b.json", token)
    assert not (tmp_path / "b.json").exists()
    assert token is None or token not in str(trouble.value)


def test_a_folder_that_cannot_be_written_is_noticed_before_the_hub_is_asked(tmp_path: Path) -> None:
    hub = Registry()
    with pytest.raises(EnrolTrouble, match="cannot be written"):
        enrol(hub, tmp_path / "nowhere" / "b.json")
    assert hub.asked == 0


def test_a_file_that_is_no_credential_is_not_written_over(tmp_path: Path) -> None:
    keep = tmp_path / "b.json"
    keep.write_text("[my notes]")
    with pytest.raises(EnrolTrouble, match="holds no credential"):
        enrol(Registry(), keep)
    assert keep.read_text() == "[my notes]"


def test_what_answers_and_is_no_hub_is_told_apart(tmp_path: Path) -> None:
    class Stranger(Line):
        def heard(self) -> list[bytes]:
            return [b'{"hello": 1}']

    hub = Registry()
    with pytest.raises(EnrolTrouble, match="is this a Barrio hub"):
        enrolled("h", 1, TOKEN, tmp_path / "b", lambda user, password, _: Stranger(hub, user, password), patience=0.01)
    assert not hub.spent


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Registry:
    hub = Registry()

    def line(_host: str, _port: int, user: str, password: str, *_: object) -> Line:
        return Line(hub, user, password)

    monkeypatch.setattr("devices.client.PahoLink", line)
    monkeypatch.setattr(client_command, "_PAUSE", 0)
    monkeypatch.delenv("BARRIO_TOKEN", raising=False)
    return hub


def test_a_device_enrols_itself(hub: Registry, tmp_path: Path) -> None:
    device = Device.enrol("hub.local", TOKEN, tmp_path / "b.json", patience=0.01)
    assert device.thing == "balcony"
    assert device.open(0.01)
    device.close()
    assert Device.enrol("elsewhere", None, tmp_path / "b.json").open(0.01)
    assert hub.asked == 1


def test_the_command_enrols_and_from_then_on_the_file_is_enough(
    hub: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = str(tmp_path / "b.json")
    assert client_command.main(["--host", "hub.local", "--port", "18830", "--enrol", TOKEN, "--keep", keep]) == 0
    assert "balcony is enrolled" in capsys.readouterr().out
    kept = read_credential(Path(keep))
    assert kept is not None
    assert (kept.host, kept.port) == ("hub.local", 18830)
    assert client_command.main(["--keep", keep]) == 0
    assert hub.asked == 1


def test_the_command_takes_the_token_from_the_environment(
    hub: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BARRIO_TOKEN", TOKEN)
    assert client_command.main(["--keep", str(tmp_path / "b.json")]) == 0
    assert hub.counts == "secret-1"


def test_the_command_says_why_it_could_not(hub: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub.spent = True
    assert client_command.main(["--enrol", TOKEN, "--keep", str(tmp_path / "b.json"), "a=1"]) == 1
    told = capsys.readouterr().err
    assert "ask for a new one" in told
    assert TOKEN not in told


@pytest.mark.parametrize(
    "typed",
    [["a=1"], ["--user", "u", "--thing", "b", "a=1"], ["--enrol", "t"], ["--user", "u", "--password", "p", "a=1"],
     ["--user", "u", "--password", "p", "--thing", "b"]],
)  # fmt: skip
def test_the_command_asks_for_what_is_missing(
    typed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BARRIO_PASSWORD", raising=False)
    with pytest.raises(SystemExit) as stop:
        client_command.main(typed)
    assert stop.value.code == 2
    assert "--" in capsys.readouterr().err
