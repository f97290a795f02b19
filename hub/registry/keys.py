"""Secrets: how they are drawn, and how they are kept so that a copy of the database opens nothing.

Rule: a secret is shown once and kept as a keyed hash; the key lies in a file of its own that only the hub may read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
import time
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_SECRET_BYTES = 16
_BEING_WRITTEN = 2.0
"""So long (seconds) an empty key file may be another process's that has begun to write it."""


class KeyFileError(Exception):
    """The key file cannot be used; the text says what to do."""


def read_key(path: Path) -> bytes:
    """The hub's key, made on first use (32 random bytes, readable by the hub alone).

    Raises:
        KeyFileError: others may read it, or it is not 32 bytes.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _existing(path)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return _existing(path)


def keyed_hash(key: bytes, secret: bytes) -> str:
    """The keyed hash of a secret: BLAKE2b (RFC 7693), 32 bytes, in hex."""
    return hashlib.blake2b(secret, key=key, digest_size=32, person=b"barrio-secret").hexdigest()


def derived(key: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose: HKDF-SHA256 (RFC 5869), 32 bytes; none of them tells the key or another."""
    return HKDF(SHA256(), KEY_BYTES, salt=b"barrio/derived/v1", info=purpose.encode()).derive(key)


def same(key: bytes, secret: bytes, kept: str | None) -> bool:
    """Whether `kept` is the hash of `secret`; takes as long when there is nothing to compare with."""
    against = kept or "0" * 64
    return hmac.compare_digest(keyed_hash(key, secret), against) and bool(kept)


def new_secret() -> str:
    """128 random bits as text that is safe in a shell, a URL and a configuration file."""
    return _base32(_SECRET_BYTES)


def new_handle() -> str:
    """80 random bits: a public name that says nothing."""
    return _base32(10)


def _base32(size: int) -> str:
    return base64.b32encode(secrets.token_bytes(size)).decode().rstrip("=").lower()


def _existing(path: Path) -> bytes:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileError(f"{path}: others than the hub may read it; run: chmod 600 {path}")
    key = path.read_bytes()
    until = time.monotonic() + _BEING_WRITTEN
    while not key and time.monotonic() < until:  # another process has just made it, and is about to write it
        time.sleep(0.01)
        key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyFileError(
            f"{path}: this is not the hub's key (32 bytes); restore it from a backup, or all log in anew"
        )
    return key
