"""One registry a test, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.registry import Registry
from tests.registry.kinds import kind, server, url
from tests.registry.town import opened

__all__ = ["kind", "server", "url"]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    one = opened(tmp_path)
    yield one
    one.close()
