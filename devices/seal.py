"""Envelopes that only the household's own key opens: readings padded to one size, sealed (HPKE) and signed (Ed25519).

    magic 6 | key name 8 | sequence 8 | length of the thing's name 2 | the name | sealed box | signature 64

Numbers are big-endian. The box is RFC 9180's single shot, base mode, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
ChaCha20-Poly1305; all that stands before it is its `info`, so it opens in no other place. The signature covers
everything before it, because base mode does not say who sealed. Inside is a SenML pack (RFC 8428, JSON) with its
length before it (4 bytes) and zeros behind it, up to the one size that a thing always uses.

Rule: every envelope of a thing is as long as any other, whatever was measured; one without readings too.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from devices import keys
from devices.backlog import Record

MAGIC = b"bseal1"
SIZE = 1024
"""Bytes of room in an envelope: about a dozen readings."""
LEAST, MOST = 128, 32_768
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_HEAD = struct.Struct(">6s8sQH")
_LENGTH = struct.Struct(">I")
_SIGNATURE = 64


class SealTrouble(Exception):
    """An envelope cannot be opened; the text says why."""


class Sealer:
    """Seals the readings of one thing to one household."""

    def __init__(self, key: str, signing: Ed25519PrivateKey, thing: str, size: int = SIZE) -> None:
        """`key` is the household's (`seal-…`), `signing` the thing's own, `size` the room in each envelope in bytes.

        Raises:
            KeyTrouble: the key cannot be used.
            ValueError: the size is none.
        """
        if not LEAST <= size <= MOST:
            raise ValueError(f"an envelope has room for {LEAST} to {MOST} bytes")
        raw = keys.read(keys.PUBLIC, key)
        self._to = X25519PublicKey.from_public_bytes(raw)
        self._name, self._signing, self._thing, self._size = key_name(raw), signing, thing.encode(), size

    @property
    def public_key(self) -> str:
        """The thing's public key as text, to be told in `about`."""
        return keys.written(keys.THING, self._signing.public_key().public_bytes_raw())

    def fitting(self, records: Sequence[Record]) -> int:
        """How many of these, from the first, fit into one envelope."""
        room, count = self._size - _LENGTH.size - 2, 0
        for record in records:
            room -= len(_json(record)) + (1 if count else 0)
            if room < 0:
                break
            count += 1
        return count

    def seal(self, records: Sequence[Record], sequence: int) -> bytes:
        """The envelope of these records; a sequence number is used once."""
        head = _HEAD.pack(MAGIC, self._name, sequence, len(self._thing)) + self._thing
        pack = b"[" + b",".join(_json(record) for record in records) + b"]"
        inside = (_LENGTH.pack(len(pack)) + pack).ljust(self._size, b"\0")
        if len(inside) > self._size:
            raise ValueError("these readings do not fit into one envelope")
        whole = head + _SUITE.encrypt(inside, self._to, info=head)
        return whole + self._signing.sign(whole)


def key_name(public: bytes) -> bytes:
    """The name of a household's key: the first 8 bytes of the SHA-256 of its 32."""
    return hashlib.sha256(public).digest()[:8]


def opened(envelope: bytes, private: bytes, signer: bytes | None) -> tuple[str, int, list[Record]]:
    """The owner's side: (thing, sequence, SenML records) of an envelope.

    In: the household's private key, and the public key of the thing that must have signed (None: whoever did).

    Raises:
        SealTrouble: it is none, was changed or moved, is somebody else's, or another thing signed it.
    """
    mine = X25519PrivateKey.from_private_bytes(private)
    try:
        magic, name, sequence, length = _HEAD.unpack_from(envelope)
        head = envelope[: _HEAD.size + length]
        thing = head[_HEAD.size :].decode()
    except (struct.error, UnicodeDecodeError):
        raise SealTrouble("this is no envelope") from None
    if magic != MAGIC:
        raise SealTrouble("this is no envelope")
    if name != key_name(mine.public_key().public_bytes_raw()):
        raise SealTrouble("it was sealed to another key")
    box, signature = envelope[len(head) : -_SIGNATURE], envelope[-_SIGNATURE:]
    try:
        if signer is not None:
            Ed25519PublicKey.from_public_bytes(signer).verify(signature, head + box)
        inside = _SUITE.decrypt(box, mine, info=head)
    except InvalidSignature:
        raise SealTrouble("it was not signed by this thing, or it was changed on the way") from None
    except InvalidTag:
        raise SealTrouble("it was changed on the way, or moved from another place") from None
    return thing, sequence, _records(inside)


def _records(inside: bytes) -> list[Record]:
    try:
        (length,) = _LENGTH.unpack_from(inside)
        found = json.loads(inside[_LENGTH.size : _LENGTH.size + length])
    except (struct.error, ValueError, RecursionError):
        raise SealTrouble("what is inside is no SenML pack") from None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise SealTrouble("what is inside is no SenML pack")
    return found


def _json(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
