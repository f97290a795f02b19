"""What comes from brokers that many share: whose it is by its prefix, and what waits until that is known.

Rule: nobody's messages wait raw, bounded and unseen. What waits under a prefix follows when somebody has shown that the
prefix is his, as it came and with the time at which it came; otherwise it is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import delete, func, select

from hub.core.grade import Grade
from hub.core.history import END
from hub.core.reading import Message, Sender
from hub.core.silence import Asked, Watch
from hub.registry import claims, sources
from hub.registry import tables as t
from hub.registry.claims import Claim, Won
from hub.registry.database import Database
from hub.registry.doors import Limits, owner_of_topic, read_prefixes, under, write_quarantine
from hub.registry.kept import Kept

QUARANTINE_FULL = "nobody's topic prefix covers this, and there is no room to keep more until the operator has looked"
_AT_ONCE = 1_000
_NO_BREAK = 5_000_000
"""A connection that was not reported for longer (µs) may have been away."""


class Waiting(Struct, frozen=True):
    """What waits on one topic of a shared source: how many messages, from when to when (µs); never what is in them."""

    source: str
    topic: str
    count: int
    since: int
    last: int


class Gone:
    """The sender of what has waited: it was acknowledged when it came, and nobody hears an answer any more."""

    mark = 0

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Nothing is owed."""

    def hold_up(self, messages: Sequence[Message]) -> None:
        """Nothing of it comes a second time."""

    def answer(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""


GONE = Gone()


class Under:
    """The sender of messages under a prefix: what it is answered comes under that prefix too, where it listens."""

    def __init__(self, sender: Sender, prefix: str) -> None:
        self.mark = sender.mark
        self._sender, self._prefix = sender, prefix

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """As ever."""
        self._sender.acknowledge(messages)

    def hold_up(self, messages: Sequence[Message]) -> None:
        """As ever."""
        self._sender.hold_up(messages)

    def answer(self, topic: str, payload: bytes) -> None:
        """Below the prefix."""
        self._sender.answer(f"{self._prefix}/{topic}", payload)


class Outside:
    """The shared sources of a registry. All methods block; any thread may ask."""

    def __init__(self, database: Database, limits: Limits, hashed: Callable[[str], str]) -> None:
        """`hashed`: how a secret is kept."""
        self._database, self._limits, self._hashed = database, limits, hashed
        self._prefixes: Kept[dict[int, dict[str, int]]] = Kept(database, read_prefixes)
        self._open: Kept[dict[int, list[Claim]]] = Kept(database, claims.read_open)
        self._won: Kept[list[Won]] = Kept(database, claims.read_won)
        self._watches: dict[int, Watch] = {}
        self._listening: dict[int, tuple[int, int]] = {}

    @property
    def shared(self) -> bool:
        """Whether there are such sources: whether `place` has anything to do."""
        return bool(self._prefixes.get())

    def names(self) -> dict[int, str]:
        """The shared sources, by number."""
        s = t.sources.c
        with self._database.read() as connection:
            return {row.id: row.name for row in connection.execute(select(s.id, s.name).where(s.credential.is_(None)))}

    def speakers(self, source: str) -> list[tuple[str, str]]:
        """Whose prefixes there are at a source: (user name of the credential, prefix)."""
        s, p, c = t.sources.c, t.prefixes.c, t.credentials.c
        query = select(c.user, p.prefix).join(t.prefixes, p.credential == c.id).join(t.sources, s.id == p.source)
        query = query.where(s.name == source, s.credential.is_(None), c.closed.is_(None)).order_by(p.prefix)
        with self._database.read() as connection:
            return [(row.user, row.prefix) for row in connection.execute(query)]

    def claims(self, source: int | None = None) -> list[Claim]:
        """The open claims, of all sources or of one; some may have expired."""
        every = self._open.get()
        return [c for number, some in every.items() for c in some if source in (None, number)]

    def listening(self, source: int, now: int) -> None:
        """Say, every second or so, that the hub is connected to a source: only then its silence means anything."""
        since, last = self._listening.get(source, (now, now))
        self._listening[source] = (since if now - last <= _NO_BREAK else now, now)

    def beats(self, source: int, prefix: str) -> dict[str, list[int]]:
        """When (µs) each topic under a prefix spoke, of what waits; what was retained says nothing of that."""
        q = t.quarantine.c
        query = select(q.topic, q.received).where(under(source, prefix), q.retained.is_(False)).order_by(q.received)
        found: dict[str, list[int]] = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(query):
                found[row.topic].append(row.received)
        return dict(found)

    def place(self, messages: list[Message]) -> list[Message]:
        """Messages with the credential whose prefix they came under; the rest is in quarantine, durable on return.

        What the quarantine has no room for is refused: it is not among the messages, and not kept. A code that shows
        a claim to be right is no message.
        """
        if any(m.credential < 0 for m in messages) and self._open.get():
            messages = [m for m in messages if m.credential >= 0 or not self._shows(m)]
        prefixes = self._prefixes.get()
        placed: list[Message] = []
        answering: dict[tuple[Sender, str], Under] = {}
        nobodys: dict[int, list[Message]] = defaultdict(list)
        for m in messages:
            if m.credential >= 0:
                placed.append(m)
                continue
            found = owner_of_topic(prefixes.get(-m.credential, {}), m.topic)
            if found is None:
                nobodys[-m.credential].append(m)
            else:
                who = (m.sender, m.topic.removesuffix(found[1]).rstrip("/"))
                if who not in answering:
                    answering[who] = Under(*who)
                m.sender, m.credential, m.topic = answering[who], *found
                placed.append(m)
        for source, some in nobodys.items():
            self.keep(source, some)
        return placed

    def keep(self, source: int, messages: Sequence[Message]) -> int:
        """Keep messages that are nobody's yet, raw; how many of them, from the first, there was room for."""
        with self._database.write() as transaction:
            kept = write_quarantine(transaction.connection, source, messages, self._limits)
            if kept < len(messages):
                sources.note_full(transaction, source, messages[kept].received, QUARANTINE_FULL)
        return kept

    def waiting(self) -> list[Waiting]:
        """What waits, by source and topic."""
        q, s = t.quarantine.c, t.sources.c
        query = select(s.name, q.topic, func.count(), func.min(q.received), func.max(q.received))
        query = query.join(t.sources, s.id == q.source).group_by(s.name, q.topic).order_by(s.name, q.topic)
        with self._database.read() as connection:
            return [Waiting(*row) for row in connection.execute(query)]

    def count(self) -> int:
        """How many messages wait."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(t.quarantine)).scalar_one())

    def following(self) -> tuple[list[int], list[Message]]:
        """What waited under a prefix that was shown to be somebody's, up to a thousand messages in their order.

        Their numbers are for `followed`, when they are stored. Nothing: all of it has followed.
        """
        for won in self._won.get():
            numbers, messages = self._under(won)
            if numbers:
                return numbers, messages
            with self._database.write() as transaction:
                transaction.connection.execute(delete(t.claims).where(t.claims.c.id == won.id))
                transaction.changed()
        return [], []

    def followed(self, numbers: Collection[int]) -> None:
        """Let go what has followed."""
        with self._database.write() as transaction:
            transaction.connection.execute(delete(t.quarantine).where(t.quarantine.c.id.in_(list(numbers))))

    def _shows(self, message: Message) -> bool:
        """Whether this is the code of a claim; then that one is won. What is heard of a power-cycle is noted."""
        some = self._open.get().get(-message.credential, ())
        claim = claims.shown_by(some, message.topic, message.payload, message.received, self._hashed)
        if claim is not None:
            with self._database.write() as transaction:
                claims.win(transaction, claim, message.received)
            return True
        for one in some:
            below = message.topic == one.prefix or message.topic.startswith(f"{one.prefix}/")
            if one.asked is not None and below and not message.retained and message.received < one.expires:
                self._hear(one, one.asked, message)
        return False

    def _hear(self, claim: Claim, asked: str, message: Message) -> None:
        """Note what a thing says that is to be silent at a time."""
        watch = self._watches.get(claim.id)
        if watch is None:
            still = {c.id for c in self.claims()}
            self._watches = {i: w for i, w in self._watches.items() if i in still}
            watch = self._watches[claim.id] = Watch(msgspec.json.decode(asked, type=Asked))
        since, last = self._listening.get(claim.source, (END, END))
        unbroken = since if message.received - last <= _NO_BREAK else END
        shown = watch.hear(message.topic, message.received, unbroken)
        if shown or watch.broken:
            with self._database.write() as transaction:
                if shown:
                    claims.win(transaction, claim, message.received)
                else:
                    claims.fail(transaction, claim, message.received)

    def _under(self, won: Won) -> tuple[list[int], list[Message]]:
        q = t.quarantine.c
        query = select(q.id, q.topic, q.payload, q.received, q.retained, q.wish).where(under(won.source, won.prefix))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(q.id).limit(_AT_ONCE)).all()
        return [row.id for row in rows], [
            Message(
                GONE, won.credential, row.topic[len(won.prefix) + 1 :], row.payload, row.received,
                retained=row.retained, wish=None if row.wish is None else Grade(row.wish),
            )
            for row in rows
        ]  # fmt: skip
