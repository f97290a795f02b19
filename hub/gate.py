"""The way out: the only reader of the store.

Rule: every exit asks here. An audience is compiled to a scope, the store applies it inside the query, `disclose`
says what of it may be shown; names, places and the existence of things come out the same way, as faces.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np

from hub.core.audience import PUBLIC, Audience
from hub.core.catalogue import Catalogue
from hub.core.disclosed import Disclosed, OwnStream, OwnThing, Refusal, disclose
from hub.core.history import next_change
from hub.core.holdings import Datastream, Holdings, Thing
from hub.core.query import Query
from hub.core.scope import Scope, scope_for
from hub.core.store import Store
from hub.registry import Registry

_KEPT_SCOPES = 256


class Gate:
    """What may be known, by whom. Its methods block: call them from a thread, not from an event loop."""

    def __init__(self, store: Store, registry: Registry, catalogue: Catalogue, now: Callable[[], int]) -> None:
        """Read `store` and `registry`; `now` gives the time in µs."""
        self._store = store
        self._registry = registry
        self._catalogue = catalogue
        self._now = now
        self._scopes: dict[Audience, Scope] = {}
        self._lock = Lock()

    @property
    def version(self) -> tuple[int, int, int]:
        """Changes whenever what the public may see could have changed: registry, store, closed windows."""
        scope = self._scope(PUBLIC)
        return scope.revision, self._store.version, scope.valid_until

    def read(self, query: Query, audience: Audience) -> Disclosed:
        """What this audience may see of what is asked.

        Out: every face it may see that the query names, with its rows; never an error for what is hidden.

        Raises:
            StoreUnavailable: the store cannot answer now.
        """
        scope = self._scope(audience).narrow(query)
        return disclose(self._store.read(query, scope), scope, self._catalogue)

    def audience_of_link(self, token: str) -> Audience | None:
        """Who holds this link; None when it is unknown or has expired (both answer alike)."""
        return self._registry.audience_of_link(token, self._now())

    def name_of(self, audience: Audience) -> str:
        """How to greet whoever asks; empty for nobody in particular."""
        party = self._registry.holdings().parties.get(audience.party) if audience.party is not None else None
        return "" if party is None else party.name

    def mine(self, audience: Audience) -> tuple[OwnThing, ...]:
        """The asker's own things, with what only their household may know: last heard, refusals, grades, caps."""
        holdings = self._registry.holdings()
        streams: dict[int, list[Datastream]] = {}
        for d in holdings.datastreams:
            if not audience.parties.isdisjoint(d.household):
                streams.setdefault(d.thing, []).append(d)
        heard = self._store.last_heard()
        return tuple(self._own(holdings.things[thing], streams[thing], heard, holdings) for thing in sorted(streams))

    def _own(self, thing: Thing, streams: list[Datastream], heard: dict[int, int], holdings: Holdings) -> OwnThing:
        refusals = [Refusal(r.at, r.reason) for r in self._registry.refusals_of_thing(thing.id)]
        last = [heard[d.id] for d in streams if d.id in heard]
        return OwnThing(
            handle=thing.handle, title=thing.title or thing.name, name=thing.name,
            exposure=None if thing.exposure is None else thing.exposure.value,
            last_heard=max(last, default=None), refusals=tuple(refusals),
            streams=tuple(self._own_stream(d, holdings, heard.get(d.id)) for d in sorted(streams, key=_by_property)),
        )  # fmt: skip

    def _own_stream(self, d: Datastream, holdings: Holdings, last_heard: int | None) -> OwnStream:
        now = self._now()
        commons = holdings.commons.get(d.commons) if d.commons is not None else None
        change = next_change(d.history, now)
        coming = d.grade(change) if any(s.since == change for s in d.history.steps) else None
        return OwnStream(
            datastream=d.id, property=d.property, named=d.named, unit=d.unit, grade=d.grade(now), cap=d.cap,
            commons=None if commons is None else commons.name, pseudonym=d.pseudonym, last_heard=last_heard,
            next_grade=coming, next_at=None if coming is None else change,
        )  # fmt: skip

    def _scope(self, audience: Audience) -> Scope:
        """The audience's scope: compiled again when the registry changed or a window closed."""
        now, revision = self._now(), self._registry.revision
        with self._lock:
            scope = self._scopes.get(audience)
        if scope is None or scope.revision != revision or now >= scope.valid_until:
            scope = scope_for(audience, self._registry.holdings(), self._catalogue, now)
            with self._lock:
                if len(self._scopes) >= _KEPT_SCOPES:
                    self._scopes.pop(next(iter(self._scopes)))
                self._scopes[audience] = scope
        return scope


def _by_property(stream: Datastream) -> tuple[bool, str, str]:
    return not stream.property, stream.property, stream.named


def newest_per_face(disclosed: Disclosed) -> dict[int, int]:
    """The row number of the last row of each face that has one (rows are in order of face and time)."""
    last = np.flatnonzero(np.diff(disclosed.face, append=-1))
    return {int(disclosed.face[i]): int(i) for i in last}
