"""The hub reads an envelope's outside as devices write it, and keeps to what it may know of keys."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from devices import keys
from devices import seal as theirs
from hub.core import sealed
from hub.core.reading import DecodeError

HUB = Path(__file__).resolve().parents[2] / "hub"
KEY = st.binary(min_size=32, max_size=32)
HOME = X25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = HOME.public_key().public_bytes_raw()
THING = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNER = THING.public_key().public_bytes_raw()


def sealer(thing: str = "hall", size: int = 256) -> theirs.Sealer:
    return theirs.Sealer(keys.written(keys.PUBLIC, PUBLIC), THING, thing, size)


@given(name=st.text(min_size=1, max_size=60), sequence=st.integers(0, 2**63 - 1))
def test_the_hub_reads_the_outside_as_devices_write_it(name: str, sequence: int) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    body = sealer(name).seal([{"n": "t", "v": 1.0}], sequence)
    found = sealed.envelope(body, name)
    assert (found.thing, found.sequence, found.body) == (name, sequence, body)
    assert found.key == sealed.key_name(PUBLIC) == theirs.key_name(PUBLIC).hex()


@given(KEY)
def test_both_sides_write_and_read_keys_alike(raw: bytes) -> None:
    for kind in (sealed.PUBLIC, sealed.THING):
        text = sealed.written_key(kind, raw)
        assert text == keys.written(kind, raw)
        assert sealed.read_key(kind, text) == keys.read(kind, text) == raw
        assert sealed.read_key(kind, f"  {text.upper().replace('-', ' - ')}\n".replace(" - ", "-", 1)) == raw


@given(KEY, st.data())
def test_a_mistyped_letter_is_noticed(raw: bytes, data: st.DataObject) -> None:
    text = sealed.written_key(sealed.PUBLIC, raw)
    at = data.draw(st.sampled_from([i for i in range(5, len(text)) if text[i] != "-"]))
    other = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda c: c != text[at]))
    with pytest.raises(ValueError, match="mistyped"):
        sealed.read_key(sealed.PUBLIC, text[:at] + other + text[at + 1 :])


def test_a_private_key_is_never_taken_for_a_public_one() -> None:
    for kind in (keys.PRIVATE, keys.SIGNING):
        with pytest.raises(ValueError, match="keep it to yourself") as refusal:
            sealed.read_key(sealed.PUBLIC, keys.written(kind, bytes(32)))
        assert "aaaa" not in str(refusal.value)
    with pytest.raises(ValueError, match="begins with seal-"):
        sealed.read_key(sealed.PUBLIC, keys.written(keys.THING, bytes(32)))


def test_what_is_changed_anywhere_is_no_longer_signed() -> None:
    body = sealer().seal([{"n": "t", "v": 1.0}], 7)
    assert sealed.is_signed(body, SIGNER)
    for at in range(len(body)):
        assert not sealed.is_signed(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], SIGNER)
    assert not sealed.is_signed(body, Ed25519PrivateKey.generate().public_key().public_bytes_raw())


def test_an_envelope_of_another_thing_is_refused() -> None:
    with pytest.raises(DecodeError, match="another thing"):
        sealed.envelope(sealer("attic").seal([], 1), "hall")


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: sealed.MAGIC + tail))
def test_whatever_bytes_come_are_an_envelope_or_a_decode_error(payload: bytes) -> None:
    try:
        assert sealed.envelope(payload, "hall").thing == "hall"
    except DecodeError:
        return


def test_what_is_too_big_or_numbered_too_high_is_refused() -> None:
    with pytest.raises(DecodeError, match="63 bits"):
        sealed.envelope(sealer().seal([], 2**63), "hall")
    with pytest.raises(DecodeError, match="bytes at most"):
        sealed.envelope(sealer().seal([], 1) + bytes(sealed.LARGEST), "hall")


@pytest.mark.slow
def test_nothing_that_serves_can_open_an_envelope() -> None:
    """Only the command of the owner's own machine knows how; the hub's rooms do not even import it."""
    opens = {"cryptography.hazmat.primitives.hpke", "devices.seal", "devices.unseal", "devices.keys", "devices"}
    found = set()
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found |= {path.relative_to(HUB).as_posix() for name in named if name in opens}
    assert found <= {"cli/household.py", "demo.py"}
