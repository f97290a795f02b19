"""The owner's side opens what is hers, says what is not, and needs no hub."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from devices import keys
from devices.seal import Sealer
from devices.unseal import FileTrouble, Unsealed
from tests.devices.test_seal import PRIVATE, RECORD, SIGNER, SIGNING


def row(body: bytes, signer: bytes | None = SIGNER) -> str:
    said = None if signer is None else base64.b64encode(signer).decode()
    return json.dumps(
        {"thing": "Hall, below", "received": 1, "signer": said, "envelope": base64.b64encode(body).decode()}
    )


def written(folder: Path, *lines: str, first: str = '{"barrio":"sealed","version":1}', end: bool = True) -> Path:
    file = folder / "sealed.jsonl"
    last = [json.dumps({"envelopes": len(lines)})] if end else []
    file.write_text("\n".join([first, *lines, *last]) + "\n")
    return file


def body(sequence: int = 1, private: bytes = PRIVATE) -> bytes:
    return Sealer(keys.public_of(private), SIGNING, "hall").seal([RECORD], sequence)


def test_readings_come_out_as_csv(tmp_path: Path) -> None:
    unsealed = Unsealed(written(tmp_path, row(body()), row(body(2))), PRIVATE)
    assert list(unsealed.lines()) == [
        "thing,name,time,value,unit",
        '"Hall, below",presence,2026-06-01T12:00:00.250000+00:00,True,',
        '"Hall, below",presence,2026-06-01T12:00:00.250000+00:00,True,',
    ]
    assert unsealed.whole
    assert not unsealed.troubles


def test_what_does_not_open_is_counted_with_its_reason_and_the_rest_comes_out(tmp_path: Path) -> None:
    changed = body()[:-70] + bytes(6) + body()[-64:]
    file = written(tmp_path, row(body(1, bytes(32))), row(changed), row(body(), None), row(b"?"), row(body()))
    unsealed = Unsealed(file, PRIVATE)
    assert len(list(unsealed.lines())) == 2
    assert unsealed.troubles.total() == 4
    assert unsealed.whole


def test_an_owner_who_knows_her_things_keys_believes_no_others(tmp_path: Path) -> None:
    file = written(tmp_path, row(body()))
    mine = Unsealed(file, PRIVATE, [keys.written(keys.THING, SIGNER)])
    assert len(list(mine.lines())) == 2
    other = Unsealed(file, PRIVATE, [keys.written(keys.THING, bytes(32))])
    assert len(list(other.lines())) == 1
    assert "none of the keys" in next(iter(other.troubles))


def test_a_file_that_is_cut_short_is_known(tmp_path: Path) -> None:
    unsealed = Unsealed(written(tmp_path, row(body()), end=False), PRIVATE)
    assert len(list(unsealed.lines())) == 2
    assert not unsealed.whole


@pytest.mark.parametrize("first", ["", "[]", "{}", "no", '{"barrio":"other"}', '{"barrio":"sealed"}\n7\n', "\ufeff"])
def test_a_file_that_is_something_else_is_said_to_be(tmp_path: Path, first: str) -> None:
    with pytest.raises(FileTrouble):
        list(Unsealed(written(tmp_path, first=first), PRIVATE).lines())
    with pytest.raises(FileTrouble):
        list(Unsealed(tmp_path / "nothing", PRIVATE).lines())
