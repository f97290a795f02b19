"""What a device seals opens with the household's own key, in its own place, and looks the same whatever is inside."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from devices import keys
from devices.backlog import Record
from devices.seal import Sealer, SealTrouble, key_name, opened

PRIVATE = bytes(range(32))
SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNER = SIGNING.public_key().public_bytes_raw()
RECORD: Record = {"n": "presence", "vb": True, "t": 1_780_315_200.25}


def sealer(thing: str = "hall", size: int = 512, private: bytes = PRIVATE) -> Sealer:
    return Sealer(keys.public_of(private), SIGNING, thing, size)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
RECORDS = st.lists(st.fixed_dictionaries({"n": NAMES, "v": st.floats(allow_nan=False, allow_infinity=False)}))


@given(records=RECORDS, sequence=st.integers(0, 2**63 - 1))
def test_what_fits_comes_out_again_and_every_envelope_is_as_long(records: list[Record], sequence: int) -> None:
    one = sealer()
    count = one.fitting(records)
    body = one.seal(records[:count], sequence)
    assert opened(body, PRIVATE, SIGNER) == ("hall", sequence, records[:count])
    assert len(body) == len(one.seal([], 1))
    if count < len(records):
        with pytest.raises(ValueError, match="do not fit"):
            one.seal(records[: count + 1], sequence)


def test_nothing_of_what_is_inside_can_be_found_outside() -> None:
    body = sealer().seal([RECORD] * 3, 7)
    assert b"presence" not in body
    assert sealer().seal([RECORD], 7)[30:] != sealer().seal([RECORD], 7)[30:]


def test_it_opens_with_no_other_key() -> None:
    with pytest.raises(SealTrouble, match="another key"):
        opened(sealer().seal([RECORD], 7), bytes(32), SIGNER)


def test_a_signature_of_another_thing_is_refused() -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(SealTrouble, match="not signed by this thing"):
        opened(sealer().seal([RECORD], 7), PRIVATE, other)


@pytest.mark.parametrize(("thing", "sequence"), [("attic", 7), ("hall", 8)])
def test_a_box_that_was_moved_to_another_thing_or_number_does_not_open_even_when_it_is_signed_anew(
    thing: str, sequence: int
) -> None:
    mine, other = sealer().seal([RECORD], 7), sealer(thing).seal([], sequence)
    box = mine[len(mine) - 64 - (512 + 48) : -64]
    head = other[: len(other) - 64 - (512 + 48)]
    moved = head + box
    moved += SIGNING.sign(moved)
    with pytest.raises(SealTrouble, match="moved from another place"):
        opened(moved, PRIVATE, SIGNER)


@given(st.binary(max_size=800))
def test_what_is_no_envelope_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(SealTrouble):
        opened(body, PRIVATE, None)


def test_every_changed_byte_is_noticed() -> None:
    body = sealer().seal([RECORD], 7)
    for at in range(0, len(body), 7):
        with pytest.raises(SealTrouble):
            opened(body[:at] + bytes([body[at] ^ 4]) + body[at + 1 :], PRIVATE, SIGNER)


@pytest.mark.parametrize("size", [0, 127, 32_769])
def test_a_room_that_is_none_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="room"):
        sealer(size=size)


def test_the_name_of_a_key_is_made_of_it() -> None:
    raw = keys.read(keys.PUBLIC, keys.public_of(PRIVATE))
    assert key_name(raw) == key_name(raw)
    assert key_name(raw) != key_name(keys.read(keys.PUBLIC, keys.public_of(bytes(32))))


def test_a_key_file_is_its_owners_alone_and_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "household.key"
    keys.write_file(file, keys.PRIVATE, PRIVATE, "Print me.\nTwice.")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("# Print me.\n# Twice.\nopen-")
    assert keys.read_file(keys.PRIVATE, file) == PRIVATE
    with pytest.raises(keys.KeyTrouble, match="never written over"):
        keys.write_file(file, keys.PRIVATE, bytes(32))
    assert keys.read_file(keys.PRIVATE, file) == PRIVATE


def test_a_signing_key_is_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "hall.sign"
    first = keys.signing_key(file)
    assert keys.signing_key(file).private_bytes_raw() == first.private_bytes_raw()
    with pytest.raises(keys.KeyTrouble, match="begins with open-"):
        keys.read_file(keys.PRIVATE, file)


def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    wrong = keys.written(keys.PRIVATE, PRIVATE)[:-1] + "a"
    for text in (wrong, "open-!!", "open-", "", "seal-" + wrong[5:]):
        with pytest.raises(keys.KeyTrouble) as refusal:
            keys.read(keys.PRIVATE, text)
        assert wrong[5:20] not in str(refusal.value)
    with pytest.raises(keys.KeyTrouble, match="cannot be read"):
        keys.read_file(keys.PRIVATE, tmp_path / "nothing")


def test_what_is_inside_is_a_senml_pack() -> None:
    _, _, records = opened(sealer().seal([RECORD], 7), PRIVATE, SIGNER)
    assert json.loads(json.dumps(records)) == [RECORD]
