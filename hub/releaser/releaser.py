"""When what falls due: epochs that begin, windows that close, epochs that are over.

Rule: in the order of time, one property after another, from one thread; each step leaves everything whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hub.core.blocks import Where, release_key, span
from hub.core.catalogue import Catalogue, ObservedProperty
from hub.core.counting import Register, register
from hub.core.grade import HOUR
from hub.core.published import WHERES
from hub.core.store import Store, StoreUnavailable
from hub.registry import Registry
from hub.releaser.enrolling import Enrolling
from hub.releaser.windows import Windows, due

REACH = 48 * HOUR
"""How far back windows are closed that were missed."""
_EVERY = 5.0
_LOG = logging.getLogger("hub.releaser")


class Releaser:
    """The releaser of one hub. `step` blocks, and is called by one thread at a time."""

    def __init__(
        self, store: Store, registry: Registry, catalogue: Catalogue, now: Callable[[], int], *, reach: int = REACH
    ) -> None:
        """Publish from `store` into `registry`; windows that began more than `reach` (µs) ago are left out."""
        self._store, self._registry, self._catalogue, self._now = store, registry, catalogue, now
        self._reach = reach
        self._enrolling = Enrolling(store, registry, catalogue)
        self._next: dict[str, int] = {}
        self._known: Register | None = None
        self._ending = False
        self.trouble: str | None = None
        """What keeps it from publishing, in words; None: nothing."""

    async def run(self) -> None:
        """Publish whatever falls due, until cancelled; what is being written then is finished first."""
        while True:
            working = asyncio.ensure_future(asyncio.to_thread(self._try))
            try:
                await asyncio.shield(working)
            except asyncio.CancelledError:
                self._ending = True
                await working
                raise
            await asyncio.sleep(_EVERY)

    @property
    def waiting(self) -> int:
        """Of how many properties something is due that is not done."""
        return sum(due <= self._now() for due in list(self._next.values()))

    def step(self) -> int:
        """Enrol homes for every epoch that has begun and close every window that is due; how many came out.

        Raises:
            StoreUnavailable: store or registry cannot answer now; what came out before is out.
        """
        self._known = None
        out = 0
        for observed in self._catalogue.properties.values():
            for where in WHERES:
                idle = self._now() < self._next.get(release_key(observed.id, where), 0)
                if not idle and not self._ending:
                    out += self._property(observed, where)
        return out

    def _try(self) -> None:
        try:
            self.step()
            self.trouble = None
        except StoreUnavailable as error:
            self.trouble = str(error)
        except Exception as error:  # noqa: BLE001 - it tries again, and readings go on; an error's text may hold values
            self.trouble = f"a fault of the hub ({type(error).__name__})"
            _LOG.error("a window could not be closed: %s", type(error).__name__)

    def _property(self, observed: ObservedProperty, where: Where) -> int:
        now, key = self._now(), release_key(observed.id, where)
        closed = (now - observed.watermark) // HOUR * HOUR
        windows = Windows(self._store, self._registry, observed, self._look, self._enrolling.keep)
        out, moment = 0, now - self._reach
        while moment <= now:
            since, until = span(observed, where, moment)
            enrolled = self._enrolling.enrolled(observed, where, moment, self._look())
            starts = due(self._registry.releases, key, max(since, moment), min(until, closed))
            if enrolled is not None and enrolled.epoch.blocks and starts:
                windows.publish(enrolled, starts)
                out += len(starts)
            moment = until
        self._enrolling.forget(observed, where, now)
        self._next[key] = min(closed + HOUR + observed.watermark, moment)
        return out

    def _look(self) -> Register:
        """What is known at this step; looked up anew when the registry has changed."""
        known, revision = self._known, self._registry.revision
        if known is None or known.holdings.revision != revision:
            holdings, now = self._registry.holdings(), self._now()
            open_ones = self._registry.releases.open_datastreams()
            known = self._known = register(holdings, open_ones, self._store.last_heard(), now)
        return known
