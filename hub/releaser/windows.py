"""Closing the windows of one epoch: read under the epoch's scope, told over whole blocks, written once.

Rule: what is written follows from who may be counted at the moment of writing: the transaction that publishes looks
again, and writes nothing if anything has changed since the readings were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isinf

import msgspec
import numpy as np

from hub.core.blocks import Level, release_key, span
from hub.core.catalogue import ObservedProperty
from hub.core.counting import Enrolled, Register, silenced
from hub.core.grade import HOUR
from hub.core.query import Query
from hub.core.releases import Seats, Sheet, close, home_values, seats, usual_means, windows_wanted
from hub.core.scope import Counted, Scope, release_scope
from hub.core.store import Rows, Store, StoreUnavailable
from hub.registry import Registry
from hub.registry.releases import Releases

AT_ONCE = 24
"""So many windows are read and written together."""
_TRIES = 4

Look = Callable[[], Register]
Keep = Callable[[Enrolled], None]


class Windows:
    """The windows of one epoch of a property."""

    def __init__(self, store: Store, registry: Registry, observed: ObservedProperty, look: Look, keep: Keep) -> None:
        """Read `store`; `look` tells what is known now, `keep` writes down an epoch whose blocks have fallen silent."""
        self._store, self._registry, self._observed = store, registry, observed
        self._look, self._keep = look, keep

    def publish(self, enrolled: Enrolled, starts: Sequence[int]) -> Enrolled:
        """Publish the windows that begin at `starts` (µs, in order, all closed); the epoch as it is afterwards.

        Raises:
            StoreUnavailable: not all of them could be published now.
        """
        table = seats(enrolled.epoch)
        for first in range(0, len(starts), AT_ONCE):
            enrolled = self._some(enrolled, table, starts[first : first + AT_ONCE])
        return enrolled

    def _some(self, enrolled: Enrolled, table: Seats, starts: Sequence[int]) -> Enrolled:
        for _ in range(_TRIES):
            known = self._look()
            enrolled = self._silenced(enrolled, known)
            scope = self._scope(enrolled, known, starts)
            rows = self._store.read(Query(since=enrolled.epoch.since, until=starts[-1] + HOUR), scope)
            sheets = list(self._sheets(enrolled, table, starts, rows, scope))
            with self._registry.transaction():
                if self._as_it_was(enrolled, known):
                    for both in sheets:
                        self._registry.releases.save(tuple(both.values()), known.now)
                    return enrolled
        raise StoreUnavailable("somebody changed what may be counted while a window was closed: it is tried again soon")

    def _as_it_was(self, enrolled: Enrolled, known: Register) -> bool:
        """Whether the same blocks are silent as when the readings were read; within a transaction."""
        if self._registry.refresh() != known.holdings.revision:
            known = self._look()
        return self._silent(enrolled, known) == enrolled.silent

    def _silenced(self, enrolled: Enrolled, known: Register) -> Enrolled:
        """The epoch with the blocks that are silent now, written down if there are more than before."""
        silent = self._silent(enrolled, known)
        if silent == enrolled.silent:
            return enrolled
        enrolled = msgspec.structs.replace(enrolled, silent=silent)
        self._keep(enrolled)
        return enrolled

    def _silent(self, enrolled: Enrolled, known: Register) -> frozenset[int]:
        withdrawn = {datastream for datastream, _ in self._registry.releases.withdrawn(enrolled.at)}
        return silenced(enrolled, known, withdrawn)

    def _scope(self, enrolled: Enrolled, known: Register, starts: Sequence[int]) -> Scope:
        counted = (
            Counted(block.chain.floor, home, datastreams)
            for block in enrolled.epoch.blocks
            if block.number not in enrolled.silent
            for home, datastreams in zip(block.homes, block.members, strict=True)
        )
        # Nothing is carried into an epoch: what was told of other blocks is not told again of these.
        since = max(enrolled.epoch.since, starts[0] - windows_wanted(self._observed) * HOUR)
        return release_scope(counted, known.holdings, self._observed.watermark, known.now, since, starts[-1] + HOUR)

    def _sheets(
        self, enrolled: Enrolled, table: Seats, starts: Sequence[int], rows: Rows, scope: Scope
    ) -> Iterable[Mapping[Level, Sheet]]:
        at = np.searchsorted(scope.members["datastream"], rows.datastream)
        mean = rows.value * scope.members["scale"][at] + scope.members["shift"][at]
        before = self._before(enrolled)
        for start in starts:
            back = ((start - rows.time) // HOUR).astype(np.int32)
            values = home_values(table, self._observed, rows.datastream, back, mean)
            usual = usual_means(before, start) if before else {}
            yield close(table, start, values, enrolled.silent, self._observed, usual)

    def _before(self, enrolled: Enrolled) -> list[Sheet]:
        """What everybody was told in the epoch before."""
        e = enrolled.epoch
        if isinf(self._observed.release_spread):
            return []
        since, until = span(self._observed, e.where, e.since - 1)
        return self._registry.releases.read([release_key(e.property, e.where)], "public", since, until)


def due(releases: Releases, key: str, since: int, until: int) -> list[int]:
    """The windows of a property that begin in [`since`, `until`) and are not out."""
    first, last = -(-since // HOUR) * HOUR, releases.last(key)
    return list(range(first if last is None else max(first, last + HOUR), until, HOUR))
