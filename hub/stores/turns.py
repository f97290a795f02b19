"""Whose turn it is among the processes of one host that share a store: many may write, or one has it for itself.

Rule: a turn is a lock on a file (flock), so that it ends with the process that has it, however that ends. Whoever asks
to be alone is let in before those who ask later.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

from hub.core.store import StoreUnavailable

_LOOKS = 0.05


class Turns(Protocol):
    """Who may go on."""

    def beside(self) -> AbstractContextManager[None]:
        """While others may be beside one."""

    def alone(self) -> AbstractContextManager[None]:
        """While nobody is beside one; waits until that is so."""


class NoTurns:
    """There are no other processes."""

    def beside(self) -> AbstractContextManager[None]:
        """At once."""
        return nullcontext()

    def alone(self) -> AbstractContextManager[None]:
        """At once."""
        return nullcontext()


class FileTurns:
    """Turns by two files in a folder: the second is where those wait who were there before. Any thread may use it."""

    def __init__(self, file: Path) -> None:
        """Take turns at `file` and the one beside it that ends in `.next`; raises `StoreUnavailable`."""
        self._file, self._next = file, file.with_name(f"{file.name}.next")
        for one in (self._file, self._next):
            with told(one):
                one.touch(mode=0o600)

    @contextmanager
    def beside(self) -> Iterator[None]:
        """While others may be beside one."""
        with self._passed(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody is beside one; waits until that is so."""
        with self._passed(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _passed(self, how: int) -> Iterator[None]:
        with locked(self._next, how) as gone_in, locked(self._file, how):
            fcntl.flock(gone_in, fcntl.LOCK_UN)
            yield


@contextmanager
def locked(file: Path, how: int) -> Iterator[int]:
    """Hold a lock on a file (`fcntl.LOCK_SH` or `LOCK_EX`), and wait for it if need be; the open file's number."""
    number = opened(file)
    try:
        with told(file):
            fcntl.flock(number, how)
        yield number
    finally:
        os.close(number)


class Claim:
    """Something that one process at a time has: it is its own until it lets go, or ends."""

    def __init__(self, file: Path, how: int = fcntl.LOCK_EX) -> None:
        """Nothing is claimed yet; with `fcntl.LOCK_SH` several may have it who all claim it so."""
        self._file, self._how = file, how
        self._number: int | None = None

    def take(self, patience: float = 0.0) -> bool:
        """Take it if nobody has it, or lets go of it within so long (seconds); whether it is ours now."""
        end = monotonic() + patience
        while not self._taken():
            if monotonic() >= end:
                return False
            sleep(_LOOKS)
        return True

    def leave(self) -> None:
        """Let go of it."""
        if self._number is not None:
            os.close(self._number)
            self._number = None

    def _taken(self) -> bool:
        if self._number is None:
            number = opened(self._file)
            try:
                fcntl.flock(number, self._how | fcntl.LOCK_NB)
            except OSError:
                os.close(number)
                return False
            self._number = number
        return True


def is_taken(file: Path) -> bool:
    """Whether a process has what this file stands for (it is taken for a moment to find out)."""
    claim = Claim(file)
    if not file.exists():
        return False
    free = claim.take()
    claim.leave()
    return not free


def opened(file: Path) -> int:
    """The number of a file open for reading and writing, made if it is not there; raises `StoreUnavailable`."""
    with told(file):
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Tell an error of the disk as `StoreUnavailable`."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"{file} cannot be used ({error.strerror}): see to the disk and its rights") from error
