"""A client that seals loses nothing and keeps time: one envelope of one size at each beat, whatever was measured."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from devices import client_command, keys
from devices.beat import Pouring, beats
from devices.client import Device
from devices.outbox import Outbox
from devices.seal import Sealer, opened
from hub.core.reading import Heard, Message
from hub.core.sealed import envelope
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody
from tests.devices.test_client import Wire
from tests.devices.test_seal import PRIVATE, SIGNER, SIGNING


def device(wire: Wire, backlog: Path | None = None, size: int = 256) -> Device:
    seal = Sealer(keys.public_of(PRIVATE), SIGNING, "hall", size)
    return Device("nowhere", user="u", password="p", thing="hall", backlog=backlog, seal=seal, link=wire)


def values(wire: Wire) -> list[object]:
    """What the household reads of all that was sent."""
    return [record["v"] for _, body in wire.taken for record in opened(body, PRIVATE, SIGNER)[2]]


def test_nothing_goes_out_in_clear_and_the_household_reads_it_all() -> None:
    wire = Wire()
    with device(wire) as hall:
        hall.measure("presence", 4242.5, unit="1", at=1_780_315_200)
        assert hall.flush() == 0
    ((topic, body),) = wire.taken
    assert topic == "things/hall/sealed"
    assert b"presence" not in body
    assert opened(body, PRIVATE, SIGNER)[2] == [{"n": "presence", "t": 1_780_315_200, "v": 4242.5, "u": "1"}]


def test_each_flush_is_one_envelope_of_one_size_and_rising_number_whatever_was_measured() -> None:
    wire = Wire()
    with device(wire) as hall:
        for count in (0, 1, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0):
            for value in range(count):
                hall.measure("t", value, at=1_780_315_200 + value)
            hall.flush()
    assert len(wire.taken) == 16
    assert len({len(body) for _, body in wire.taken}) == 1
    numbers = [envelope(body, "hall").sequence for _, body in wire.taken]
    assert numbers == sorted(set(numbers))
    assert values(wire) == [0, *range(30)]


def test_what_cannot_be_sent_is_kept_sealed_over_a_restart_and_goes_out_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "hall.db"
    with device(Wire(up=False), file) as hall:
        for value in range(3):
            hall.measure("t", value)
            assert hall.flush(patience=0) == value + 1
    with device(Wire(up=False), file) as hall:
        assert hall.waiting == 3
    wire = Wire()
    with device(wire, file) as hall:
        assert hall.flush() == 0
    assert values(wire) == [0, 1, 2]
    assert len(wire.taken) == 4


def test_a_number_is_never_used_twice_whatever_the_clock_does(tmp_path: Path) -> None:
    for now in (1000, 1000, 5, 2000):
        outbox = Outbox(tmp_path / "hall.db")
        number = outbox.next(now)
        outbox.add(number, b"x")
        outbox.forget(number)
        outbox.close()
    outbox = Outbox(tmp_path / "hall.db")
    assert number == 2000
    assert outbox.next(0) == 2001
    outbox.close()


def test_an_outbox_is_bounded_and_gives_up_the_oldest() -> None:
    outbox = Outbox(most=3)
    for number in range(1, 6):
        outbox.add(number, b"%d" % number)
    assert len(outbox) == 3
    assert outbox.oldest() == (3, b"3")
    outbox.close()


def test_a_reading_that_fits_into_no_envelope_is_refused_at_once() -> None:
    hall = device(Wire(), size=128)
    with pytest.raises(ValueError, match="too long"):
        hall.measure("n" * 128, 1)
    hall.close()


def test_an_introduction_says_who_signs() -> None:
    wire = Wire()
    with device(wire) as hall:
        hall.introduce("Hall")
    ((topic, payload),) = wire.taken
    (about,) = DECODERS["native"](Message(Nobody(), 1, topic, payload, 0), Heard()).announcements
    assert about.signing_key == SIGNER


def test_the_beat_does_not_follow_the_work_and_what_was_missed_is_left_out() -> None:
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    moments = []
    for _, work in zip(beats(10, lambda: now[0], sleep), (0, 3, 9.5, 25, 1, 0), strict=False):
        moments.append(now[0])
        now[0] += work
    assert moments == [100, 110, 120, 130, 160, 170]


def test_lines_that_pour_in_are_all_there_and_the_end_is_known() -> None:
    pouring, found = Pouring(iter(["a 1", "b 2"])), []
    deadline = time.monotonic() + 10
    while not pouring.over and time.monotonic() < deadline:
        found += pouring.taken()
    assert found == ["a 1", "b 2"]
    assert pouring.over


def test_the_command_keeps_time_until_its_input_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()

    class Known(Device):
        def __init__(self, *args: object, **also: object) -> None:
            super().__init__(*args, **(also | {"link": wire}))  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(client_command, "Device", Known)
    monkeypatch.setattr("sys.stdin", io.StringIO("t 1\nt 2\nnonsense\nt 3\n"))
    monkeypatch.setattr(client_command, "_PAUSE", 0)
    words = ["--user", "u", "--password", "p", "--thing", "hall", "--every", "0.05", "-", "--seal",
             keys.public_of(PRIVATE), "--signing-key", str(tmp_path / "hall.sign")]  # fmt: skip
    assert client_command.main(words) == 0
    signer = keys.signing_key(tmp_path / "hall.sign").public_key().public_bytes_raw()
    (topic, _), *sent = wire.taken
    assert topic == "things/hall/about"
    assert [r["v"] for _, body in sent for r in opened(body, PRIVATE, signer)[2]] == [1, 2, 3]
    assert len({len(body) for _, body in sent}) == 1


def test_the_command_wants_a_signing_key_that_stays(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--user", "u", "--password", "p", "--thing", "hall", "t=1", "--seal", keys.public_of(PRIVATE)]
    with pytest.raises(SystemExit):
        client_command.main(words)
    assert "--signing-key" in capsys.readouterr().err
