"""The endpoint's tests again on uvloop, which the hub uses (everything else here runs on asyncio's own loop)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import iscoroutinefunction, signature

import pytest
import uvloop

from hub.mqtt.packets import MQTT_5
from tests.mqtt import test_door, test_endpoint, test_session

pytestmark = pytest.mark.slow

MODULES = (test_door, test_endpoint, test_session)


def again() -> dict[str, Callable[[], Awaitable[None]]]:
    """Every asynchronous test that needs nothing, or only a version."""
    found: dict[str, Callable[[], Awaitable[None]]] = {}
    for module in MODULES:
        for name, test in vars(module).items():
            if name.startswith("test_") and iscoroutinefunction(test):
                wants = list(signature(test).parameters)
                if wants in ([], ["version"]):
                    found[name] = partial(test, MQTT_5) if wants else test
    return found


TESTS = again()


@pytest.mark.parametrize("name", TESTS)
def test_the_same_on_uvloop(name: str) -> None:
    async def run() -> None:
        await TESTS[name]()

    uvloop.run(run())
