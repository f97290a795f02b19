"""The door: who may come in, whose a topic is at a shared broker, and what was turned away.

Rule: an unknown name and a wrong password take as long and are answered alike; nothing is admitted by default. What is
turned away is kept with its reason, bounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from hub.core.admission import ENROL, Admission, Newcomer
from hub.core.reading import Message
from hub.registry import tables as t
from hub.registry.keys import keyed_hash, same

KEPT_REFUSALS = 50
"""Of each thing of a credential so many refusals are kept, the newest."""
KEPT_OF_CREDENTIAL = 1000
_LONGEST = 500
_OF_A_TOKEN = 4
"""So many connections at a time may come with one token."""


class Refused(Struct, frozen=True):
    """A message that was turned away: never its values. `thing` as the topic names it, `size` in bytes, `at` µs."""

    credential: int
    thing: str | None
    topic: str
    reason: str
    size: int
    at: int


class Limits(Struct, frozen=True):
    """How much of the hub anybody may use, where nothing else is recorded for him."""

    things_per_credential: int = 2000
    messages_per_second: int = 0
    connections_per_credential: int = 200
    quarantine_messages: int = 10_000
    quarantine_bytes: int = 64_000_000


DEFAULT_LIMITS = Limits()


class Doors(Struct, frozen=True):
    """The credentials that are open, by user name and by the name in a client certificate: (user, hash, admission).

    `by_token`: who may come with a one-time token, by its keyed hash. Whether it has expired, whoever lets in looks.
    """

    by_user: dict[str, tuple[str, str, Admission]]
    by_certificate: dict[str, tuple[str, str, Admission]]
    by_token: dict[str, Admission]

    def admit(self, key: bytes, user: str, password: bytes, certificate: str | None) -> Admission | None:
        """The admission for a name and a password, for a token, or for the name in a verified client certificate.

        A token is looked up by its keyed hash, of which nobody without the key can guess a beginning: that takes as
        long whether there is such a token or not.
        """
        named = self.by_user.get(user)
        if same(key, password, None if named is None else named[1]) and named is not None:
            return named[2]
        if user == ENROL:
            return self.by_token.get(keyed_hash(key, password))
        shown = self.by_certificate.get(certificate) if certificate else None
        return shown[2] if shown is not None and user in ("", shown[0]) else None


def read_doors(connection: Connection, limits: Limits) -> Doors:
    """The doors as they are now."""
    c = t.credentials.c
    doors = Doors({}, {}, {})
    query = select(c.id, c.user, c.hash, c.certificate, c.messages_per_second, c.max_connections)
    for i, user, kept, certificate, rate, most in connection.execute(query.where(c.closed.is_(None))):
        allowed = Admission(
            i,
            limits.messages_per_second if rate is None else rate,
            limits.connections_per_credential if most is None else most,
            lock=lock_of(kept, certificate),
        )
        doors.by_user[user] = (user, kept, allowed)
        if certificate:
            doors.by_certificate[certificate] = (user, kept, allowed)
    _read_newcomers(connection, limits, doors)
    return doors


def lock_of(kept: str, certificate: str | None) -> str:
    """What is another as soon as a credential opens to others than before: by a password (its hash), a certificate."""
    return f"{kept} {certificate or ''}"


def overlap(a: str, b: str) -> bool:
    """Whether two topic prefixes have a topic in common; a prefix is whole levels, the empty one is every topic."""
    shorter, longer = sorted((a.split("/") if a else [], b.split("/") if b else []), key=len)
    return longer[: len(shorter)] == shorter


def owner_of_topic(prefixes: dict[str, int], topic: str) -> tuple[int, str] | None:
    """The credential whose prefix this topic is under, and the topic within that: as if it had a broker to itself.

    No two prefixes overlap, so there is one or none.
    """
    levels = topic.split("/")
    for count in range(len(levels), -1, -1):
        credential = prefixes.get("/".join(levels[:count]))
        if credential is not None:
            return credential, "/".join(levels[count:])
    return None


def read_prefixes(connection: Connection) -> dict[int, dict[str, int]]:
    """The prefixes of every shared source (empty where none is recorded yet)."""
    p, c = t.prefixes.c, t.credentials.c
    shared = connection.execute(select(t.sources.c.id).where(t.sources.c.credential.is_(None))).scalars()
    prefixes: dict[int, dict[str, int]] = {source: {} for source in shared}
    query = select(p.source, p.prefix, p.credential).join(t.credentials, c.id == p.credential)
    for source, prefix, credential in connection.execute(query.where(c.closed.is_(None))):
        prefixes[source][prefix] = credential
    return prefixes


def under(source: int, prefix: str) -> ColumnElement[bool]:
    """What waits in quarantine under a prefix of a shared source."""
    q = t.quarantine.c
    if not prefix:
        return q.source == source
    # LIKE would take small letters for large ones, in one of the two databases.
    below = func.substr(q.topic, 1, len(prefix) + 1) == prefix + "/"
    return (q.source == source) & ((q.topic == prefix) | below)


def write_refusals(connection: Connection, refused: Sequence[Refused]) -> None:
    """Write them down and let go of the oldest beyond what is kept."""
    last: dict[tuple[int, str | None], list[Refused]] = defaultdict(list)
    for r in refused:
        last[r.credential, r.thing].append(r)
    known = set(connection.execute(
        select(t.credentials.c.id).where(t.credentials.c.id.in_({c for c, _ in last}))
    ).scalars())  # fmt: skip
    rows = [_row(r) for (c, _), some in last.items() if c in known for r in some[-KEPT_REFUSALS:]]
    if rows:
        connection.execute(insert(t.refusals), rows)
    for credential in known:
        _forget_old(connection, credential)


def write_quarantine(connection: Connection, source: int, messages: Sequence[Message], limits: Limits) -> int:
    """Keep what nobody's prefix covers, raw, while there is room: how many of `messages`, from the first, were kept."""
    q = t.quarantine.c
    count, size = connection.execute(select(func.count(), func.coalesce(func.sum(func.length(q.payload)), 0))).one()
    kept: list[dict[str, object]] = []
    for m in messages:
        size += len(m.payload)
        if count + len(kept) >= limits.quarantine_messages or size > limits.quarantine_bytes:
            break
        topic = m.topic.replace("\0", "\ufffd")
        wish = None if m.wish is None else int(m.wish)
        kept.append({
            "source": source, "topic": topic, "payload": m.payload, "received": m.received, "retained": m.retained,
            "wish": wish,
        })  # fmt: skip
    if kept:
        connection.execute(insert(t.quarantine), kept)
    return len(kept)


def _read_newcomers(connection: Connection, limits: Limits, doors: Doors) -> None:
    """Who may come with a token, or with what was last given for one."""
    e = t.enrolments.c
    for row in connection.execute(select(e.id, e.hash, e.expires, e.credential, e.user, e.given)):
        token = Newcomer(row.id, row.expires)
        doors.by_token[row.hash] = Admission(row.id, 0, _OF_A_TOKEN, token, row.hash)
        if row.given and row.credential is not None:
            new = Newcomer(row.id, row.expires, row.given)
            allowed = Admission(
                row.credential, limits.messages_per_second, limits.connections_per_credential, new,
                lock_of(row.given, None),
            )  # fmt: skip
            doors.by_user[row.user] = (row.user, row.given, allowed)


def _row(r: Refused) -> dict[str, object]:
    return {
        "credential": r.credential, "thing": None if r.thing is None else _clean(r.thing), "topic": _clean(r.topic),
        "reason": _clean(r.reason), "size": r.size, "at": r.at,
    }  # fmt: skip


def _clean(text: str) -> str:
    # PostgreSQL takes no U+0000.
    return text[:_LONGEST].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _forget_old(connection: Connection, credential: int) -> None:
    c = t.refusals.c
    age = func.row_number().over(partition_by=c.thing, order_by=c.id.desc()).label("age")
    overall = func.row_number().over(order_by=c.id.desc()).label("overall")
    ranked = select(c.id, age, overall).where(c.credential == credential).subquery()
    old = select(ranked.c.id).where((ranked.c.age > KEPT_REFUSALS) | (ranked.c.overall > KEPT_OF_CREDENTIAL))
    connection.execute(delete(t.refusals).where(c.id.in_(old)))
