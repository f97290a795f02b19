"""Claiming what waits behind a broker that many share: begun here, shown there, and then the claimant's.

Rule: a claim alone gives nothing. It is for one party, ends by itself, and is bounded: so many at a time for a party,
so many a day for what anybody claims of the same topics.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec
from sqlalchemy import func, insert, select

from hub.actions.results import ActionRefused, NewClaim
from hub.actions.rights import check_party, moment, tell, topic_level, unknown
from hub.core.grade import DAY, MINUTE
from hub.core.silence import Asked, NoBeatError, ask
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.claims import MOST_OPEN, MOST_TRIES, SPOT, end, new_code
from hub.registry.doors import overlap

CODE_MINUTES = 15


def begin_claim(
    registry: Registry, party: int, source: str, prefix: str, *, power_cycle: bool = False, by: int | None = None,
    now: int | None = None, draw: Callable[[int], int] = secrets.randbelow,
) -> NewClaim:  # fmt: skip
    """Begin to claim a prefix of a shared source: the code, in the result and nowhere else, is to be published there.

    It counts on the prefix itself or on `claim` below it, within fifteen minutes. With `power_cycle` there is no code:
    the thing is to be switched off twice, at moments that the hub draws (`hub.core.silence`). What the party claimed of
    the same prefix before ends.

    Raises:
        ActionRefused: there is no such source, the prefix is somebody's, too many claims were begun, or a silence could
            not be told from chance there.
    """
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        number = shared_source(tx, source)
        prefix = free_prefix(tx, number, source, prefix)
        _check_tries(tx, party, number, prefix, now)
        asked = _asked(registry, number, prefix, now, draw) if power_cycle else None
        code = "" if asked is not None else new_code()
        expires = now + CODE_MINUTES * MINUTE if asked is None else asked.expires
        row = insert(t.claims).values(
            source=number, prefix=prefix, party=party, since=now, expires=expires,
            hash=registry.hash_of(code) if code else None,
            asked=None if asked is None else msgspec.json.encode(asked).decode(),
        )  # fmt: skip
        made = tx.connection.execute(row.returning(t.claims.c.id)).scalar_one()
        tx.changed()
        tell(tx, now, by, party, f"claims a prefix of the broker {source}")
    return NewClaim(made, code, f"{prefix}/{SPOT}", expires, asked)


def withdraw_claim(registry: Registry, claim: int, *, by: int | None = None, now: int | None = None) -> None:
    """End an open claim: its code is of no more use.

    Raises:
        ActionRefused: there is none, or `by` may not.
    """
    now = moment(now)
    with registry.transaction() as tx:
        c = t.claims.c
        party = tx.connection.execute(select(c.party).where(c.id == claim, c.ended.is_(None))).scalar()
        if party is None or (by is not None and party not in tx.people.acting(by)):
            raise unknown("claim")
        end(tx, [claim], now)
        tell(tx, now, by, party, "no longer claims a prefix")


def shared_source(tx: Transaction, source: str) -> int:
    """The number of a source that many share.

    Raises:
        ActionRefused: there is none of that name.
    """
    s = t.sources.c
    found = tx.connection.execute(select(s.id).where(s.name == source, s.credential.is_(None))).scalar()
    if found is None:
        raise ActionRefused("unknown", f"There is no shared source “{source}” in the configuration.")
    return int(found)


def free_prefix(tx: Transaction, source: int, name: str, prefix: str) -> str:
    """A prefix, whole levels without slashes around them, of which nothing is anybody's.

    Raises:
        ActionRefused: it is none, or shares topics with somebody's.
    """
    prefix = prefix.strip("/")
    for level in prefix.split("/"):
        topic_level(level)
    p = t.prefixes.c
    for other in tx.connection.execute(select(p.prefix).where(p.source == source)).scalars():
        if overlap(prefix, other):
            raise ActionRefused("prefix", f"“{other}” of {name} is somebody's, and shares topics with “{prefix}”.")
    return prefix


def _asked(registry: Registry, source: int, prefix: str, now: int, draw: Callable[[int], int]) -> Asked:
    try:
        return ask(registry.outside.beats(source, prefix), now, draw)
    except NoBeatError as error:
        raise ActionRefused("beat", f"A power-cycle would show nothing: {error}. Claim with a code instead.") from error


def _check_tries(tx: Transaction, party: int, source: int, prefix: str, now: int) -> None:
    """See that no claim too many is begun; the party's former one of the same prefix ends."""
    c = t.claims.c
    mine = c.party == party
    former = tx.connection.execute(select(c.id).where(mine, c.source == source, c.prefix == prefix)).scalars()
    end(tx, list(former), now)
    still = select(func.count()).select_from(t.claims).where(mine, c.ended.is_(None), c.expires > now)
    if tx.connection.execute(still).scalar_one() >= MOST_OPEN:
        raise ActionRefused("tries", f"{MOST_OPEN} claims are open: finish one, or withdraw one.")
    lately = select(c.prefix).where(c.source == source, c.since > now - DAY)
    if sum(overlap(prefix, other) for other in tx.connection.execute(lately).scalars()) >= MOST_TRIES:
        raise ActionRefused("tries", "These topics were claimed too often today: try again tomorrow.")
