"""One neighbourhood a test, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.releaser.world import Neighbourhood, neighbourhood


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Neighbourhood]:
    with neighbourhood(tmp_path) as one:
        yield one
