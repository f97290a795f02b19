"""All readings from one engine into another, while no hub runs.

Rule: the source is only read. What was moved is compared, row by row in one checksum that does not depend on order, and
counted; until both are the same nothing is said to have been moved. Cut short, it goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.backup import Told
from hub.core.observations import Observations
from hub.core.store import Copied, Snapshot, Store, StoreUnavailable, kept_by
from hub.stores.batches import COLUMNS, clean

_HASHES_AT_ONCE = 50_000
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))
"""The constants of SplitMix64 (Steele, Lea and Flood 2014)."""


class MigrationError(Exception):
    """Nothing can be said to have been moved; the text says what to do."""


class Tally(Struct):
    """How many rows, and the sum of their hashes (64 bits): the same in whatever order they come."""

    rows: int = 0
    sum: int = 0

    def add(self, batch: Observations) -> None:
        """Take in more rows."""
        marks = np.zeros(len(batch), np.uint64)
        for name in COLUMNS:
            column = getattr(batch, name)
            marks = _mixed(marks + _ODD + (column.view(np.uint64) if column.dtype == np.float64 else _word(column)))
        self.rows += len(batch)
        self.sum = (self.sum + int(marks.sum(dtype=np.uint64))) % 2**64


class Note(Struct):
    """How far a migration is: so many rows the source has, so many batches of them are in the target."""

    rows: int
    batches: int = 0


def migrate(source: Store, target: Store, notes: Path, told: Told) -> Tally:
    """Copy all that `source` has into `target` and compare; `notes` is a file that remembers how far it is.

    Raises:
        MigrationError: it cannot be done, or what is there afterwards is not the same.
        StoreUnavailable: one of the two cannot go on now; do it again later.
    """
    if not isinstance(source, Copied) or not isinstance(target, Copied):
        raise MigrationError("an engine that gives no copy of its data cannot be migrated")
    with source.snapshot() as whole:
        note = _note(notes, whole)
        if not note.batches and target.last_heard():
            raise MigrationError("the target holds readings already: name an empty one, or empty it")
        moved = Tally()
        for number, batch in enumerate(_sound(whole.batches(), target)):
            moved.add(batch)
            if number >= note.batches:
                target.append(batch)
                note.batches = number + 1
                _remember(notes, note)
            told("moving", moved.rows, whole.rows)
        _append_hashes(whole.hashes(), target)
    _compare(moved, target, told)
    notes.unlink(missing_ok=True)
    return moved


def _sound(batches: Iterator[Observations], target: Store) -> Iterator[Observations]:
    """The batches as any engine stores them; raises when the target would not keep some of them."""
    keeps = kept_by(target)
    for batch in map(clean, batches):
        outside = int(((batch.time < keeps.since) | (batch.time >= keeps.until)).sum())
        if outside:
            raise MigrationError(
                f"{outside:,} readings of one batch are older than the target keeps, or far in the future: let it keep "
                "them longer (0: for ever), or let the hub thin them first ([retention])"
            )
        yield batch


def _compare(moved: Tally, target: Copied, told: Told) -> None:
    found = Tally()
    with target.snapshot() as whole:
        for batch in whole.batches():
            found.add(batch)
            told("comparing", min(found.rows, moved.rows), moved.rows)
    if found != moved:
        raise MigrationError(
            f"the target has {found.rows:,} readings and should have {moved.rows:,}, or some of them are not the same: "
            "empty it and begin again; the source is as it was"
        )


def _append_hashes(hashes: NDArray[np.uint64], target: Store) -> None:
    nothing = Observations(*(np.empty(0, kind) for kind in COLUMNS.values()))
    for first in range(0, len(hashes), _HASHES_AT_ONCE):
        target.append(nothing, hashes[first : first + _HASHES_AT_ONCE].tolist())


def _note(notes: Path, whole: Snapshot) -> Note:
    """How far it is, if the source is still what it was."""
    try:
        note = msgspec.json.decode(notes.read_bytes(), type=Note)
    except (FileNotFoundError, msgspec.MsgspecError):
        return Note(whole.rows)
    if note.rows != whole.rows:
        raise MigrationError(
            f"the source has {whole.rows:,} readings and had {note.rows:,} when this was begun: empty the target, "
            f"remove {notes} and begin again"
        )
    return note


def _remember(notes: Path, note: Note) -> None:
    new = notes.with_name(f"{notes.name}.new")
    try:
        with open(new, "wb", opener=_private) as file:
            file.write(msgspec.json.encode(note))
        new.replace(notes)
    except OSError as error:
        raise StoreUnavailable(f"{notes} cannot be written: {error.strerror}") from error


def _word(column: NDArray[np.generic]) -> NDArray[np.uint64]:
    return column.astype(np.int64).view(np.uint64)


def _mixed(marks: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in _MIX:
        marks = (marks ^ (marks >> np.uint64(shift))) * factor
    return marks ^ (marks >> np.uint64(31))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
