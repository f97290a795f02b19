"""What only a household can open, kept as its things sent it; and the keys by which that is known.

Rule: durable on return, or refused with a reason. An envelope is kept when it was sealed to a key that its owner's
household has now, and signed by the thing that brings it; so nobody else can fill a home's letter-box, and what is in
it was not changed. The hub has no key that opens one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from msgspec import Struct
from sqlalchemy import Connection, func, insert, select, update

from hub.core.catalogue import Catalogue
from hub.core.reading import Envelope, Heard, Message
from hub.core.sealed import is_signed
from hub.registry import tables as t
from hub.registry.database import Database, Transaction
from hub.registry.doors import Limits
from hub.registry.first_heard import Doorstep

PAGE = 500
UNSIGNED = (
    "the hub does not know this thing's signing key: let the thing introduce itself once (`about` with `signing_key`), "
    "or set it with `barrio household signing-key`"
)
FORGED = (
    "another key signed this than the thing's own, or it was changed on the way: if the device was set up anew, its "
    "owner sets its key with `barrio household signing-key`"
)
OTHER_KEY = (
    "this is sealed to a key that the household does not have, or not any more: `barrio household key` shows and adds "
    "them; give the device the new one"
)
USED = "this number was used before for another envelope: let the device's numbers rise"

Arrival = tuple[Message, Envelope]


class SealingKey(Struct, frozen=True):
    """A household's public key: its name is made of it; in force from `since` until `until` (µs; None: now)."""

    party: int
    name: str
    public_key: bytes
    since: int
    until: int | None


class Kept(Struct, frozen=True):
    """An envelope as it was kept: its number here, its thing, when it came (µs), the key that signed it, all of it."""

    number: int
    thing: int
    received: int
    signing_key: bytes | None
    body: bytes


class Sealed:
    """The letter-boxes of a registry. Its methods block."""

    def __init__(
        self, database: Database, catalogue: Catalogue, limits: Limits, heard: Callable[[int], Heard]
    ) -> None:  # fmt: skip
        """`heard` gives what was announced under a credential."""
        self._database, self._catalogue, self._limits, self._heard = database, catalogue, limits, heard

    def keep(self, arrivals: Sequence[Arrival], now: int) -> list[tuple[Message, str]]:
        """Keep envelopes, all in one transaction; those that were refused, each with its reason."""
        live = {message.credential: self._heard(message.credential) for message, _ in arrivals}
        refused = []
        with self._database.write() as transaction:
            for message, envelope in arrivals:
                found = self._thing(transaction, live[message.credential], message, envelope, now)
                reason = found if isinstance(found, str) else _keep(transaction, found, message, envelope)
                if reason is not None:
                    refused.append((message, reason))
        return refused

    def read(self, things: Collection[int], after: int = 0) -> list[Kept]:
        """The next envelopes of these things behind number `after`, in the order in which they came: up to `PAGE`."""
        s, h = t.sealed.c, t.things.c
        query = select(s.id, s.thing, s.received, h.signing_key, s.body).join(t.things, h.id == s.thing)
        with self._database.read() as connection:
            rows = connection.execute(query.where(s.thing.in_(things), s.id > after).order_by(s.id).limit(PAGE))
            return [Kept(*row) for row in rows]

    def counted(self, things: Collection[int]) -> list[tuple[int, int, int]]:
        """(thing, how many envelopes, when the last came in µs) of each of these things that has any."""
        s = t.sealed.c
        query = select(s.thing, func.count(), func.max(s.received)).where(s.thing.in_(things)).group_by(s.thing)
        with self._database.read() as connection:
            return [(thing, count, last) for thing, count, last in connection.execute(query)]

    def keys(self, parties: Collection[int]) -> list[SealingKey]:
        """All keys of these parties, also those that have ended, the oldest first."""
        with self._database.read() as connection:
            return read_keys(connection, parties)

    def _thing(
        self, transaction: Transaction, live: Heard, message: Message, envelope: Envelope, now: int
    ) -> int | str:  # fmt: skip
        """The thing that an envelope is of; one behind a gateway is taken on when it has said who signs."""
        open_one = _open_thing(transaction.connection, message.credential, envelope.thing)
        if open_one is not None:
            return open_one
        step = Doorstep(transaction.connection, message.credential, live, self._catalogue, now)
        told = live.get((envelope.thing, ""))
        known = told is not None and told.signing_key is not None
        found = step.welcome(envelope.thing, self._limits.things_per_credential if known else 0)
        if isinstance(found, str) and not known:
            return UNSIGNED
        if step.write():
            transaction.changed()
        return found


def read_keys(connection: Connection, parties: Collection[int]) -> list[SealingKey]:
    """All keys of these parties, also those that have ended, the oldest first."""
    k = t.sealing_keys.c
    query = select(k.party, k.name, k.public_key, k.since, k.until).where(k.party.in_(parties)).order_by(k.id)
    return [SealingKey(*row) for row in connection.execute(query)]


def end_keys(transaction: Transaction, parties: Collection[int], now: int, name: str | None = None) -> tuple[str, ...]:
    """End the keys of these parties (of this `name` only, unless None): nothing more is taken that is sealed to them.

    Out: their names.
    """
    k = t.sealing_keys.c
    these = k.party.in_(parties) & k.until.is_(None)
    if name is not None:
        these &= k.name == name
    ended = tuple(transaction.connection.execute(select(k.name).where(these)).scalars())
    transaction.connection.execute(update(t.sealing_keys).where(these).values(until=now))
    return ended


def _open_thing(connection: Connection, credential: int, wire: str) -> int | None:
    """The open thing of this name; of a credential that speaks for one thing only, that one by any name."""
    h, c = t.things.c, t.credentials.c
    mine = (h.credential == credential) & ((h.wire == wire) | (c.kind == "thing"))
    query = select(h.id).join(t.credentials, c.id == h.credential)
    return connection.execute(query.where(mine, h.closed.is_(None), c.closed.is_(None))).scalar()


def _keep(transaction: Transaction, thing: int, message: Message, envelope: Envelope) -> str | None:
    h = t.things.c
    owner, signer = transaction.connection.execute(select(h.owner, h.signing_key).where(h.id == thing)).one()
    keys = read_keys(transaction.connection, transaction.people.seen_by(owner))
    if envelope.key not in {key.name for key in keys if key.until is None}:
        return OTHER_KEY
    if signer is None:
        return UNSIGNED
    if not is_signed(envelope.body, signer):
        return FORGED
    s = t.sealed.c
    mine = (s.thing == thing) & (s.sequence == envelope.sequence)
    there = transaction.connection.execute(select(s.body).where(mine)).scalar()
    if there is not None:
        return None if there == envelope.body else USED
    transaction.connection.execute(insert(t.sealed).values(
        thing=thing, sequence=envelope.sequence, key=envelope.key, received=message.received, body=envelope.body,
    ))  # fmt: skip
    return None
