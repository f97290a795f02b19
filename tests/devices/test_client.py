"""The makers' client loses nothing and says what the hub said."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from devices import client_command
from devices.backlog import Backlog
from devices.client import PACK, Device
from hub.core.reading import Heard, Message
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody


class Wire:
    """A hub that takes what it is sent while it is `up`, and says what it is told to say."""

    def __init__(self, *, up: bool = True) -> None:
        self.trouble: str | None = None
        self.up = up
        self.taken: list[tuple[str, bytes]] = []
        self.said: list[bytes] = []

    def open(self, patience: float) -> bool:
        return self.up and patience >= 0

    def publish(self, topic: str, payload: bytes, patience: float) -> bool:
        if self.up and patience >= 0:
            self.taken.append((topic, payload))
        return self.up

    def heard(self) -> list[bytes]:
        said, self.said = self.said, []
        return said

    def close(self) -> None:
        self.up = False


def device(wire: Wire, backlog: Path | None = None, grade: str | None = None) -> Device:
    return Device("nowhere", user="u", password="p", thing="balcony", backlog=backlog, grade=grade, link=wire)


def records(wire: Wire) -> list[dict[str, object]]:
    return [record for _, payload in wire.taken for record in json.loads(payload)]


def test_a_reading_reaches_the_hub_as_it_was_measured() -> None:
    wire = Wire()
    with device(wire) as balcony:
        balcony.measure("pm25", 12.5, unit="ug/m3", at=1_780_315_200.25, grade="counted")
        balcony.measure("open", True, at=1_780_315_201)
        assert balcony.flush() == 0
    topic, payload = wire.taken[0]
    dust, door = DECODERS["native"](Message(Nobody(), 1, topic, payload, 0), Heard()).readings
    assert (dust.thing, dust.property, dust.value, dust.unit) == ("balcony", "pm25", 12.5, "ug/m3")
    assert dust.time == 1_780_315_200_250_000
    assert dust.wish is not None
    assert dust.wish.word == "counted"
    assert door.value is True


def test_what_cannot_be_sent_is_kept_over_a_restart_and_goes_out_in_order(tmp_path: Path) -> None:
    file = tmp_path / "balcony.db"
    with device(Wire(up=False), file) as balcony:
        for at in range(2 * PACK + 50):
            balcony.measure("pm25", at, at=1_780_315_200 + at)
        assert balcony.flush(patience=0) == 250
    wire = Wire()
    with device(wire, file) as balcony:
        assert balcony.flush() == 0
    assert [record["v"] for record in records(wire)] == list(range(250))
    assert [len(json.loads(payload)) for _, payload in wire.taken] == [PACK, PACK, 50]
    with device(Wire(), file) as balcony:
        assert balcony.flush() == 0


def test_a_hub_that_goes_away_in_the_middle_loses_nothing() -> None:
    wire = Wire()
    balcony = device(wire)
    for at in range(PACK + 1):
        balcony.measure("pm25", at)
    real = wire.publish

    def dies_after_one(topic: str, payload: bytes, patience: float) -> bool:
        taken = real(topic, payload, patience)
        wire.up = False
        return taken

    wire.publish = dies_after_one  # type: ignore[method-assign]  # the hub dies
    assert balcony.flush() == 1
    wire.up, wire.publish = True, real  # type: ignore[method-assign]  # and comes back
    assert balcony.flush() == 0
    assert [record["v"] for record in records(wire)] == list(range(PACK + 1))


@pytest.mark.parametrize(
    ("own", "each", "sent"),
    [
        (None, None, None),
        ("home", None, "home"),
        ("home", "open", "home"),
        ("open", "counted", "counted"),
        (None, "sealed", "sealed"),
    ],
)
def test_the_stricter_wish_is_sent(own: str | None, each: str | None, sent: str | None) -> None:
    wire = Wire()
    balcony = device(wire, grade=own)
    balcony.measure("pm25", 1, grade=each)
    balcony.flush()
    assert records(wire)[0].get("grade") == sent


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_no_sensor_measured_is_refused_at_once(value: float) -> None:
    with pytest.raises(ValueError, match="leave the reading out"):
        device(Wire()).measure("pm25", value)


@pytest.mark.parametrize("thing", ["", "a/b", "a+", "#", "a\n"])
def test_a_thing_needs_a_name_that_can_stand_in_a_topic(thing: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Device("nowhere", user="u", password="p", thing=thing, link=Wire())


def test_an_unknown_grade_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no such grade"):
        device(Wire()).measure("pm25", 1, grade="public")


def test_an_introduction_is_read_by_the_hub() -> None:
    wire = Wire()
    assert device(wire).introduce("Balcony", exposure="outdoor", datastreams={"pm25": {"unit": "ug/m3"}})
    topic, payload = wire.taken[0]
    said = DECODERS["native"](Message(Nobody(), 1, topic, payload, 0), Heard()).announcements
    assert [(a.property, a.name, a.unit, a.exposure) for a in said] == [
        ("", "Balcony", None, "outdoor"),
        ("pm25", None, "ug/m3", "outdoor"),
    ]


def test_errors_are_told_in_the_hubs_words() -> None:
    wire = Wire()
    wire.said = [b'{"code":"refused","type":"payload","message":"the value is text"}', b"plain"]
    wire.trouble = "Not authorized"
    balcony = device(wire)
    assert [*balcony.errors()][1:] == ["the value is text", "plain"]
    assert "Not authorized" in next(balcony.errors())


def test_the_backlog_is_bounded_and_gives_up_the_oldest() -> None:
    backlog = Backlog(most=10)
    for at in range(25):
        backlog.add([{"n": "a", "v": at}])
    _, kept = backlog.oldest(100)
    assert [record["v"] for record in kept] == list(range(15, 25))
    assert len(backlog) == 10


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr("devices.client.PahoLink", lambda *_, **__: wire)
    monkeypatch.setattr(client_command, "_PAUSE", 0)
    monkeypatch.setenv("BARRIO_PASSWORD", "p")
    return wire


def test_the_command_sends_what_is_typed(wire: Wire) -> None:
    assert client_command.main(["--user", "u", "--thing", "balcony", "temperature=21.5Cel", "pm25=12 ug/m3"]) == 0
    assert [(r["n"], r["v"], r["u"]) for r in records(wire)] == [("temperature", 21.5, "Cel"), ("pm25", 12.0, "ug/m3")]


def test_the_command_sends_a_stream_and_names_lines_that_are_none(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("temperature 21.5 Cel\n\nwarm\ntemperature 21.75 Cel\n"))
    assert client_command.main(["--user", "u", "--thing", "balcony", "-"]) == 0
    assert [r["v"] for r in records(wire)] == [21.5, 21.75]
    assert "line 3" in capsys.readouterr().err


def test_the_command_says_what_is_wrong(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    wire.said = [b'{"message":"the value is text"}']
    assert client_command.main(["--user", "u", "--thing", "balcony", "a=1"]) == 1
    wire.up = False
    assert client_command.main(["--user", "u", "--thing", "balcony", "a=1"]) == 1
    told = capsys.readouterr().err
    assert "the value is text" in told
    assert "1 readings are not acknowledged yet" in told


@pytest.mark.parametrize("typed", [["--thing", "balcony", "warm"], ["--thing", "a/b", "a=1"]])
def test_the_command_refuses_what_it_cannot_read(wire: Wire, typed: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        client_command.main(["--user", "u", *typed])
    assert stop.value.code == 2
    assert wire.taken == []
