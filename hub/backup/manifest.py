"""What a backup says of itself: its files with their sizes and SHA-256, and what they hold.

Rule: a file that is missing, longer, shorter or other than the manifest says makes the backup damaged; nothing is
restored from it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from hub.core.store import StoreUnavailable
from hub.registry.copies import look_at

FORMAT = 1
"""The format that this program writes; it reads none that is newer."""
MANIFEST = "manifest.json"
REGISTRY = "registry.sqlite"
KEYS = ("secret.key", "fragments.key")
LIST = "erased"
HASHES = "acknowledged.parquet"
_CHUNK = 4 * 2**20

Told = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done and how much there is; may raise `Stopped`."""


class BackupError(Exception):
    """A backup cannot be made or used; the text says what to do."""


class Stopped(Exception):
    """It shall not go on: the hub is about to stop."""


class Entry(Struct, frozen=True):
    """A file of the backup: its name, bytes and SHA-256 (hex); how many rows it holds, and the CRC-32 of these."""

    name: str
    bytes: int
    sha256: str
    rows: int = 0
    crc: int = 0


class Manifest(Struct, frozen=True, kw_only=True):
    """All that a backup holds. `made` in µs; `rows` is None where the observations are not in it.

    Of `replacing` rows it is not known whether they replace others, so that there are as many fewer at most.
    """

    format: int
    made: int
    engine: str
    rows: int | None
    replacing: int = 0
    hashes: int
    parties: int
    things: int
    datastreams: int
    files: tuple[Entry, ...]

    @property
    def observations(self) -> tuple[Entry, ...]:
        """The files with observations, in the order in which they are to be read."""
        return tuple(f for f in self.files if f.name.startswith("observations-"))


def entry(file: Path, rows: int = 0, crc: int = 0) -> Entry:
    """A file as it stands on the disk."""
    return Entry(file.name, file.stat().st_size, _sha256(file), rows, crc)


def write(folder: Path, manifest: Manifest) -> None:
    """Make a folder a backup: durable on return."""
    new = folder / f"{MANIFEST}.new"
    with open(new, "wb", opener=_private) as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / MANIFEST)
    sync(folder)


def check(folder: Path, told: Told) -> Manifest:
    """Look whether a backup is whole: every file as the manifest says, a registry that this program knows.

    Raises:
        BackupError: it is not, or there is no backup in this folder.
    """
    found = _read(folder)
    whole = sum(f.bytes for f in found.files)
    done = 0
    for f in found.files:
        told("checking", done, whole)
        try:
            same = (folder / f.name).stat().st_size == f.bytes and _sha256(folder / f.name) == f.sha256
        except OSError as error:
            raise BackupError(f"{folder / f.name} cannot be read: use another backup") from error
        if not same:
            raise BackupError(f"{folder / f.name} is not as it was written: it is damaged, use another backup")
        done += f.bytes
    try:
        look_at(folder / REGISTRY)
    except StoreUnavailable as error:
        raise BackupError(str(error)) from error
    return found


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _read(folder: Path) -> Manifest:
    try:
        text = (folder / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise BackupError(
            f"there is no backup in {folder}: {MANIFEST} is missing (a backup that was cut short has none)"
        ) from error
    except OSError as error:
        raise BackupError(f"{folder / MANIFEST} cannot be read: {error.strerror}") from error
    try:
        if msgspec.json.decode(text, type=_Version).format > FORMAT:
            raise BackupError(f"a newer Barrio made the backup in {folder}: restore it with that version")
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupError(f"{folder / MANIFEST} is damaged: use another backup") from error


class _Version(Struct):
    format: int


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
