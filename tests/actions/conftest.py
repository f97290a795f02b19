"""A registry for each test of an action."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.registry import Registry
from tests.registry.kinds import kind, server
from tests.registry.town import opened

__all__ = ["kind", "server"]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    one = opened(tmp_path)
    yield one
    one.close()
