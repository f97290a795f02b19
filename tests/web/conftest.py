"""The neighbourhood of world.py: one to look at, shared by a file's tests, and one to turn things in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.world import World, world


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Only to be looked at."""
    with world(tmp_path_factory.mktemp("web")) as made:
        yield made


@pytest.fixture
def own_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For one test alone."""
    with world(tmp_path_factory.mktemp("web")) as made:
        yield made
