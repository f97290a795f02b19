"""What several processes of one host tell each other of the bucket they share.

Rule: a process tells what it changed before anybody hears that it is done, and takes in what others told before it
answers: so what one has stored or erased is so for all at once. Each writes into a file of its own, in which the newest
rows go round; whoever was away for too long asks the server for everything. What was erased leaves all of these files.
"""

from __future__ import annotations

import os
import struct
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hub.core.observations import Ints
from hub.stores.newest import NEWEST
from hub.stores.turns import FileTurns, NoTurns, Turns, opened

MOST = 64
"""So many processes at most."""
_RECORD = np.dtype([*((name, NEWEST[name]) for name in NEWEST.names or ()), ("what", np.uint8)])
_ROW, _RENEWED, _LATE = range(3)
_ROOM = 100_000
"""So many records stand in a file; then the next is written over the first."""
_HEAD = struct.Struct("<QQQ")
_BEGIN = 4096
_FILES = "engine-{}.news"
_NOBODY = np.empty(0, np.int32)


class News(NamedTuple):
    """What others did: the newest rows they stored, whose newest rows to ask for again, into which came late ones.

    `everything`: more than is known here; then the rest says nothing.
    """

    rows: NDArray[np.void]
    renewed: Ints
    late: Ints
    everything: bool


class _Head(NamedTuple):
    """How often all was to be asked again, how many records were written, and a number that is odd while rows go."""

    asked: int = 0
    written: int = 0
    turn: int = 0


class Company(Protocol):
    """Other processes with the same bucket."""

    number: int
    step: int
    turns: Turns

    def whole(self) -> AbstractContextManager[None]:
        """While no other process erases, thins or copies."""

    def tell(self, rows: NDArray[np.void], renewed: Ints = _NOBODY, late: Ints = _NOBODY) -> None:
        """Tell what was changed here."""

    def news(self) -> News | None:
        """What others told since this was asked last; None: nothing."""

    @property
    def others(self) -> int:
        """A number that grows with whatever others tell."""

    def turn(self, *, begins: bool) -> None:
        """Say that rows are being replaced or go, and that it is done."""

    @property
    def turning(self) -> tuple[int, ...]:
        """Others' turns; an odd one is not done."""

    def settle(self) -> None:
        """Say, being alone, that what was left half done by anybody was finished."""

    def close(self) -> None:
        """Let go of the files."""


class NoCompany:
    """One process alone."""

    number, step = 0, 1
    turns: Turns = NoTurns()
    others = 0
    turning: tuple[int, ...] = ()

    def whole(self) -> AbstractContextManager[None]:
        """At once."""
        return self.turns.alone()

    def tell(self, rows: NDArray[np.void], renewed: Ints = _NOBODY, late: Ints = _NOBODY) -> None:
        """There is nobody to tell."""

    def news(self) -> None:
        """There are none."""

    def turn(self, *, begins: bool) -> None:
        """Nobody looks."""

    def settle(self) -> None:
        """Nobody left anything."""

    def close(self) -> None:
        """There are no files."""


def forget_company(folder: Path) -> None:
    """Let go what workers told each other, while none is at work."""
    for file in folder.glob(_FILES.format("*")):
        file.unlink(missing_ok=True)


class FileCompany:
    """Processes with numbers from 1 to `of`, by files in a folder. Any thread may use it."""

    step = MOST

    def __init__(self, folder: Path, number: int, of: int) -> None:
        """Be the process `number`, the only one; raises `StoreUnavailable` if the files cannot be used."""
        self.number = number
        self.turns: Turns = FileTurns(folder / "engine.turn")
        self._whole = FileTurns(folder / "engine.whole")
        self._lock = Lock()
        self._files: dict[int, int] = {}
        for n in range(1, of + 1):
            file = folder / _FILES.format(n)
            self._files[n] = opened(file)
        mine = self._head(number)
        self._write(mine._replace(asked=mine.asked + 1))  # nobody knows what this process did when it ended
        self._known = {n: self._head(n) for n in self._files if n != number}

    def whole(self) -> AbstractContextManager[None]:
        """While no other process erases, thins or copies."""
        return self._whole.alone()

    def tell(self, rows: NDArray[np.void], renewed: Ints = _NOBODY, late: Ints = _NOBODY) -> None:
        """Tell what was changed here."""
        if len(renewed):
            self._scrub(renewed)
        found = np.zeros(len(rows) + len(renewed) + len(late), _RECORD)
        for name in NEWEST.names or ():
            found[name][: len(rows)] = rows[name]
        found["datastream"][len(rows) :] = np.concatenate([renewed, late])
        found["what"][len(rows) :] = np.repeat([_RENEWED, _LATE], [len(renewed), len(late)])
        with self._lock:
            mine = self._head(self.number)
            if len(found) > _ROOM // 4:
                self._write(mine._replace(asked=mine.asked + 1))
                return
            at = mine.written % _ROOM
            for part, where in ((found[: _ROOM - at], at), (found[_ROOM - at :], 0)):
                os.pwrite(self._files[self.number], part.tobytes(), _BEGIN + where * _RECORD.itemsize)
            self._write(mine._replace(written=mine.written + len(found)))

    def news(self) -> News | None:
        """What others told since this was asked last; None: nothing."""
        with self._lock:
            found = []
            everything = False
            for n, known in self._known.items():
                head = self._head(n)
                if (head.asked, head.written) == (known.asked, known.written):
                    continue
                some = self._records(n, known.written, head.written) if head.asked == known.asked else None
                self._known[n] = head
                if some is None:
                    everything = True
                else:
                    found.append(some)
        if not found and not everything:
            return None
        records = np.concatenate([np.empty(0, _RECORD), *found])
        rows = np.empty(int((records["what"] == _ROW).sum()), NEWEST)
        for name in NEWEST.names or ():
            rows[name] = records[name][records["what"] == _ROW]
        renewed, late = (np.unique(records["datastream"][records["what"] == what]) for what in (_RENEWED, _LATE))
        return News(rows, renewed, late, everything)

    @property
    def others(self) -> int:
        """A number that grows with whatever others tell."""
        return sum(head.asked + head.written for head in self._heads())

    def turn(self, *, begins: bool) -> None:
        """Say that rows are being replaced or go, and that it is done."""
        with self._lock:
            mine = self._head(self.number)
            if mine.turn % 2 != begins:
                self._write(mine._replace(turn=mine.turn + 1))

    @property
    def turning(self) -> tuple[int, ...]:
        """Others' turns; an odd one is not done."""
        return tuple(head.turn for head in self._heads())

    def settle(self) -> None:
        """Say, being alone, that what was left half done by anybody was finished."""
        self.turn(begins=False)
        for n in self._known:
            head = self._head(n)
            if head.turn % 2:
                os.pwrite(self._files[n], _HEAD.pack(*head._replace(turn=head.turn + 1)), 0)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for number in self._files.values():
                os.close(number)
            self._files, self._known = {}, {}

    def _heads(self) -> list[_Head]:
        return [self._head(n) for n in self._known]

    def _head(self, n: int) -> _Head:
        found = os.pread(self._files[n], _HEAD.size, 0)
        return _Head(*_HEAD.unpack(found)) if len(found) == _HEAD.size else _Head()

    def _write(self, mine: _Head) -> None:
        os.pwrite(self._files[self.number], _HEAD.pack(*mine), 0)

    def _scrub(self, datastreams: Ints) -> None:
        """Leave no row of these datastreams in any file; nobody else writes now. Who reads it asks for them again."""
        for number in self._files.values():
            size = (os.fstat(number).st_size - _BEGIN) // _RECORD.itemsize
            if size > 0:
                records = np.frombuffer(os.pread(number, size * _RECORD.itemsize, _BEGIN), _RECORD).copy()
                gone = (records["what"] == _ROW) & np.isin(records["datastream"], datastreams)
                if gone.any():
                    whose = records["datastream"][gone]
                    records[gone] = np.zeros(1, _RECORD)
                    records["datastream"][gone], records["what"][gone] = whose, _RENEWED
                    os.pwrite(number, records.tobytes(), _BEGIN)

    def _records(self, n: int, since: int, until: int) -> NDArray[np.void] | None:
        """The records of a process from `since` to `until`; None when they are no longer all there."""
        if not 0 <= until - since <= _ROOM:
            return None
        places = [(since % _ROOM, min(_ROOM, since % _ROOM + until - since))]
        places.append((0, until - since - (places[0][1] - places[0][0])))
        found = b"".join(
            os.pread(self._files[n], (b - a) * _RECORD.itemsize, _BEGIN + a * _RECORD.itemsize) for a, b in places
        )
        if self._head(n).written - since > _ROOM - _ROOM // 4 or len(found) != (until - since) * _RECORD.itemsize:
            return None  # it goes round while we read
        return np.frombuffer(found, _RECORD)
