"""Parquet files that hold the settled rows of old months, beside the files of the DuckDB engine that name them.

Rule: a month's own file says which archive is its, so that both are exchanged in one step; any other is a leftover.
Any tool may read an archive; the engine alone writes there. What came since stands in the month's own file.
"""

from __future__ import annotations

import os
from pathlib import Path


class Archives:
    """The archives of one directory, by the name that a month's own file has without its suffix."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._named: dict[str, Path | None] = {}

    def named(self, stem: str, archive: Path | None) -> None:
        """This is what the month's file names: any other archive of it goes."""
        self._named[stem] = archive
        self.tidy(stem)

    def tidy(self, stem: str) -> None:
        """Remove the archives that the month's file does not name; none while it is not known which it does."""
        if stem in self._named:
            for path in self._of(stem):
                if path != self._named[stem]:
                    path.unlink(missing_ok=True)

    def forget(self, stem: str) -> None:
        """The month's file is about to be another one: nothing is a leftover until it is known what that names."""
        self._named.pop(stem, None)

    def is_archived(self, stem: str) -> bool:
        """Whether a month that was looked at has an archive."""
        return self._named.get(stem) is not None

    def another(self, stem: str) -> Path:
        """Where the next archive of a month is written."""
        last = max((int(path.stem.rpartition("-")[2]) for path in self._of(stem)), default=0)
        return self._directory / f"{stem}-{last + 1:06}.parquet"

    def _of(self, stem: str) -> list[Path]:
        return sorted(self._directory.glob(f"{stem}-*.parquet"))


def on_the_disk(archive: Path) -> None:
    """Make what was written to an archive durable."""
    handle = os.open(archive, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
