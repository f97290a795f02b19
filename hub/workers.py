"""Several hub processes on one host, workers with numbers from 1: whose folder it is, how each is, and their parent.

Rule: a process alone has the data folder for itself; workers share it, one of each number. What says so are locks on
files, which end with the process that has them, however that ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hub.control.desk import Worker
from hub.settings import SettingsError
from hub.stores.turns import Claim, is_taken, locked, opened

_LOG = logging.getLogger("hub.workers")
_STATE = struct.Struct("<5Q")
_CLAIMED = 10.0
_PAUSES = (0.5, 30.0)
_UP = 20.0
"""A worker that ran for so long (seconds) is started again at once."""
_END = 30.0
_LOOKS = 0.1


@contextmanager
def held(data: Path, worker: int | None) -> Iterator[None]:
    """Hold the data folder: alone, or (`worker`: its number) beside other workers.

    Raises:
        SettingsError: another hub holds it.
    """
    with ExitStack() as stack:
        folder = Claim(data / "lock", fcntl.LOCK_EX if worker is None else fcntl.LOCK_SH)
        stack.callback(folder.leave)
        if not folder.take(0.0 if worker is None else _CLAIMED):
            raise SettingsError(f"hub.data: another barrio is at work in {data}: stop it, or set another folder")
        if worker is not None:
            claim = Claim(data / f"lock-{worker}")
            stack.callback(claim.leave)
            if not claim.take(_CLAIMED):
                raise SettingsError(f"another worker {worker} is at work in {data}: stop it, or give this one a number")
            State(data).withdraw(worker)
        yield


@contextmanager
def one_by_one(data: Path, worker: int | None) -> Iterator[None]:
    """While no other worker opens registry and store, where keys are made and tables brought up to date."""
    if worker is None:
        yield
    else:
        with locked(data / "starting", fcntl.LOCK_EX):
            yield


def at_work(data: Path, workers: int) -> bool:
    """Whether any worker is."""
    return any(is_taken(data / f"lock-{n}") for n in range(1, workers + 1))


class State:
    """What a worker lets the others know of itself, for the operator: numbers, never of anybody."""

    def __init__(self, data: Path) -> None:
        """For all workers on this data folder."""
        self._data = data

    def write(self, mine: Worker) -> None:
        """Say how this worker is."""
        told = (mine.leads, mine.connections, mine.messages, mine.readings, mine.refused)
        file = opened(self._file(mine.number))
        try:
            os.pwrite(file, _STATE.pack(*told), 0)
        finally:
            os.close(file)

    def read(self, workers: int) -> list[Worker]:
        """How the workers are that are at work."""
        found = []
        for number in range(1, workers + 1):
            try:
                leads, *counted = _STATE.unpack(self._file(number).read_bytes())
            except (OSError, struct.error):
                continue
            if is_taken(self._data / f"lock-{number}"):
                found.append(Worker(number, bool(leads), *counted))
        return found

    def withdraw(self, number: int) -> None:
        """Say nothing of a worker: what stands there was said by one of that number who has ended."""
        self._file(number).unlink(missing_ok=True)

    def forget(self) -> None:
        """Begin anew."""
        for file in self._data.glob("worker-*.state"):
            file.unlink(missing_ok=True)

    def _file(self, number: int) -> Path:
        return self._data / f"worker-{number}.state"


class Parent:
    """Starts workers, starts those again that end, and stops them all when it is told to stop."""

    def __init__(self, command: Callable[[int], list[str]], data: Path, workers: int) -> None:
        """`command` starts the worker with a number."""
        self._command, self._state, self._count = command, State(data), workers
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._begun: dict[int, float] = {}
        self._due: dict[int, float] = dict.fromkeys(range(1, workers + 1), 0.0)
        self._pauses: dict[int, float] = {}
        self._stopping = self._ready = False
        self._fault = ""

    def run(self, ready: Callable[[], None]) -> str:
        """Until SIGINT or SIGTERM; `ready` is called once all are at work. In words, what went wrong; or nothing.

        A worker that says at the first start that it cannot work ends it all: what is wrong is wrong for each of them.
        """
        self._state.forget()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        while not self._stopping and not self._fault:
            self._look()
            if not self._ready and len(self._state.read(self._count)) == self._count:
                self._ready = True
                ready()
            time.sleep(_LOOKS)
        well = self._ended()
        return self._fault or ("" if well else "not every worker stopped as it should; what it acknowledged is stored")

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _look(self) -> None:
        """Start what is due, and see what has ended."""
        now = time.monotonic()
        for number, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[number]
                if child.returncode == 1 and not self._ready:
                    self._fault = f"worker {number} cannot start: see above why"
                    return
                pause = _PAUSES[0] if now - self._begun[number] > _UP else self._pauses.get(number, _PAUSES[0])
                self._pauses[number] = min(_PAUSES[1], pause * 2)
                self._due[number] = now + pause
                _LOG.error("worker %d ended (%d); it is started again in %.1f s", number, child.returncode, pause)
        for number, due in list(self._due.items()):
            if now >= due:
                del self._due[number]
                self._begun[number] = now
                self._children[number] = subprocess.Popen(self._command(number))  # noqa: S603 - ourselves

    def _ended(self) -> bool:
        """Stop all; those that do not stop in time are killed."""
        end = time.monotonic() + _END
        for child in self._children.values():
            child.terminate()
        well = True
        for number, child in self._children.items():
            try:
                well &= child.wait(max(0.1, end - time.monotonic())) == 0
            except subprocess.TimeoutExpired:
                _LOG.error("worker %d did not stop in time and was killed; what it acknowledged is stored", number)
                child.kill()
                child.wait()
                well = False
        return well


def command(config: Path, number: int) -> list[str]:
    """What starts a worker as a child of this process."""
    mine = ["--worker", str(number), "--parent", str(os.getpid()), "--config", str(config)]
    return [sys.executable, "-m", "hub", "run", *mine]
