"""What runs on a board loses nothing while the network is away, and wears the flash as little as it can."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from hub.core.reading import Heard, Message, Reading
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody
from tests.devices.board import MQTTException  # and with it, umqtt is there

from devices.micropython import barrio  # isort: skip

NOW = 1_780_315_200
KEY = {"user": "u7", "password": "secret", "thing": "balcony"}


class Air:
    """A hub that is reached while it is `up`; what it has acknowledged is in `taken`."""

    def __init__(self) -> None:
        self.up = True
        self.refuses = 0
        self.left = -1
        """So many messages are acknowledged before the line breaks (-1: all)."""
        self.taken: list[tuple[str, bytes]] = []
        self.connected = 0
        self.says: list[tuple[bytes, bytes]] = []

    def records(self) -> list[dict[str, object]]:
        return [record for topic, body in self.taken if topic.endswith("/readings") for record in json.loads(body)]

    def readings(self, received: int = NOW) -> list[Reading]:
        """As the hub reads them."""
        messages = [Message(Nobody(), 1, t, b, received * 1_000_000) for t, b in self.taken if t.endswith("/readings")]
        return [reading for m in messages for reading in DECODERS["native"](m, Heard()).readings]


class Client:
    """umqtt's client, in this air."""

    air: Air

    def __init__(self, *_: object) -> None:
        self.sock = None
        self.callback: Callable[[bytes, bytes], object] = lambda *_: None

    def set_callback(self, callback: Callable[[bytes, bytes], object]) -> None:
        self.callback = callback

    def connect(self) -> None:
        if self.air.refuses:
            raise MQTTException(self.air.refuses)
        self._breaks()
        self.air.connected += 1

    def subscribe(self, _topic: bytes) -> None:
        self._breaks()

    def publish(self, topic: bytes, body: bytes, qos: int) -> None:
        assert qos == 1
        self._breaks()
        if self.air.left == 0:
            self.air.up = False
            raise OSError(-1)
        self.air.left -= 1
        self.air.taken.append((topic.decode(), body))

    def check_msg(self) -> None:
        self._breaks()
        while self.air.says:
            self.callback(*self.air.says.pop())

    wait_msg = check_msg

    def disconnect(self) -> None:
        pass

    def _breaks(self) -> None:
        if not self.air.up:
            raise OSError(113)


class Clock:
    """The board's clock."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def time(self) -> float:
        return self.now


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Air:
    monkeypatch.chdir(tmp_path)
    air = Air()
    monkeypatch.setattr(barrio, "MQTTClient", type("Here", (Client,), {"air": air}))
    return air


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(barrio, "time", clock)
    return clock


def sensor() -> barrio.Sensor:
    return barrio.Sensor("hub.local", KEY, {"name": "Balcony", "exposure": "outdoor"})


def test_a_reading_reaches_the_hub_with_its_time_unit_and_wish(air: Air, clock: Clock) -> None:
    balcony = sensor()
    balcony.measure("temperature", 21.5, "Cel")
    balcony.measure("noise", 51, "dB[SPL]", grade="home")
    balcony.measure("door", value=True)
    clock.now += 30
    assert balcony.flush()
    warm, noise, door = air.readings()
    assert (warm.thing, warm.property, warm.value, warm.unit) == ("balcony", "temperature", 21.5, "Cel")
    assert {reading.time for reading in (warm, noise, door)} == {NOW * 1_000_000}
    assert noise.wish is not None
    assert noise.wish.word == "home"
    assert door.value is True


def test_it_says_what_it_is_and_the_hub_reads_it(air: Air, clock: Clock) -> None:
    assert sensor().flush()
    assert clock.now == NOW
    topic, body = air.taken[0]
    said = DECODERS["native"](Message(Nobody(), 1, topic, body, 0), Heard()).announcements
    assert [(a.thing, a.name, a.exposure) for a in said] == [("balcony", "Balcony", "outdoor")]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -float("inf")])
def test_what_was_not_measured_is_left_out(air: Air, value: float | None) -> None:
    balcony = sensor()
    balcony.measure("temperature", value)
    assert balcony.flush()
    assert air.records() == []


def test_what_cannot_be_sent_waits_in_flash_over_a_power_cut_and_goes_out_in_order(air: Air, clock: Clock) -> None:
    air.up = False
    for count in range(50):
        balcony = sensor()  # the power was cut each time
        balcony.measure("t", count)
        assert not balcony.flush()
        assert isinstance(balcony.trouble, OSError)
        clock.now += 60
    air.up = True
    assert sensor().flush()
    assert [record["v"] for record in air.records()] == list(range(50))
    assert [record["t"] for record in air.records()] == [NOW + 60 * count for count in range(50)]
    assert [len(json.loads(body)) for topic, body in air.taken if "readings" in topic] == [20, 20, 10]
    assert not [path.name for path in Path().iterdir()]


def test_a_line_that_breaks_in_the_middle_loses_nothing(air: Air, clock: Clock) -> None:
    balcony = sensor()
    air.up = False
    for count in range(95):
        balcony.measure("t", count)
        clock.now += 1
    assert not balcony.flush()
    air.up, air.left = True, 3
    assert not balcony.flush()
    air.up, air.left = True, -1
    assert balcony.flush()
    assert {record["v"] for record in air.records()} == set(range(95))


def test_the_flash_is_bounded_and_gives_up_the_oldest(air: Air, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrio, "ROOM", 2_000)
    air.up = False
    balcony = sensor()
    for count in range(300):
        balcony.measure("temperature", count, "Cel")
        clock.now += 1
        balcony.flush()
    assert sum(path.stat().st_size for path in Path().iterdir()) < 2 * 2_000 + 500
    air.up = True
    assert balcony.flush()
    kept = [record["v"] for record in air.records()]
    assert kept == list(range(300 - len(kept), 300))
    assert len(kept) > 30


def test_a_line_in_flash_that_was_torn_is_passed_over(air: Air) -> None:
    Path("barrio.new").write_bytes(
        b'\n{"n":"t","v":1,"t":1780315200}\n{"n":"t","v":2,"t"\n{"n":"t","v":3,"t":1780315202}'
    )
    assert sensor().flush()
    assert [record["v"] for record in air.records()] == [1, 3]


def test_an_old_connection_that_died_is_made_anew_at_once(air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
    balcony = sensor()
    assert balcony.flush()

    def died() -> None:
        raise OSError(104)

    monkeypatch.setattr(balcony.client, "publish", lambda *_, **__: died())
    balcony.measure("t", 1)
    assert balcony.flush()
    assert [record["v"] for record in air.records()] == [1]
    assert air.connected == 2


def test_a_credential_that_the_hub_does_not_take_is_told_and_nothing_is_lost(air: Air) -> None:
    balcony = sensor()
    balcony.measure("t", 1)
    air.refuses = 5
    assert not balcony.flush()
    assert isinstance(balcony.trouble, MQTTException)
    air.refuses = 0
    assert balcony.flush()
    assert [record["v"] for record in air.records()] == [1]


def test_without_a_clock_the_hub_is_told_how_long_ago_it_was(air: Air, clock: Clock) -> None:
    clock.now = 120.0  # two minutes after it was switched on
    balcony = sensor()
    air.up = False
    balcony.measure("t", 1)
    assert not balcony.flush()
    clock.now += 45
    air.up = True
    balcony.measure("t", 2)
    assert balcony.flush()
    assert [record["t"] for record in air.records()] == [-45, 0]
    assert [reading.time for reading in air.readings()] == [(NOW - 45) * 1_000_000, None]  # None: now


def test_what_was_measured_before_the_clock_was_set_gets_its_right_time(
    air: Air, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = 120.0
    balcony = sensor()
    balcony.measure("t", 1)
    clock.now += 30
    ntptime = ModuleType("ntptime")
    vars(ntptime)["settime"] = lambda: setattr(clock, "now", float(NOW))
    monkeypatch.setitem(sys.modules, "ntptime", ntptime)
    assert balcony.flush()
    assert [record["t"] for record in air.records()] == [NOW - 30]


def test_without_a_clock_so_many_wait_in_ram_and_no_more(air: Air, clock: Clock) -> None:
    clock.now = 120.0
    air.up = False
    balcony = sensor()
    for count in range(250):
        balcony.measure("t", count)
    assert not balcony.flush()
    assert [record["v"] for _, record in balcony.fresh] == list(range(150, 250))


def test_a_full_flash_keeps_what_ram_can_hold(air: Air, clock: Clock) -> None:
    assert clock.now == NOW
    balcony = sensor()
    air.up = False
    Path("barrio.new").mkdir()  # nothing can be written there
    balcony.measure("t", 1)
    assert not balcony.flush()
    Path("barrio.new").rmdir()
    air.up = True
    assert balcony.flush()
    assert [record["v"] for record in air.records()] == [1]


def test_what_the_hub_says_is_printed(air: Air, capsys: pytest.CaptureFixture[str]) -> None:
    air.says.append((b"things/balcony/errors", b"the value is text"))
    assert sensor().flush()
    assert "the hub says: the value is text" in capsys.readouterr().out


def test_a_token_becomes_a_credential_that_stays_in_flash(air: Air) -> None:
    air.says.append((b"enrol/credential", json.dumps(KEY).encode()))
    assert barrio.credential("hub.local", "token") == KEY
    assert air.taken == [("enrol/done", b"1")]
    assert barrio.credential("hub.local", "") == KEY
    assert air.connected == 1


def test_a_credential_that_a_power_cut_tore_is_asked_for_again(air: Air) -> None:
    Path("barrio.json").write_text('{"user": "u')
    air.says.append((b"enrol/credential", json.dumps(KEY).encode()))
    assert barrio.credential("hub.local", "token") == KEY


def test_it_fits_on_a_board_and_says_only_what_a_board_understands() -> None:
    text = Path(barrio.__file__ or "").read_text(encoding="utf-8")
    imports = {line for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert {line.split()[1] for line in imports} == {"json", "os", "time", "umqtt.simple"}
    assert len(text.splitlines()) < 160
