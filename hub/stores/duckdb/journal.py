"""What was acknowledged and is not in the files of the DuckDB engine yet: records in files that only grow.

Rule: a record is durable when `write` returns, or it is as if it had never been. A file goes once all of it is where it
belongs, the oldest first. A record cut short at the very end was never acknowledged and counts for nothing; a damaged
one with a whole one after it is not passed over: the store does not open.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from hub.core.observations import Observations
from hub.core.store import StoreUnavailable
from hub.stores.batches import COLUMNS

Hashes = NDArray[np.uint64]
Noted = tuple[Observations, Hashes]
_MAGIC = b"bj1\n"
_HEAD = struct.Struct("<4sIIII")
"""Magic, how many rows, how many hashes, CRC-32 of the columns that follow, CRC-32 of the head before this number."""
_CHECKED = _HEAD.size - 4
_FILE = re.compile(r"journal-(\d{12})")
_KINDS = {name: np.dtype(kind).newbyteorder("<") for name, kind in COLUMNS.items()}
_HASH = np.dtype("<u8")
_ROW = sum(kind.itemsize for kind in _KINDS.values())


class Journal:
    """The journal of one directory. One thread at a time writes and turns; another may prepare and strike."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._number = max(self._numbers(), default=0)
        self._making = Lock()
        self._handle = -1
        self._next = -1
        self._length = 0
        self._torn = False

    def replay(self) -> list[Noted]:
        """What earlier processes left, in order; raises `StoreUnavailable` when some of it cannot be read."""
        found: list[Noted] = []
        damaged: Path | None = None
        for path in map(self._path, self._numbers()):
            data, at = path.read_bytes(), 0
            while 0 <= at < len(data):
                record, end = unpacked(data, at)
                if record is None:
                    damaged, at = damaged or path, data.find(_MAGIC, at + 1)
                elif damaged is not None:
                    raise StoreUnavailable(
                        f"{damaged} is damaged and holds what was acknowledged: restore it from a backup, or put it "
                        "aside to go on without what it holds"
                    )
                else:
                    found.append(record)
                    at = end
        return found

    def write(self, batch: Observations, hashes: Hashes) -> None:
        """Durable on return; raises OSError, and then nothing is noted."""
        if self._handle < 0:
            self.prepare()
            self.turn()
        self._mend()
        record = packed(batch, hashes)
        try:
            _write(self._handle, record)
            os.fdatasync(self._handle)
        except OSError:
            self._torn = True
            with suppress(OSError):  # else before the next record
                self._mend()
            raise
        self._length += len(record)

    def prepare(self) -> None:
        """Make the next file, so that to `turn` to it takes no time."""
        with self._making:
            if self._next < 0:
                path = self._path(self._number + 1)
                made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
                try:
                    sync(self._directory)
                except OSError:
                    os.close(made)
                    path.unlink()
                    raise
                self._next = made

    def turn(self) -> int:
        """Go on in the file that was prepared; the number below which files hold only what was written before."""
        if self._handle < 0 or self._length:
            if self._handle >= 0:
                self._mend()
                os.close(self._handle)
            self._number += 1  # first: whoever prepares meanwhile counts from here
            self._length = 0
            self._handle, self._next = self._next, -1
        return self._number

    def strike(self, below: int | None = None) -> None:
        """Remove the files below a number (None: all) for good: what they hold is where it belongs."""
        for number in self._numbers():  # the oldest first: what is newer must not be replaced by it after a crash
            if below is None or number < below:
                self._path(number).unlink()
        sync(self._directory)

    def close(self) -> None:
        """Let go of the files, and remove those that are empty."""
        for handle in (self._handle, self._next):
            if handle >= 0:
                os.close(handle)
        self._handle = self._next = -1
        for path in map(self._path, self._numbers()):
            if not path.stat().st_size:
                path.unlink()

    def _mend(self) -> None:
        """Take back what a write that failed left behind."""
        if self._torn:
            os.ftruncate(self._handle, self._length)
            os.fdatasync(self._handle)
            self._torn = False

    def _numbers(self) -> list[int]:
        names = (_FILE.fullmatch(p.name) for p in self._directory.iterdir())
        return sorted(int(n[1]) for n in names if n)

    def _path(self, number: int) -> Path:
        return self._directory / f"journal-{number:012}"


def sync(directory: Path) -> None:
    """Make names that were made, replaced or removed in a directory durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def packed(batch: Observations, hashes: Hashes) -> bytes:
    """A record: a head with checksums, and the columns."""
    columns = [getattr(batch, name).astype(kind, copy=False).tobytes() for name, kind in _KINDS.items()]
    body = b"".join([*columns, hashes.astype(_HASH, copy=False).tobytes()])
    head = _HEAD.pack(_MAGIC, len(batch), len(hashes), zlib.crc32(body), 0)[:_CHECKED]
    return b"".join([head, struct.pack("<I", zlib.crc32(head)), body])


def unpacked(data: bytes, at: int = 0) -> tuple[Noted | None, int]:
    """The record that begins at `at`, None if there is no whole one; and where the next begins."""
    if len(data) - at < _HEAD.size:
        return None, at
    magic, rows, hashes, checksum, head_checksum = _HEAD.unpack_from(data, at)
    start, end = at + _HEAD.size, at + _HEAD.size + rows * _ROW + hashes * _HASH.itemsize
    sound = magic == _MAGIC and zlib.crc32(data[at : at + _CHECKED]) == head_checksum and end <= len(data)
    if not sound or zlib.crc32(memoryview(data)[start:end]) != checksum:
        return None, at
    columns = []
    for kind in _KINDS.values():
        columns.append(np.frombuffer(data, kind, rows, start).astype(kind.newbyteorder("="), copy=False))
        start += rows * kind.itemsize
    return (Observations(*columns), np.frombuffer(data, _HASH, hashes, start).astype(np.uint64, copy=False)), end


def _write(handle: int, record: bytes) -> None:
    left = memoryview(record)
    while left:  # a disk that is nearly full takes a part
        left = left[os.write(handle, left) :]
