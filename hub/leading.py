"""What one hub process does for all of them: chores, releases, the mirror, the log's hours, outside sources, commands.

Rule: a process alone leads; of several workers the one that holds the file `leader` does, and when it ends another
takes over within seconds. Everything that must not be done twice at a time stands here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from hub import configured
from hub.control.desk import Desk
from hub.control.wire import CONTROL, Control
from hub.core.store import StoreUnavailable
from hub.ingest.inbox import Inbox
from hub.mqtt.broker import Broker
from hub.registry import Registry
from hub.releaser import Releaser
from hub.settings import SettingsError
from hub.stores.turns import Claim
from hub.upkeep import Upkeep

LEADER = "leader"
"""The file, in the hub's data, that one worker holds."""
_EVERY = 0.5
_AGAIN = 5.0
_LOG = logging.getLogger("hub.leading")


class Leading:
    """The leader's work of one process."""

    def __init__(self, desk: Callable[[], Desk], inbox: Inbox, releaser: Releaser, upkeep: Upkeep) -> None:
        """`desk` makes what commands work with; outside sources bring what they hear to `inbox`."""
        self._desk, self._inbox, self._releaser, self._upkeep = desk, inbox, releaser, upkeep
        self.leads = self._retired = False

    def retire(self) -> None:
        """Do not begin to lead any more: this process is about to end."""
        self._retired = True

    async def begin(self, stack: AsyncExitStack) -> None:
        """Lead until the stack is left.

        Raises:
            SettingsError: a part of the configuration cannot be used.
        """
        desk = self._desk()
        for task in (self._upkeep.run(), self._releaser.run()):
            stack.push_async_callback(ended, asyncio.create_task(task))
        stack.push_async_callback(asyncio.to_thread, desk.work.stop)
        await stack.enter_async_context(Control(desk, desk.settings.hub.data / CONTROL))
        brokers = []
        for s in desk.settings.sources:
            credential = desk.registry.source(s.name, s.party, desk.now())
            broker = Broker(configured.source_of(s, credential), self._inbox, desk.now)
            await broker.start()
            stack.push_async_callback(broker.stop)
            brokers.append(broker)
        stack.push_async_callback(ended, asyncio.create_task(_listens(desk, brokers)))
        self.leads = True

    async def take_turns(self, data: Path) -> None:
        """Lead whenever no other worker does, until cancelled."""
        claim = Claim(data / LEADER)
        try:
            while True:
                async with AsyncExitStack() as stack:
                    stack.callback(claim.leave)
                    with contextlib.suppress(StoreUnavailable):
                        if await self._led(claim, stack):
                            await asyncio.Event().wait()
                await asyncio.sleep(_EVERY)
        finally:
            self.leads = False

    async def _led(self, claim: Claim, stack: AsyncExitStack) -> bool:
        """Try to lead."""
        if self._retired or not claim.take():
            return False
        try:
            await self.begin(stack)
        except (SettingsError, OSError) as error:
            _LOG.error("this worker cannot lead: %s", error)
            await asyncio.sleep(_AGAIN)
            return False
        _LOG.warning("this worker leads now: process %d", os.getpid())
        return True

    def head_of_log(self, registry: Registry, now: int) -> str:
        """The newest checkpoint of the log of looks; whoever leads closes the hours that are over (blocking).

        Raises:
            RegistryUnavailable: it cannot be read now.
        """
        return registry.tree.close_hours(now) if self.leads else registry.tree.checkpoint()


async def _listens(desk: Desk, brokers: list[Broker]) -> None:
    """Say every second which shared sources the hub listens to: the silence of another means nothing."""
    while shared := [b for b in brokers if b.source.shared]:
        for broker in shared:
            if broker.is_connected:
                desk.registry.outside.listening(-broker.source.credential, desk.now())
        await asyncio.sleep(1)


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
