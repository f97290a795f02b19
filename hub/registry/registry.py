"""The registry: whose everything is. What the way in and the way out ask of it, in one place.

Rule: what is compiled from it carries a revision, which rises with every transaction that changes what is compiled.
All methods block and may be called from any thread; on an event loop use a thread for all but `revision`, `heard` and
`admit`, which answer from memory once asked.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, ColumnElement, select, true

from hub.core.admission import Admission
from hub.core.audience import Audience
from hub.core.cards import Objection, Said
from hub.core.catalogue import Catalogue
from hub.core.holdings import Holdings
from hub.core.observations import Key, SeriesTable
from hub.core.places import Partition
from hub.core.reading import Announcement, Heard, Message, Place
from hub.registry import aging, journal, moving, objections, sources
from hub.registry import tables as t
from hub.registry.compiled import Compiled, compiled, series_table
from hub.registry.consents import Consents
from hub.registry.database import Database, Transaction
from hub.registry.doors import (
    DEFAULT_LIMITS,
    Doors,
    Limits,
    Refused,
    read_doors,
    write_refusals,
)
from hub.registry.ears import Ears
from hub.registry.engines import RegistryUnavailable
from hub.registry.erasures import Erasures
from hub.registry.first_heard import Doorstep
from hub.registry.fragments import Nyms, memberships, write_all_ahead
from hub.registry.grades import keep_caps
from hub.registry.kept import Kept
from hub.registry.keys import KeyFileError, derived, keyed_hash, read_key
from hub.registry.looks import Looks
from hub.registry.outside import Outside
from hub.registry.people import People
from hub.registry.receipts import Receipts
from hub.registry.records import Records
from hub.registry.releases import Releases
from hub.registry.sealed import Sealed
from hub.registry.tokens import Tokens
from hub.registry.tree import Tree


class Registry:
    """An open registry. Make it with `open`."""

    def __init__(
        self, database: Database, key: bytes, nyms: Nyms, catalogue: Catalogue, street: Partition, shared: Partition,
        limits: Limits,
    ) -> None:  # fmt: skip
        self.catalogue = catalogue
        self.street, self.shared = street, shared
        self.limits = limits
        self._database, self._key = database, key
        self.nyms = nyms
        self.releases = Releases(database)
        self.looks = Looks(database)
        self.erasures = Erasures(database)
        self.tokens = Tokens(database)
        self.receipts = Receipts(database, derived(key, "receipts"))
        self.consents = Consents(database, self.receipts)
        self.records = Records(database)
        self._ears = Ears(database, catalogue, street)
        self.sealed = Sealed(database, catalogue, limits, self.heard)
        self.tree = Tree(database, derived(key, "log/sign"), derived(key, "log/pad"))
        self._compiled: Kept[Compiled] = Kept(database, lambda c: compiled(c, catalogue, street, shared))
        self._doors: Kept[Doors] = Kept(database, lambda c: read_doors(c, limits))
        self.outside = Outside(database, limits, self.hash_of)
        self._series: tuple[int, int, int, SeriesTable] | None = None
        self._hopeless: tuple[int, dict[Key, str]] = (0, {})

    @classmethod
    def open(
        cls, where: str | Path | URL, key_file: Path, catalogue: Catalogue, street: Partition, shared: Partition,
        limits: Limits = DEFAULT_LIMITS, now: int | None = None,
    ) -> Registry:  # fmt: skip
        """Open, and bring the tables to this version.

        `where` is a file of this process alone, or the URL of a database that others write to as well (`Database`),
        `street` and `shared` are the cells for single views (`hub.core.places`), `now` (µs, as the clock says
        unless given) the time from which grades that the catalogue's caps no longer allow are lowered.

        Raises:
            RegistryUnavailable: it cannot be opened, its key is unusable, or a newer Barrio wrote it.
        """
        try:
            key = read_key(key_file)
            nyms = Nyms(read_key(key_file.with_name("fragments.key")))
        except (KeyFileError, OSError) as error:
            raise RegistryUnavailable(str(error)) from error
        registry = cls(Database(where), key, nyms, catalogue, street, shared, limits)
        now = time.time_ns() // 1000 if now is None else now
        with registry.transaction() as transaction:
            keep_caps(transaction, catalogue, street, now)
            write_all_ahead(transaction, nyms, now)
        return registry

    def copy(self, to: Path) -> None:
        """A copy of the registry as it is now, in a file, for a backup; raises `RegistryUnavailable`."""
        moving.copy(self._database, to)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @property
    def revision(self) -> int:
        """A number that rises with every change of what is compiled from here."""
        return self._database.revision

    def refresh(self) -> int:
        """Look whether another process has raised the revision; the revision."""
        return self._database.refresh()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One write, all or nothing; what the same thread writes within it is part of it.

        Raises:
            RegistryUnavailable: nothing was written.
        """
        with self._database.write() as transaction:
            yield transaction

    def holdings(self) -> Holdings:
        """What is whose, compiled once a revision."""
        return self._compiled.get().holdings

    def people(self) -> People:
        """Who belongs together, compiled once a revision."""
        return self._compiled.get().people

    def locks(self) -> Mapping[int, str]:
        """The credentials (and tokens) by which one may come in, and their locks, as `Admission` has them.

        A connection of any other credential, or that came in by another lock, has to end.
        """
        return self._compiled.get().locks

    def series_table(self, now: int) -> SeriesTable:
        """Where readings that arrive at `now` (µs) go; compiled again when the revision or a grade has changed."""
        cached = self._series
        within = self._database.within()
        numbers = self._database.numbers
        self._ears.seen(numbers.heard)
        if not within and cached is not None and cached[0] >= numbers.revision and cached[1] <= now < cached[2]:
            return cached[3]
        everything = self._compiled.get()
        table, valid_until = series_table(everything, self.catalogue, now)
        if not within:
            self._series = (everything.holdings.revision, now, valid_until, table)
        return table

    def first_heard(self, keys: Collection[Key], now: int) -> dict[Key, str]:
        """Make things and datastreams, at `home`, of what is heard for the first time, in one transaction.

        Out: the keys that were refused, each with its reason in words. What leads somewhere already stays so.
        """
        hopeless = self._known_hopeless(self.revision)
        known = {k: hopeless[k] for k in keys if k in hopeless}
        waiting: dict[int, list[Key]] = defaultdict(list)
        for key in keys:
            if key not in known:
                waiting[key.credential].append(key)
        if not waiting:
            return known
        heard = {credential: self.heard(credential) for credential in waiting}
        refused: dict[Key, str] = {}
        with self.transaction() as transaction:
            for credential, some in waiting.items():
                step = Doorstep(transaction.connection, credential, heard[credential], self.catalogue, now)
                refused |= step.place(some, self.limits.things_per_credential)
                if step.write():
                    transaction.changed()
            revision = transaction.raised().revision
        if not self._database.within():
            self._known_hopeless(revision).update(refused)
        return known | refused

    def heard(self, credential: int) -> Heard:
        """What was announced under a credential: one mapping, shared, that `remember` keeps up to date.

        What another process has heard is in it after the next `series_table`.
        """
        return self._ears.of(credential)

    def remember(
        self, credential: int, announcements: Iterable[Announcement], now: int, withdrawn: Collection[Place] = ()
    ) -> None:  # fmt: skip
        """Keep what was announced, durable on return; names, units and exposures of things follow, never a grade.

        What the owner has said about a thing stays, and what was learnt from what is `withdrawn`; `now` in µs.
        """
        self._ears.remember(credential, announcements, now, withdrawn)

    def unhear(self, party: int) -> None:
        """Forget what was announced under a party's credentials, for good."""
        self._ears.forget(party)

    def forget_old(self, now: int, *, readings: int, sealed: int, log: int, quarantine: int) -> dict[str, int]:
        """Let go what is over or older than these moments (µs), see `hub.registry.aging`; how many of each kind."""
        with self.transaction() as transaction:
            gone = aging.forget_old(
                transaction.connection, now, readings=readings, sealed=sealed, log=log, quarantine=quarantine
            )
        return gone | {"entries of who looked": self.looks.forget(log)}

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Record what was turned away; the newest 50 of each thing are kept."""
        if refused:
            with self.transaction() as transaction:
                write_refusals(transaction.connection, refused)

    def refusals(self, credentials: Collection[int], limit: int = 50) -> list[Refused]:
        """What was turned away under these credentials, the newest first."""
        return self._refusals(t.refusals.c.credential.in_(credentials), limit)

    def refusals_of_thing(self, thing: int, limit: int = 50) -> list[Refused]:
        """What was turned away of one thing, the newest first; a thing with its own credential has all of that."""
        with self._database.read() as connection:
            h, c = t.things.c, t.credentials.c
            query = select(h.credential, h.wire, c.kind).join(t.credentials, c.id == h.credential).where(h.id == thing)
            row = connection.execute(query).first()
        if row is None:
            return []
        mine = t.refusals.c.credential == row.credential
        return self._refusals(mine if row.kind == "thing" else mine & (t.refusals.c.thing == row.wire), limit)

    def all_refusals(self, limit: int = 50) -> list[Refused]:
        """What was turned away of anybody, the newest first: for the operator."""
        return self._refusals(true(), limit)

    def credential_of_thing(self, thing: int) -> int | None:
        """The credential that is this thing's own, or None when it speaks through somebody else's."""
        with self._database.read() as connection:
            h, c = t.things.c, t.credentials.c
            own = (h.id == thing) & (c.kind == "thing") & c.closed.is_(None)
            return connection.execute(select(c.id).join(t.things, h.credential == c.id).where(own)).scalar()

    def quarantined(self) -> int:
        """How many messages wait for somebody to say that they are his."""
        return self.outside.count()

    def admit(self, username: str, password: bytes, certificate: str | None) -> Admission | None:
        """Who may come in; `certificate` is the name in a client certificate that TLS has verified.

        An unknown name takes as long as a wrong password. `username` is empty for a certificate alone.

        Raises:
            RegistryUnavailable: it cannot be known now.
        """
        return self._doors.get().admit(self._key, username, password, certificate)

    def source(self, name: str, party: int | None, now: int) -> int:
        """The number by which messages of an outside broker come (`Message.credential`), the same after a restart.

        One party's source is a credential of that party; a shared one has a negative number, until `place` has put
        the credential of the prefix in its stead.
        """
        with self.transaction() as transaction:
            return sources.number(transaction, name, party, now)

    @property
    def has_shared_sources(self) -> bool:
        """Whether `place` has anything to do."""
        return self.outside.shared

    def place(self, messages: list[Message]) -> list[Message]:
        """Messages with the credential whose prefix they came under; the rest is in quarantine, durable on return.

        What the quarantine has no room for is refused: it is not among the messages, and not kept. See `outside`.
        """
        return self.outside.place(messages)

    def quarantine(self, source: int, messages: Sequence[Message]) -> int:
        """Keep messages that are nobody's yet, raw; how many of them, from the first, there was room for."""
        return self.outside.keep(source, messages)

    def audience_of_party(self, party: int, purpose: str | None = None) -> Audience | None:
        """Whom a party acts as and where it is a member, with the purpose it states; None when it is unknown."""
        people = self.people()
        if party not in people.parties:
            return None
        acting = people.acting(party)
        with self._database.read() as connection:
            m = t.memberships.c
            joined = connection.execute(select(m.commons).where(m.party.in_(acting), m.until.is_(None))).scalars()
            return Audience(party, acting, frozenset(joined), party in people.staff, purpose)

    def audience_of_link(self, token: str, now: int) -> Audience | None:
        """Who holds a link, and for which purpose; None when it is unknown or has expired, both alike."""
        kept = self.hash_of(token)
        with self._database.read() as connection:
            c = t.links.c
            row = connection.execute(select(c.party, c.purpose).where(c.hash == kept, c.expires > now)).first()
        return None if row is None else self.audience_of_party(row.party, row.purpose)

    def names_shown(self, parties: Collection[int]) -> dict[int, tuple[str, int]]:
        """The own name that a member among these parties shows in a commons, and since when (µs); none of the others'.

        It may begin later (`hub.actions.names`), or lie idle until its bearer has brought his keys.
        """
        if not parties:
            return {}
        with self._database.read() as connection:
            mine = [m for party in sorted(parties) for m in memberships(connection, party=party).values()]
        return {m.commons: (m.named, m.turned) for m in mine if m.named is not None}

    def journal(self, party: int | None = None, limit: int = 100) -> list[journal.Entry]:
        """What was done, the newest first: all of it, or what concerns one party."""
        with self._database.read() as connection:
            return journal.read(connection, party, limit)

    def last_done(self, begins: str) -> int | None:
        """When (µs) the operator last did what the diary tells in words that begin so."""
        with self._database.read() as connection:
            return journal.last(connection, begins)

    def objections(self, parties: Collection[int]) -> tuple[Objection, ...]:
        """What was said to these parties by people who are measured, the newest first."""
        with self._database.read() as connection:
            return objections.read_objections(connection, parties)

    def said(self, handle: str) -> Said | None:
        """What somebody said under this handle, and what was answered; None when there is none such."""
        with self._database.read() as connection:
            return objections.read_said(connection, self.hash_of(handle))

    def agreed(self, parties: Collection[int]) -> list[dict[str, str]]:
        """The receipts of what these parties agreed to: each party's in order, as signed."""
        return self.receipts.told(parties)

    def hash_of(self, secret: str) -> str:
        """How a secret is kept."""
        return keyed_hash(self._key, secret.encode("utf-8", "replace"))

    def derived(self, purpose: str) -> bytes:
        """A secret key (32 bytes) for one purpose, the same after a restart."""
        return derived(self._key, purpose)

    def _known_hopeless(self, revision: int) -> dict[Key, str]:
        if self._hopeless[0] != revision or len(self._hopeless[1]) > self.limits.quarantine_messages:
            self._hopeless = (revision, {})
        return self._hopeless[1]

    def _refusals(self, which: ColumnElement[bool], limit: int) -> list[Refused]:
        c = t.refusals.c
        query = select(c.credential, c.thing, c.topic, c.reason, c.size, c.at)
        with self._database.read() as connection:
            rows = connection.execute(query.where(which).order_by(c.id.desc()).limit(limit))
            return [Refused(*row) for row in rows]
