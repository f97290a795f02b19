"""An empty registry's file, its tables made once and copied: making them anew for each test takes longer than the test.

Rule: that migrations make these tables is tested in ``test_database.py``, which copies nothing.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from hub.registry.database import Database


def migrated(path: Path) -> Path:
    """The path, with an empty registry there unless there is one already."""
    if not path.exists():
        path.write_bytes(_empty())
    return path


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.sqlite"
        database = Database(path)
        database.close()
        return path.read_bytes()
