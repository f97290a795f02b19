"""Envelopes of readings that only a household's own key opens, as far as the hub can understand them: from outside.

    magic 6 | key name 8 | sequence 8 | length of the thing's name 2 | the name | sealed box | signature 64

Rule: nothing here can open one, and nothing in the hub has a key that could. The hub reads to whom an envelope was
sealed and checks who signed it (Ed25519, RFC 8032); what is inside (HPKE, RFC 9180) is its owner's business
(`devices/seal.py`). Keys are written as text with a word for their kind, so that a private one is not taken for a
public one.
"""

from __future__ import annotations

import base64
import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.core.reading import DecodeError, Envelope

MAGIC = b"bseal1"
PUBLIC, THING = "seal", "thing"
"""The kinds of key that the hub may know: a household's public key, a thing's."""
LARGEST = 65_536
_HEAD = struct.Struct(">6s8sQH")
_SIGNATURE = 64
_LEAST_BOX = 48
_LAST_SEQUENCE = 2**63 - 1
_BYTES, _CHECK, _GROUP = 32, 3, 4


def envelope(payload: bytes, thing: str) -> Envelope:
    """Read the outside of what `thing` sent.

    Raises:
        DecodeError: it is no envelope, or another thing's.
    """
    try:
        magic, name, sequence, length = _HEAD.unpack_from(payload)
        said = payload[_HEAD.size : _HEAD.size + length].decode()
    except (struct.error, UnicodeDecodeError):
        raise DecodeError("this is no sealed envelope; `devices/seal.py` makes them") from None
    if magic != MAGIC or len(payload) < _HEAD.size + length + _LEAST_BOX + _SIGNATURE:
        raise DecodeError("this is no sealed envelope; `devices/seal.py` makes them")
    if said != thing:
        raise DecodeError("the envelope names another thing than the topic")
    if len(payload) > LARGEST or sequence > _LAST_SEQUENCE:
        raise DecodeError(f"an envelope has {LARGEST} bytes at most, and its number 63 bits")
    return Envelope(name.hex(), said, sequence, payload)


def is_signed(body: bytes, by: bytes) -> bool:
    """Whether an envelope was signed with the private key to this Ed25519 public key, and nothing of it was changed."""
    try:
        Ed25519PublicKey.from_public_bytes(by).verify(body[-_SIGNATURE:], body[:-_SIGNATURE])
    except (InvalidSignature, ValueError):
        return False
    return True


def key_name(public: bytes) -> str:
    """The name of a household's key: the first 8 bytes of the SHA-256 of its 32, in hex."""
    return hashlib.sha256(public).digest()[:8].hex()


def read_key(kind: str, text: str) -> bytes:
    """The 32 bytes of a key written as text (`seal-abcd-…`), in any case, with any spaces and dashes.

    Raises:
        ValueError: it is of another kind, or mistyped; never with the key in it.
    """
    word, _, rest = text.strip().lower().partition("-")
    if word in ("open", "sign"):
        raise ValueError(f"this is a private key: keep it to yourself, and give the hub the one that begins {kind}-")
    if word != kind:
        raise ValueError(f"a key that begins with {kind}- is asked for; this one does not")
    try:
        raw = base64.b32decode("".join(c for c in rest.upper() if not c.isspace() and c != "-"))
    except ValueError:
        raise ValueError("the key is mistyped: it has letters a to z and digits 2 to 7") from None
    key, check = raw[:_BYTES], raw[_BYTES:]
    if len(key) != _BYTES or check != _check(kind, key):
        raise ValueError("the key is mistyped: look at each group again")
    return key


def written_key(kind: str, key: bytes) -> str:
    """A key as text: the word for its kind, and groups of four letters, the last of them to notice a mistake."""
    letters = base64.b32encode(key + _check(kind, key)).decode().lower()
    return "-".join([kind, *(letters[i : i + _GROUP] for i in range(0, len(letters), _GROUP))])


def _check(kind: str, key: bytes) -> bytes:
    return hashlib.blake2s(kind.encode() + key, digest_size=_CHECK).digest()
