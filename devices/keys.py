"""Keys as text that people can read out, print and type: a word that says what it is, and groups of four letters.

    seal-…    a household's public key: devices and the hub may know it
    open-…    the private key to it: whoever has it reads everything; without it nobody ever does
    thing-…   a thing's public key, by which others know what it signed
    sign-…    the private key to that: it stays on the device

Rule: a key that was mistyped, or is of the wrong kind, is refused and never used. The hub reads the same text by its
own few lines (a test holds the two equal).
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

PUBLIC, PRIVATE, THING, SIGNING = "seal", "open", "thing", "sign"
_BYTES = 32
_CHECK = 3
_GROUP = 4


class KeyTrouble(Exception):
    """A key cannot be used; the text says why and never holds the key."""


def written(kind: str, key: bytes) -> str:
    """A key of 32 bytes as text."""
    letters = base64.b32encode(key + _check(kind, key)).decode().lower()
    return "-".join([kind, *(letters[i : i + _GROUP] for i in range(0, len(letters), _GROUP))])


def read(kind: str, text: str) -> bytes:
    """The 32 bytes of a key written as text, in any case, with any spaces and dashes.

    Raises:
        KeyTrouble: it is of another kind, or mistyped.
    """
    word, _, rest = text.strip().lower().partition("-")
    if word != kind:
        raise KeyTrouble(f"a key that begins with {kind}- is asked for; this one does not")
    letters = "".join(c for c in rest.upper() if not c.isspace() and c != "-")
    try:
        raw = base64.b32decode(letters)
    except ValueError:
        raise KeyTrouble("the key is mistyped: it has letters a to z and digits 2 to 7") from None
    key, check = raw[:_BYTES], raw[_BYTES:]
    if len(key) != _BYTES or check != _check(kind, key):
        raise KeyTrouble("the key is mistyped: look at each group again")
    return key


def read_file(kind: str, path: Path) -> bytes:
    """The key in a file of ours: its first line that is not a remark (`#`).

    Raises:
        KeyTrouble: the file cannot be read or holds no such key.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyTrouble(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from error
    return read(kind, next((line for line in lines if line.strip() and not line.startswith("#")), ""))


def write_file(path: Path, kind: str, key: bytes, remarks: str = "") -> None:
    """Write a key into a new file that only its owner may read.

    Raises:
        KeyTrouble: the file is there already (a key is never written over), or cannot be made.
    """
    told = "".join(f"# {line}\n" for line in remarks.splitlines())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyTrouble(f"{path} cannot be made: {error.strerror}; a key is never written over") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{told}{written(kind, key)}\n")
        file.flush()
        os.fsync(file.fileno())


def public_of(private: bytes) -> str:
    """The `seal-…` key to a household's private key."""
    return written(PUBLIC, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())


def signing_key(path: Path | None) -> Ed25519PrivateKey:
    """A thing's signing key: the one in the file, which is made on first use (None: a new one, for once).

    Raises:
        KeyTrouble: the file is there and holds no such key.
    """
    if path is None:
        return Ed25519PrivateKey.generate()
    if not path.exists():
        write_file(path, SIGNING, Ed25519PrivateKey.generate().private_bytes_raw(), "This thing's signing key.")
    return Ed25519PrivateKey.from_private_bytes(read_file(SIGNING, path))


def _check(kind: str, key: bytes) -> bytes:
    return hashlib.blake2s(kind.encode() + key, digest_size=_CHECK).digest()
