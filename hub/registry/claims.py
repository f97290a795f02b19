"""Claims: somebody says that what an outside broker brings under a prefix is his, and the hub lets him show it.

Rule: a claim is for one party and one prefix, and what shows it, be it ever so public, is of use to nobody else. It is
shown at the top of the prefix: who may publish only further down has shown nothing of the rest.
"""

from __future__ import annotations

import hmac
import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from hub.registry import journal
from hub.registry import tables as t
from hub.registry.database import Transaction
from hub.registry.doors import overlap
from hub.registry.ids import new_id
from hub.registry.keys import new_handle

SPOT = "claim"
"""The level below a prefix on which a code is looked for; the prefix itself is the other place."""
MOST_OPEN = 3
"""So many claims one party may have open at a time."""
MOST_TRIES = 5
"""So often in a day what shares topics may be claimed, by whomever."""
_CODE = re.compile(r"(?<![a-z2-7])[a-z2-7]{4}(?:-?[a-z2-7]{4}){3}(?![a-z2-7])")
_LOOKED_AT = 1_000
_MOST_CODES = 4


class Claim(Struct, frozen=True):
    """An open claim: until it `expires` (µs), `hash` is of its code, or `asked` says when a thing is to be silent."""

    id: int
    source: int
    prefix: str
    party: int
    hash: str | None
    asked: str | None
    since: int
    expires: int


class Won(Struct, frozen=True):
    """A claim that was shown to be right: what is kept under its prefix is to follow to the credential."""

    id: int
    source: int
    prefix: str
    credential: int


def new_code() -> str:
    """80 random bits in groups that can be read out: `abcd-efgh-ijkl-mnop`."""
    code = new_handle()
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def codes_in(payload: bytes) -> list[str]:
    """What looks like codes near the beginning of a payload, whatever is around them; four at most."""
    text = payload[:_LOOKED_AT].decode("utf-8", "replace").lower()
    found = [m.group().replace("-", "") for m in _CODE.finditer(text)][:_MOST_CODES]
    return ["-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in found]


def read_open(connection: Connection) -> dict[int, list[Claim]]:
    """The claims that have not ended, by source, the oldest first; some may have expired."""
    c = t.claims.c
    query = select(*(c[word] for word in Claim.__struct_fields__)).where(c.ended.is_(None)).order_by(c.id)
    found: dict[int, list[Claim]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.source].append(Claim(*row))
    return dict(found)


def read_won(connection: Connection) -> list[Won]:
    """The claims to which something may still be on its way."""
    c = t.claims.c
    query = select(*(c[word] for word in Won.__struct_fields__)).where(c.credential.is_not(None)).order_by(c.id)
    return [Won(*row) for row in connection.execute(query)]


def shown_by(
    claims: Iterable[Claim], topic: str, payload: bytes, received: int, hashed: Callable[[str], str]
) -> Claim | None:
    """The claim whose code this message holds, at the place where it counts and in time; None: no code, or no more."""
    here = [c for c in claims if c.hash and received < c.expires and topic in (c.prefix, f"{c.prefix}/{SPOT}")]
    if not here:
        return None
    seen = [hashed(code) for code in codes_in(payload)]
    return next((c for c in here for kept in seen if hmac.compare_digest(kept, c.hash or "")), None)


def win(tx: Transaction, claim: Claim, now: int) -> int | None:
    """The prefix becomes the claimant's, and claims that share topics with it end; the credential it speaks by.

    None when it has ended, or the prefix is somebody's already: then it has ended now.
    """
    c, p = t.claims.c, t.prefixes.c
    still = tx.connection.execute(select(c.id).where(c.id == claim.id, c.ended.is_(None))).first()
    if still is None:
        return None
    others = tx.connection.execute(select(c.id, c.prefix).where(c.source == claim.source, c.ended.is_(None)))
    over = [row.id for row in others if overlap(row.prefix, claim.prefix)]
    tx.connection.execute(update(t.claims).where(c.id.in_(over)).values(ended=now))
    tx.changed()
    taken = tx.connection.execute(select(p.prefix).where(p.source == claim.source)).scalars()
    if any(overlap(claim.prefix, other) for other in taken):
        return None
    name = tx.connection.execute(select(t.sources.c.name).where(t.sources.c.id == claim.source)).scalar_one()
    credential = _credential(tx, name, claim, now)
    tx.connection.execute(insert(t.prefixes).values(source=claim.source, prefix=claim.prefix, credential=credential))
    tx.connection.execute(update(t.claims).where(c.id == claim.id).values(credential=credential))
    for reader in tx.people.deciders(claim.party):
        journal.write(tx.connection, now, None, reader, f"has shown to be who speaks under a prefix of {name}")
    return credential


def fail(tx: Transaction, claim: Claim, now: int) -> None:
    """A claim ends, because its thing was heard when it should not have been, or was not when it should have been."""
    if end(tx, [claim.id], now):
        for reader in tx.people.deciders(claim.party):
            journal.write(tx.connection, now, None, reader, "claimed a prefix in vain: it was not silent when asked to")


def end(tx: Transaction, claims: Iterable[int], now: int) -> int:
    """End claims that were not shown to be right; how many of them were open."""
    c = t.claims.c
    ended = tx.connection.execute(update(t.claims).where(c.id.in_(list(claims)), c.ended.is_(None)).values(ended=now))
    if ended.rowcount:
        tx.changed()
    return int(ended.rowcount)


def end_claims(tx: Transaction, parties: Iterable[int] | None, now: int) -> None:
    """End whatever these parties claim (None: everybody): somebody who could have the code has left."""
    c = t.claims.c
    query = select(c.id) if parties is None else select(c.id).where(c.party.in_(list(parties)))
    end(tx, list(tx.connection.execute(query).scalars()), now)


def _credential(tx: Transaction, name: str, claim: Claim, now: int) -> int:
    """Nobody comes in by it: it is whose the prefix is. Its name is one that an outside broker can know him by."""
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in claim.prefix.lower())[:32].strip("-")
    i = new_id(tx.connection)
    tx.connection.execute(insert(t.credentials).values(
        id=i, user=f"{slug or 'prefix'}-{new_handle()[:8]}", hash="", party=claim.party,
        label=f"{name} {claim.prefix}", kind="gateway", since=now,
    ))  # fmt: skip
    return i
