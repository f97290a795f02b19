"""Consents and names as time goes by: what ends is announced before, marked after, and what begins is ready.

Rule: nothing depends on this being done. A consent lapses and a name ends by what is already written; here it is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from hub.actions.rights import moment, tell
from hub.core.grade import DAY
from hub.core.receipts import Event
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.consents import announce, over
from hub.registry.fragments import Kept, Membership, all_rows, in_force, kept_by_owner, memberships, write_all_ahead
from hub.registry.streams import read_streams

_NOTICE = 7 * DAY


def look_after_consents(registry: Registry, *, now: int | None = None) -> str:
    """Announce what ends within a week, mark and receipt what has ended, write names ahead; what was done, in words."""
    now = moment(now)
    with registry.transaction() as tx:
        announced = announce(tx, now)
        ended = over(tx.connection, now)
        registry.consents.follow(tx, read_streams(tx, registry.catalogue, ids=ended), now, fallen=Event.VOID)
        write_all_ahead(tx, registry.nyms, now)
        rows = all_rows(tx.connection)
        asked = sum(_ask_for_keys(tx, m, rows.get(k, ()), now) for k, m in memberships(tx.connection).items())
    told = {"announced": announced, "ended": len(ended), "asked for keys": asked}
    return ", ".join(f"{count} {what}" for what, count in told.items() if count)


def _ask_for_keys(tx: Transaction, m: Membership, rows: Sequence[Kept], now: int) -> bool:
    """Tell a member who keeps his secret, once an epoch, that the next one needs a key."""
    following = m.epoch(now) + 1
    if m.start(following) > now + _NOTICE:
        return False
    if not kept_by_owner(rows) or any(f.since <= m.start(following) < f.until for f in in_force(m, rows)):
        return False
    what = f"{m.title}: bring the key of epoch {following}, or nothing of yours is shown there from then on"
    j = t.journal.c
    reader = next(iter(sorted(tx.people.deciders(m.party))))
    if tx.connection.execute(select(j.id).where(j.about == reader, j.what == what)).first() is not None:
        return False
    tell(tx, now, None, m.party, what)
    return True
