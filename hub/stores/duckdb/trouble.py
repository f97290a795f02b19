"""What goes wrong with files, told as `StoreUnavailable`.

Rule: the text says what to do; it repeats nothing of what the engine said, which might hold a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hub.core.store import StoreUnavailable

_ADVICE = (
    (("lock", "already attached"), "another barrio is running on {0}, or a program has a file of it open: end it"),
    (
        ("no space left", "file too large", "quota", "disk full"),
        "the disk of {0} is full: make room there; the hub goes on by itself",
    ),
    (("permission denied", "read-only"), "{0} cannot be written: give its files to the user that the hub runs as"),
    (
        ("not a valid duckdb", "corrupt", "checksum", "serializ"),
        "a file in {0} is damaged: put it aside and restore it from a backup",
    ),
    (("no files found",), "a file of {0} that another there names is missing: restore it from a backup"),
    (("out of memory", "too many open files"), "the machine has too little for {0}: ask for a shorter time"),
)
_ELSE = "the disk of {0} does not answer as it should ({1}): look at the system's log; the hub tries again by itself"


@contextmanager
def told(directory: Path) -> Iterator[None]:
    """Tell an error of DuckDB or of the file system as `StoreUnavailable`."""
    try:
        yield
    except (duckdb.Error, OSError) as e:
        said = str(e).lower()
        advice = next((text for words, text in _ADVICE if any(w in said for w in words)), _ELSE)
        raise StoreUnavailable(advice.format(directory, type(e).__name__)) from e
