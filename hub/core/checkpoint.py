"""The log's head as it is published: a C2SP tlog-checkpoint in a signed note (Ed25519).

Rule: whoever keeps these lines and the key can tell, without trusting the hub, whether the log was changed since.
Formats: c2sp.org/tlog-checkpoint, c2sp.org/signed-note. Sizes are in leaves.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

_ALGORITHM = b"\x01"
_KEY_BYTES, _SIGNATURE_BYTES, _HASH_BYTES = 32, 64, 32
_LEAST_LINES = 3
_SIGNED = "\N{EM DASH} "


class NotGenuine(Exception):
    """Something is not what it says it is; the text says what and what to do."""


class Checkpoint(Struct, frozen=True):
    """A log's head: whose log (`origin`), how many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes


def verifier_key(origin: str, secret: bytes) -> str:
    """The public key of a 32-byte secret as a signed note's verifiers know it: ``origin+hash+key``."""
    public = _ALGORITHM + _private(secret).public_key().public_bytes_raw()
    return f"{origin}+{_key_id(origin, public).hex()}+{base64.b64encode(public).decode()}"


def origin_of(secret: bytes) -> str:
    """What a hub's log is called: nothing but a number made of its key, so that it names no place."""
    return f"barrio/log/{hashlib.sha256(_private(secret).public_key().public_bytes_raw()).hexdigest()[:16]}"


def signed(head: Checkpoint, secret: bytes) -> str:
    """The checkpoint as a signed note."""
    text = f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"
    public = _ALGORITHM + _private(secret).public_key().public_bytes_raw()
    stamp = _key_id(head.origin, public) + _private(secret).sign(text.encode())
    return f"{text}\n{_SIGNED}{head.origin} {base64.b64encode(stamp).decode()}\n"


def opened(note: str, key: str) -> Checkpoint:
    """The checkpoint in a note that this key has signed.

    Raises:
        NotGenuine: it is no such note, or the key has not signed it.
    """
    origin, key_id, public = _read_key(key)
    text, _, stamps = note.partition("\n\n")
    head = _read_head(text)
    if head.origin != origin:
        raise NotGenuine(f"the checkpoint is of {head.origin}, the key of {origin}: take the key of that log")
    stamp = next((_stamp(line, origin, key_id) for line in stamps.splitlines() if line.startswith(_SIGNED)), None)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(stamp or b"", f"{text}\n".encode())
    except InvalidSignature:
        raise NotGenuine(
            f"the checkpoint of size {head.size} is not signed with this key: ask the hub's people about it"
        ) from None
    return head


def notes(text: str) -> Iterator[str]:
    """The notes in a file of notes, one after the other, with or without empty lines between."""
    lines: list[str] = []
    stamped = False
    for line in text.splitlines():
        stamp = line.startswith(_SIGNED)
        if stamped and not stamp:
            yield "\n".join(lines) + "\n"
            lines, stamped = [], False
        if line or lines:
            lines.append(line)
        stamped = stamped or stamp
    if lines:
        yield "\n".join(lines) + "\n"


def is_key(line: str) -> bool:
    """Whether a line is a verifier's key."""
    try:
        _read_key(line)
    except NotGenuine:
        return False
    return True


def _private(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(secret)


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]


def _read_key(key: str) -> tuple[str, bytes, bytes]:
    """Name, key id and raw public key of ``name+hash+key`` (the key's base64 may hold more +)."""
    name, _, rest = key.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    public = _unpacked(encoded)
    right = public[:1] == _ALGORITHM and len(public) == 1 + _KEY_BYTES and _key_id(name, public).hex() == key_id
    if not right or not name or " " in name:
        raise NotGenuine("this is no log's key: it looks like barrio/log/…+…+… and stands at the head of /log/batches")
    return name, _key_id(name, public), public[1:]


def _read_head(text: str) -> Checkpoint:
    lines = text.split("\n")
    digest = _unpacked(lines[2]) if len(lines) >= _LEAST_LINES else b""
    if (
        len(digest) != _HASH_BYTES
        or not lines[1].isascii()
        or not lines[1].isdecimal()
        or (lines[1] != "0" and lines[1].startswith("0"))
    ):
        raise NotGenuine("this is no checkpoint: it begins with the log's name, a size and a root, a line each")
    return Checkpoint(lines[0], int(lines[1]), digest)


def _stamp(line: str, name: str, key_id: bytes) -> bytes | None:
    """The signature in a line, if it is this key's."""
    who, _, encoded = line.removeprefix(_SIGNED).rpartition(" ")
    raw = _unpacked(encoded)
    mine = who == name and raw[:4] == key_id and len(raw) == len(key_id) + _SIGNATURE_BYTES
    return raw[4:] if mine else None


def _unpacked(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
