"""Who is enrolled in an epoch: decided once, kept in the registry, forgotten when the epoch is over.

Rule: an epoch is enrolled in order, none before one that there is already; only who was heard regularly comes in new.
"""

from __future__ import annotations

import msgspec
import numpy as np

from hub.core.blocks import Chain, Epoch, Home, Where, least_homes, release_key, span
from hub.core.catalogue import Catalogue, ObservedProperty
from hub.core.counting import LIVE, LOOKED_BACK, Enrolled, Mark, Register, countable, mark_of
from hub.core.enrolment import enrol
from hub.core.grade import HOUR
from hub.core.history import END
from hub.core.holdings import Holdings
from hub.core.query import Query
from hub.core.scope import Counted, release_scope
from hub.core.store import Store
from hub.registry import Registry
from hub.registry.releases import read_enrolled


class Enrolling:
    """Enrols one hub's homes; reads of the store only who was heard when."""

    def __init__(self, store: Store, registry: Registry, catalogue: Catalogue) -> None:
        self._store, self._registry, self._catalogue = store, registry, catalogue
        self._key = registry.derived("blocks")
        self._seen: Register | None = None
        self._found: dict[int, dict[tuple[str, Where], list[Home]]] = {}

    def enrolled(self, observed: ObservedProperty, where: Where, moment: int, known: Register) -> Enrolled | None:
        """The epoch in which a moment (µs) lies, enrolled now if it was not before; None when nobody is in it.

        Raises:
            StoreUnavailable: it could not be read or written down.
        """
        releases, key = self._registry.releases, release_key(observed.id, where)
        since, until = span(observed, where, moment)
        kept = releases.epoch(key, since)
        if kept is not None:
            return None if kept.body is None else read_enrolled(kept.body)
        last = releases.epoch_before(key, END)
        if last is not None and last.since > since:
            return None
        previous = None if last is None or last.body is None else read_enrolled(last.body).epoch
        homes = self._countable(known, since).get((observed.id, where), [])
        homes = self._regular(homes, previous, observed, known, since)
        if not homes and (previous is None or not (previous.blocks or previous.waiting)):
            return None
        epoch = self._enrol(observed, where, (since, until), homes, previous, known.holdings)
        found = Enrolled(epoch, known.now, _marks(epoch, known.holdings))
        self.keep(found)
        return found

    def keep(self, enrolled: Enrolled) -> None:
        """Write down an epoch with the blocks that have fallen silent."""
        e = enrolled.epoch
        body = msgspec.msgpack.encode(enrolled)
        self._registry.releases.keep_epoch(release_key(e.property, e.where), e.since, e.until, body)

    def forget(self, observed: ObservedProperty, where: Where, now: int) -> None:
        """Forget who was enrolled in the epochs before this one, once their last window has closed."""
        releases, key = self._registry.releases, release_key(observed.id, where)
        since, _ = span(observed, where, now)
        if releases.epoch(key, since) is not None and now >= since + observed.watermark:
            releases.empty_epochs(key, since)

    def _countable(self, known: Register, since: int) -> dict[tuple[str, Where], list[Home]]:
        """Who may be enrolled, worked out once for all properties whose epochs begin together."""
        if self._seen is not known:
            self._seen, self._found = known, {}
        if since not in self._found:
            self._found[since] = countable(known, since)
        return self._found[since]

    def _regular(
        self, homes: list[Home], previous: Epoch | None, observed: ObservedProperty, known: Register, since: int
    ) -> list[Home]:
        """Who was enrolled before, and of the others those that were heard regularly."""
        before = set() if previous is None else {d for b in previous.blocks for member in b.members for d in member}
        before |= set() if previous is None else set(previous.waiting)
        fresh = [h for h in homes if before.isdisjoint(h.datastreams)]
        if not fresh:
            return homes
        scope = release_scope(
            [Counted(h.chain.floor, h.home, h.datastreams) for h in fresh], known.holdings, observed.watermark,
            known.now, since - LOOKED_BACK * HOUR, since,
        )  # fmt: skip
        rows = self._store.read(Query(since=since - LOOKED_BACK * HOUR, until=since), scope)
        at = np.searchsorted(scope.members["datastream"], rows.datastream)
        told = np.unique(np.column_stack([scope.members["home"][at], rows.time]), axis=0)[:, 0]
        live, windows = np.unique(told, return_counts=True)
        regular = set(live[windows >= LIVE].tolist())
        return [h for h in homes if h.home in regular or not before.isdisjoint(h.datastreams)]

    def _enrol(
        self, observed: ObservedProperty, where: Where, when: tuple[int, int], homes: list[Home],
        previous: Epoch | None, holdings: Holdings,
    ) -> Epoch:  # fmt: skip
        k = least_homes(observed, where, "near")

        def k_of(chain: Chain) -> int:
            commons = holdings.commons.get(chain.commons)
            return k if commons is None else max(k, commons.homes)

        return enrol(
            observed=observed.id, where=where, since=when[0], until=when[1], homes=homes, k=k,
            public_k=least_homes(observed, where, "public"), k_of=k_of, key=self._key, previous=previous,
        )  # fmt: skip


def _marks(epoch: Epoch, holdings: Holdings) -> dict[int, Mark]:
    inside = {d for block in epoch.blocks for member in block.members for d in member}
    return {d.id: mark_of(d, holdings.things[d.thing]) for d in holdings.datastreams if d.id in inside}
