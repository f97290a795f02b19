"""The way out: the only reader of the store.

Rule: every exit asks here. An audience is compiled to a scope, the store applies it inside the query, `disclose`
says what of it may be shown; names, places and the existence of things come out the same way, as faces.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Lock

import numpy as np
from msgspec.structs import replace

from hub.core.about import About, Deed, ErasureReceipt
from hub.core.absence import Absences, Known, why_absent
from hub.core.audience import PUBLIC, Audience
from hub.core.cards import Card, Objection, Said, cards
from hub.core.catalogue import Catalogue, PartyKind
from hub.core.charter import Charter, charters
from hub.core.disclosed import (
    Disclosed,
    OwnBox,
    OwnConsent,
    OwnEstate,
    OwnSealed,
    OwnStream,
    OwnThing,
    OwnToken,
    Refusal,
    disclose,
)
from hub.core.grade import Grade, Role
from hub.core.history import next_change
from hub.core.holdings import Datastream, Holdings, Thing, fragment_at
from hub.core.look import NOTHING_SEEN, Seen, looks, news, seen
from hub.core.looked import WhoLooked, regions_around, who_looked
from hub.core.observations import Times
from hub.core.published import NOTHING_PUBLISHED, Published, keys_of, level_of, published
from hub.core.query import Query, StoreUnavailable
from hub.core.record import FINEST, RECENTLY, WEEK, ThingRecord, stream_record
from hub.core.scope import Scope, role_of, scope_for, street_cells
from hub.core.store import Store
from hub.registry import Registry

_KEPT_SCOPES = 256
_ATTEMPTS = 20
_WHOLE_DIARY = 1_000_000
_NO_TIMES = np.empty(0, np.int64)


class Gate:
    """What may be known, by whom. Its methods block: call them from a thread, not from an event loop."""

    def __init__(self, store: Store, registry: Registry, catalogue: Catalogue, now: Callable[[], int]) -> None:
        """Read `store` and `registry`; `now` gives the time in µs."""
        self._store = store
        self._registry = registry
        self._catalogue = catalogue
        self._now = now
        self._key = registry.derived("rows")
        self._scopes: dict[Audience, Scope] = {}
        self._lock = Lock()

    @property
    def version(self) -> tuple[int, int, int]:
        """Changes whenever what the public may see could have changed: registry, store, releases, closed windows."""
        scope = self._scope(PUBLIC)
        return scope.revision, self._store.version + self._registry.releases.version, scope.valid_until

    def read(self, query: Query, audience: Audience) -> Disclosed:
        """What this audience may see of what is asked.

        Out: every face it may see that the query names, with its rows; never an error for what is hidden. Releases
        have a face where one was published in the time asked for; asking for things leaves them out.

        Whose data it shows beyond what everyone sees is told so, durably, before the answer is given.

        Raises:
            StoreUnavailable: the store cannot answer now, or the log of looks cannot be written: then nothing is shown.
        """
        shown, found, holdings = self._answer(query, audience)
        self._tell(found, query, audience, holdings)
        return shown

    def repeated(self, query: Query, audience: Audience) -> Callable[[], Disclosed]:
        """One reader's question again and again: each call is a `read`.

        Owners are told of an answer when it holds more of theirs than the one before, so that watching windows that
        stay as they are does not fill the log.
        """
        before = NOTHING_SEEN

        def again() -> Disclosed:
            nonlocal before
            shown, found, holdings = self._answer(query, audience)
            self._tell(news(before, found), query, audience, holdings)
            before = found
            return shown

        return again

    def as_seen(self, query: Query, eyes: Audience, audience: Audience) -> Disclosed:
        """What other `eyes` see of the asker's own. No look: of others it holds nothing but what everyone sees.

        Raises:
            StoreUnavailable: the store cannot answer now.
        """
        scope, holdings = self._compiled(eyes)
        own = {d.id for d in holdings.datastreams if not audience.parties.isdisjoint(d.household)}
        scope = scope.narrow(query).without_others(own)
        rows, out = self._store.read(query, scope), self._published(query, PUBLIC)
        return disclose(rows, scope, self._catalogue, self._key, out)

    def why_absent(self, streams: Collection[int], audience: Audience) -> dict[int, Absences]:
        """Why others see nothing of these datastreams, of those of them that are the asker's own; told to him alone."""
        holdings, heard, now = self._registry.holdings(), self._store.last_heard(), self._now()
        own = [d for d in holdings.datastreams if d.id in streams and not audience.parties.isdisjoint(d.household)]
        shown = any(d.grade(now) is Grade.STREET for d in own)
        street = street_cells(holdings, now) if shown else {}
        found = {}
        for d in own:
            observed = self._catalogue.get(d.property)
            if observed is not None:
                enrolled, erased = self._registry.releases.enrolled_with(d, holdings.things[d.thing], observed, now)
                known = Known(now, holdings, observed, heard.get(d.id), d.id in street, enrolled, erased)
                project = role_of(d, Audience(memberships=audience.memberships))
                found[d.id] = Absences(why_absent(d, project, known), why_absent(d, Role.PUBLIC, known))
        return found

    def who_looked(self, audience: Audience, newest: int = 200) -> WhoLooked:
        """Who looked at what is the asker's own, the newest first; of a household's, each of its adults may read it.

        Reading this is no look, and nobody is told of it.
        """
        holdings, log = self._registry.holdings(), self._registry.looks
        own = [d for d in holdings.datastreams if d.owner in audience.parties]
        around = log.at_regions(regions_around(own, holdings), newest) if own else []
        return who_looked(log.read(audience.parties, newest), around, holdings, self._catalogue)

    def checkpoint(self) -> str:
        """The head of the log of looks as it was signed last, for everybody to keep (C2SP tlog-checkpoint)."""
        return self._registry.tree.checkpoint()

    def log_batches(self) -> str:
        """The key of the log and the roots of all its batches, for everybody to check (`hub.core.witness`)."""
        return self._registry.tree.listed()

    def audience_of_link(self, token: str) -> Audience | None:
        """Who holds this link; None when it is unknown or has expired (both answer alike)."""
        return self._registry.audience_of_link(token, self._now())

    def stands(self, audience: Audience, token: str | None) -> bool:
        """Whether somebody still is the audience he was, and by the same link if he came by one."""
        if token is not None:
            return self.audience_of_link(token) == audience
        return (
            audience.party is not None
            and self._registry.audience_of_party(audience.party, audience.purpose) == audience
        )

    def sealed(self, audience: Audience, after: int = 0) -> tuple[OwnSealed, ...]:
        """The next of the asker's own envelopes behind number `after`, some hundreds: for whoever has the key."""
        own = self._all_own(audience)
        return tuple(
            OwnSealed(s.number, _title(own[s.thing]), s.received, s.signing_key, s.body)
            for s in self._registry.sealed.read(own, after)
        )

    def letter_boxes(self, audience: Audience) -> tuple[OwnBox, ...]:
        """How much there is of that, by thing."""
        own = self._all_own(audience)
        counted = self._registry.sealed.counted(own)
        return tuple(OwnBox(own[i].handle, _title(own[i]), count, last) for i, count, last in counted)

    def sealing_keys(self, audience: Audience) -> tuple[str, ...]:
        """The names of the public keys to which the asker's household seals now."""
        return tuple(k.name for k in self._registry.sealed.keys(audience.parties) if k.until is None)

    def name_of(self, audience: Audience) -> str:
        """How to greet whoever asks; empty for nobody in particular."""
        party = self._registry.holdings().parties.get(audience.party) if audience.party is not None else None
        return "" if party is None else party.name

    def mine(self, audience: Audience) -> tuple[OwnThing, ...]:
        """The asker's own things by title: last heard, refusals, grades, caps, which only their household may know."""
        holdings = self._registry.holdings()
        streams: dict[int, list[Datastream]] = {}
        for d in holdings.datastreams:
            if not audience.parties.isdisjoint(d.household):
                streams.setdefault(d.thing, []).append(d)
        heard = self._store.last_heard()
        agreed = self._agreed(audience, holdings)
        things = [self._own(holdings.things[i], streams[i], heard, holdings) for i in sorted(streams)]
        things.sort(key=lambda thing: thing.title.casefold())
        return tuple(
            replace(thing, streams=tuple(replace(s, consents=agreed.get(s.datastream, ())) for s in thing.streams))
            for thing in things
        )

    def record(self, handle: str, audience: Audience) -> ThingRecord | None:
        """The record of one of the asker's own things, of the last seven days; None for any other.

        Raises:
            StoreUnavailable: the store cannot answer now.
        """
        thing = next((t for t in self._all_own(audience).values() if t.handle == handle), None)
        if thing is None:
            return None
        now, only = self._now(), frozenset({handle})
        recent = self._times(Query(things=only, since=now - RECENTLY, until=now), audience)
        week = self._times(Query(things=only, since=now - WEEK, until=now, window=FINEST), audience)
        streams = [d for d in self._registry.holdings().datastreams if d.thing == thing.id]
        noted, heard = self._registry.records.of([d.id for d in streams], now - WEEK), self._store.last_heard()
        counted = next((n for _, n, _ in self._registry.sealed.counted([thing.id])), 0)
        return ThingRecord(
            handle=handle, title=_title(thing), sealed=counted,
            streams=tuple(
                stream_record(d, heard.get(d.id), recent.get(d.id, _NO_TIMES), week.get(d.id, _NO_TIMES),
                              noted.get(d.id, {}), now, thing.closed)
                for d in sorted(streams, key=_by_property)
            ),
            refusals=tuple(Refusal(r.at, r.reason) for r in self._registry.refusals_of_thing(thing.id)),
            closed=thing.closed,
        )  # fmt: skip

    def _times(self, query: Query, audience: Audience) -> dict[int, Times]:
        """When something of each of the asker's own datastreams was heard; of what is his own alone."""
        shown = self.read(query, audience)
        return {f.datastream: shown.of(i)[0] for i, f in enumerate(shown.faces) if f.datastream is not None}

    def about(self, audience: Audience) -> About:
        """What the hub has written about the asker: the diary, what was erased, who looked, what was agreed to."""
        names = {i: p.name for i, p in self._registry.holdings().parties.items()}
        diary = (e for party in sorted(audience.parties) for e in self._registry.journal(party, _WHOLE_DIARY))
        deeds = {Deed(e.at, "the operator" if e.who is None else names.get(e.who, ""), e.what) for e in diary}
        return About(
            tuple(sorted(deeds, key=lambda d: d.at)), self.erased(audience), self.who_looked(audience, _WHOLE_DIARY),
            tuple(self._registry.agreed(audience.parties)),
        )  # fmt: skip

    def estates(self, audience: Audience) -> tuple[OwnEstate, ...]:
        """For whom the asker may act, himself first, and what each of them has: so much he may erase."""
        if audience.party is None:
            return ()
        held, acting = self._registry.holdings(), self._registry.people().acting(audience.party)
        things: dict[int, list[tuple[str, str]]] = {i: [] for i in acting}
        for thing in held.things.values():
            if thing.owner in acting:
                things[thing.owner].append((thing.handle, _title(thing)))
        owners = sorted(acting, key=lambda i: (i != audience.party, held.parties[i].name, i))
        return tuple(
            OwnEstate(
                i, held.parties[i].name, tuple(sorted(things[i], key=lambda one: one[1].casefold())),
                held.parties[i].kind is PartyKind.HOUSEHOLD,
            )
            for i in owners
        )  # fmt: skip

    def tokens(self, audience: Audience) -> tuple[OwnToken, ...]:
        """The open tokens of those for whom the asker may act; never what opens anything."""
        if audience.party is None:
            return ()
        things, acting = self._registry.holdings().things, self._registry.people().acting(audience.party)
        coming = (a for a in self._registry.tokens.awaited(self._now()) if a.party in acting)
        going = (o for o in self._registry.tokens.offered(self._now()) if o.giver in acting and o.thing in things)
        return (
            *(OwnToken(name=a.name, expires=a.expires, enrolment=a.enrolment) for a in coming),
            *(OwnToken(name=_title(things[o.thing]), expires=o.expires, handle=things[o.thing].handle) for o in going),
        )

    def erased(self, audience: Audience) -> tuple[ErasureReceipt, ...]:
        """What the asker had erased, the newest first, and whether it is gone from every file."""
        return tuple(self._registry.erasures.receipts(audience.parties))

    def cards(self) -> tuple[Card, ...]:
        """A card for everything of which the public sees that it measures what everybody shares."""
        return cards(self._scope(PUBLIC).faces)

    def charters(self, audience: Audience) -> tuple[Charter, ...]:
        """The commons that run: what anybody may read of each, and to its member that he is one, and as whom."""
        names = self._registry.names_shown(audience.parties)
        return charters(self._registry.holdings(), audience, self._now(), names)

    def objections(self, audience: Audience) -> tuple[Objection, ...]:
        """What people who are measured said to the asker, the newest first."""
        return self._registry.objections(audience.parties)

    def said(self, handle: str) -> Said | None:
        """What was said under a handle, and what was answered; None for one that nobody has."""
        return self._registry.said(handle)

    def _published(self, query: Query, audience: Audience) -> Published:
        """What was published of what is asked, at the level of who asks."""
        if query.things is not None:
            return NOTHING_PUBLISHED
        keys = keys_of(self._catalogue.properties if query.properties is None else query.properties)
        sheets = self._registry.releases.read(
            keys, level_of(audience), query.since, query.until, newest=query.newest
        )  # fmt: skip
        return published(sheets, self._catalogue)

    def _agreed(self, audience: Audience, holdings: Holdings) -> dict[int, tuple[OwnConsent, ...]]:
        """What the asker agreed to, by datastream."""
        agreed: dict[int, tuple[OwnConsent, ...]] = {}
        for c in self._registry.consents.of(audience.parties):
            commons = holdings.commons.get(c.commons) if c.commons is not None else None
            own = OwnConsent(c.grade, c.purpose, None if commons is None else commons.name, c.since, c.until)
            agreed[c.datastream] = (*agreed.get(c.datastream, ()), own)
        return agreed

    def _own(self, thing: Thing, streams: list[Datastream], heard: dict[int, int], holdings: Holdings) -> OwnThing:
        refusals = [Refusal(r.at, r.reason) for r in self._registry.refusals_of_thing(thing.id)]
        last = [heard[d.id] for d in streams if d.id in heard]
        return OwnThing(
            handle=thing.handle, title=_title(thing), name=thing.name,
            exposure=None if thing.exposure is None else thing.exposure.value,
            last_heard=max(last, default=None), refusals=tuple(refusals), closed=thing.closed,
            streams=tuple(self._own_stream(d, holdings, heard.get(d.id)) for d in sorted(streams, key=_by_property)),
        )  # fmt: skip

    def _own_stream(self, d: Datastream, holdings: Holdings, last_heard: int | None) -> OwnStream:
        now = self._now()
        commons = holdings.commons.get(d.commons) if d.commons is not None else None
        fragment = fragment_at(d.fragments, now)
        change = next_change(d.history, now)
        coming = d.grade(change) if any(s.since == change for s in d.history.steps) else None
        return OwnStream(
            datastream=d.id, property=d.property, named=d.named, unit=d.unit, grade=d.grade(now), cap=d.cap,
            commons=None if commons is None else commons.name, last_heard=last_heard,
            pseudonym=None if fragment is None else fragment.name,
            next_grade=coming, next_at=None if coming is None else change,
            paused_until=max((p.until for p in d.history.pauses if p.since <= now < p.until), default=None),
        )  # fmt: skip

    def _answer(self, query: Query, audience: Audience) -> tuple[Disclosed, Seen, Holdings]:
        """What is shown, and what of it is others' and not for everyone."""
        scope, holdings = self._compiled(audience)
        audience = replace(audience, memberships=holdings.running(audience.memberships, self._now()))
        scope = scope.narrow(query)
        rows, out = self._store.read(query, scope), self._published(query, audience)
        shown = disclose(rows, scope, self._catalogue, self._key, out)
        return shown, seen(rows, scope, shown, audience, holdings), holdings

    def _tell(self, found: Seen, query: Query, audience: Audience, holdings: Holdings) -> None:
        told = looks(found, query, audience, holdings, self._now())
        if told:
            self._registry.looks.write(told)

    def _all_own(self, audience: Audience) -> dict[int, Thing]:
        """The things whose readings the asker sees exactly, also those that have told none."""
        people, things = self._registry.people(), self._registry.holdings().things
        return {i: t for i, t in things.items() if not audience.parties.isdisjoint(people.seen_by(t.owner))}

    def _compiled(self, audience: Audience) -> tuple[Scope, Holdings]:
        """The audience's scope, and the holdings it was made from."""
        for _ in range(_ATTEMPTS):
            scope, holdings = self._scope(audience), self._registry.holdings()
            if scope.revision == holdings.revision:
                return scope, holdings
        raise StoreUnavailable("wishes are changing right now: ask again in a moment")

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


def _title(thing: Thing) -> str:
    return thing.title or thing.name


def _by_property(stream: Datastream) -> tuple[bool, str, str]:
    return not stream.property, stream.property, stream.named


def newest_per_face(disclosed: Disclosed) -> dict[int, int]:
    """The row number of the last row of each face that has one (rows are in order of face and time)."""
    last = np.flatnonzero(np.diff(disclosed.face, append=-1))
    return {int(disclosed.face[i]): int(i) for i in last}
