"""What an attack's test is marked with, and where it tells its figures: the report is written from both."""

from __future__ import annotations

import pytest

from tests.attacks.figures import MARK, Figures


def pytest_configure(config: pytest.Config) -> None:
    """Two markers: an attack on the hub, and the same attack on something weaker, which has to succeed."""
    config.addinivalue_line("markers", "attack(number): an attack of tests/attacks/catalogue.py; it has to fail")
    config.addinivalue_line("markers", "control(number): the attack on a weaker variant; it has to succeed")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have the marks in the test's report."""
    for kind in ("attack", "control"):
        item.user_properties += [(MARK, [kind, *mark.args]) for mark in item.iter_markers(kind)]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a test tells what it measured."""
    return Figures(request.node.user_properties)
