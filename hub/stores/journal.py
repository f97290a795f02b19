"""The note of a batch that goes to more than one file.

Rule: a transaction reaches one file, so a batch over several months is first written down whole; from then on it is
stored, and putting it into its files may be repeated until it is done.
"""

from __future__ import annotations

import os
from dataclasses import fields
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hub.core.observations import Observations

Hashes = NDArray[np.uint64]
_NAMES = tuple(f.name for f in fields(Observations))


class Journal:
    """At most one batch, durable between `write` and `done`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "pending.npz"

    def write(self, batch: Observations, hashes: Hashes) -> None:
        """Durable on return; raises OSError, and then nothing is noted."""
        memory = BytesIO()
        np.savez(memory, hashes=hashes, **{name: getattr(batch, name) for name in _NAMES})
        draft = self._path.with_suffix(".draft")
        try:
            with draft.open("wb") as file:
                file.write(memory.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        sync(self._directory)

    def pending(self) -> tuple[Observations, Hashes] | None:
        """The batch that is noted and not done, if there is one."""
        if not self._path.exists():
            return None
        with np.load(self._path, allow_pickle=False) as noted:
            return Observations(*(noted[name] for name in _NAMES)), noted["hashes"]

    def done(self) -> None:
        """Strike it out."""
        self._path.unlink()
        sync(self._directory)


def sync(directory: Path) -> None:
    """Make names that were made, replaced or removed in a directory durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
