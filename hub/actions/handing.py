"""A thing passes to whoever has a token that its owner had made: she gives it to him, and he says that he takes it.

Rule: a token is 128 random bits, shown once, kept as a keyed hash, good once and for a time, and for one thing as one
owner's: it ends when the thing has another owner or none, and when either of the two leaves a household or has
everything erased. Unknown, expired, spent and another's token are answered alike, and few are tried a minute.
"""

from __future__ import annotations

from sqlalchemy import Row, delete, insert, select, update

from hub.actions.results import ActionRefused, HandOver, NewThing
from hub.actions.rights import check_party, moment, owner_of_thing, tell
from hub.actions.things import hand_over
from hub.core.grade import HOUR, MINUTE
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.keys import new_secret

MOST_TRIES = 10
"""So many wrong tokens a party may try in a minute."""
LONGEST = 30 * 24
"""No token is good for longer (hours)."""


def check_hours(hours: float) -> None:
    """Raise `ActionRefused` for a time that no token may live."""
    if not 0 < hours <= LONGEST:
        raise ActionRefused("time", f"A token is good for up to {LONGEST} hours, and for more than none.")


def offer(
    registry: Registry, thing: int, *, to: int | None = None, hours: float = 24, by: int | None = None,
    now: int | None = None,
) -> HandOver:  # fmt: skip
    """A token by which the thing becomes its holder's, or `to`'s alone; it takes the place of one made before.

    Raises:
        ActionRefused: the thing is not the giver's, it is `to`'s already, or the time is none.
    """
    now = moment(now)
    check_hours(hours)
    token, expires = new_secret(), now + int(hours * HOUR)
    with registry.transaction() as tx:
        giver = owner_of_thing(tx, thing, by)
        if to is not None:
            check_party(tx, to)
        if to == giver:
            raise ActionRefused("owner", "It is theirs already.")
        v = t.handovers.c
        tx.connection.execute(delete(t.handovers).where((v.thing == thing) | (v.expires <= now)))
        tx.connection.execute(insert(t.handovers).values(
            hash=registry.hash_of(token), thing=thing, giver=giver, taker=to, since=now, expires=expires,
        ))  # fmt: skip
        tell(tx, now, by, giver, "made a token by which a thing can be handed over")
    return HandOver(token, thing, expires)


def take(registry: Registry, token: str, to: int, *, by: int | None = None, now: int | None = None) -> NewThing:
    """The thing of a token becomes `to`'s: it begins anew, at `home`, and its past stays with whoever gave it.

    Raises:
        ActionRefused: there is no such token, or not for `to`; too many were tried; or it is `to`'s thing already.
    """
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, to, by)
        _count(tx, to, now)
        found = _found(tx, registry.hash_of(token), to, now)
        if found is not None:
            if found.giver == to:
                raise ActionRefused("owner", "It is theirs already.")
            made = hand_over(registry, found.thing, to, by=found.giver, now=now)
            tell(tx, now, by, to, "took a thing over")
            _forgive(tx, to)
            return made
    raise ActionRefused("unknown", "There is no such token, or it has ended, or it is not for you: ask for a new one.")


def withdraw_offer(registry: Registry, thing: int, *, by: int | None = None, now: int | None = None) -> bool:
    """End the token of a thing; whether there was one."""
    now = moment(now)
    with registry.transaction() as tx:
        giver = owner_of_thing(tx, thing, by)
        ended = tx.connection.execute(delete(t.handovers).where(t.handovers.c.thing == thing)).rowcount
        if ended:
            tell(tx, now, by, giver, "withdrew the token by which a thing could be handed over")
    return bool(ended)


def _found(tx: Transaction, kept: str, to: int, now: int) -> Row[int, int] | None:
    """The thing and giver of a token that `to` may use now.

    It is looked up by its keyed hash, of which nobody without the key can guess a beginning: the time that takes says
    nothing.
    """
    v, h = t.handovers.c, t.things.c
    mine = (v.hash == kept) & (v.expires > now) & (v.taker.is_(None) | (v.taker == to))
    open_one = h.closed.is_(None) & (h.owner == v.giver)
    return tx.connection.execute(
        select(v.thing, v.giver).join(t.things, h.id == v.thing).where(mine, open_one)
    ).first()  # fmt: skip


def _count(tx: Transaction, party: int, now: int) -> None:
    """Count a try, before it is known whether it is a wrong one."""
    r = t.tries.c
    row = tx.connection.execute(select(r.since, r.count).where(r.party == party)).first()
    if row is None:
        tx.connection.execute(insert(t.tries).values(party=party, since=now, count=1))
        return
    since, count = row
    if now - since >= MINUTE or now < since:
        since, count = now, 0
    if count >= MOST_TRIES:
        raise ActionRefused("tries", "Too many wrong tokens: wait a minute, then look closely at what you type.")
    tx.connection.execute(update(t.tries).where(r.party == party).values(since=since, count=count + 1))


def _forgive(tx: Transaction, party: int) -> None:
    """It was a right one."""
    r = t.tries.c
    tx.connection.execute(update(t.tries).where(r.party == party).values(count=r.count - 1))
