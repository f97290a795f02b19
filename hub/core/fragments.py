"""Pseudonyms that prove themselves: a part of somebody for one commons, one epoch and one turn.

Rule: a pseudonym is the hash of a public key whose secret half follows from its owner's secret, the commons and the
epoch. Whoever has the secret finds all of his names again; nobody else can tell that two of them belong together. The
same key signs, so that its owner can act under the name without saying who he is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from hub.core.grade import DAY, HOUR
from hub.core.history import BEGINNING

SECRET_BYTES = 32
_SALT = b"barrio/fragment/v1"
_NYM_BYTES = 10


class Brought(Struct, frozen=True):
    """What a member who keeps his own secret shows the hub: a public key for one epoch, and that he has its secret.

    `public_key` is Ed25519 (RFC 8032), 32 bytes; `signature` is over `claim`.
    """

    epoch: int
    turn: int
    public_key: bytes
    signature: bytes

    @property
    def nym(self) -> str:
        """The pseudonym."""
        return nym(self.public_key)


def private_key(secret: bytes, commons: str, epoch: int, turn: int = 0) -> Ed25519PrivateKey:
    """The key of one fragment: HKDF-SHA256 (RFC 5869) of the owner's `secret` to an Ed25519 seed.

    `commons` is its handle; `turn` counts the names within an epoch from 0.
    """
    info = f"{commons}\0{epoch}" if turn == 0 else f"{commons}\0{epoch}\0{turn}"
    return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, salt=_SALT, info=info.encode()).derive(secret))


def nym(public_key: bytes) -> str:
    """The pseudonym of a public key: 16 letters and digits of base 32 (RFC 4648), in lower case."""
    return base64.b32encode(hashlib.sha256(b"nym" + public_key).digest()[:_NYM_BYTES]).decode().lower()


def claim(commons: str, epoch: int, turn: int) -> bytes:
    """What is signed to bring a key to a commons, so that it can be brought nowhere else."""
    return b"\0".join((_SALT, commons.encode(), str(epoch).encode(), str(turn).encode()))


def bring(secret: bytes, commons: str, epoch: int, turn: int = 0) -> Brought:
    """The owner's side: what to give to the hub for one epoch."""
    key = private_key(secret, commons, epoch, turn)
    return Brought(epoch, turn, key.public_key().public_bytes_raw(), key.sign(claim(commons, epoch, turn)))


def proven(brought: Brought, commons: str) -> bool:
    """The hub's side: whether who brings a key for this commons (its handle) has its secret."""
    try:
        key = Ed25519PublicKey.from_public_bytes(brought.public_key)
        key.verify(brought.signature, claim(commons, brought.epoch, brought.turn))
    except (InvalidSignature, ValueError):
        return False
    return True


def written(brought: Brought) -> str:
    """One line of text: epoch, turn, public key and signature (hex)."""
    return f"{brought.epoch} {brought.turn} {brought.public_key.hex()} {brought.signature.hex()}"


def read(line: str) -> Brought:
    """The same back.

    Raises:
        ValueError: it is no such line.
    """
    try:
        epoch, turn, public_key, signature = line.split()
        found = Brought(int(epoch), int(turn), binascii.unhexlify(public_key), binascii.unhexlify(signature))
    except (ValueError, binascii.Error) as error:
        raise ValueError("a fragment is one line: epoch, turn, public key and signature") from error
    if found.epoch < 0 or found.turn < 0:
        raise ValueError("epochs and turns count from 0")
    return found


def epoch_at(since: int, days: int, moment: int) -> int:
    """The number of the epoch of a commons, founded at `since`, in which something was measured (all µs).

    Whatever was measured before it was founded counts with its first epoch, 0.
    """
    return max(0, (moment - since // HOUR * HOUR) // (days * DAY))


def epoch_start(since: int, days: int, epoch: int) -> int:
    """When (µs) an epoch begins: at a full hour, so that no window has two names."""
    return BEGINNING if epoch <= 0 else since // HOUR * HOUR + epoch * days * DAY
