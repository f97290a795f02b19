"""What a member is called in a commons: a name of his own for each epoch, and his real one if he wants.

Rule: a name that was shown with its bearer's own beside it is never used again after he has taken that back, and what
was measured under it is `counted` at most from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from hub.actions.results import ActionRefused
from hub.actions.rights import check_party, give_receipt, moment, plain, tell
from hub.core.fragments import Brought, proven
from hub.core.grade import MINUTE
from hub.core.holdings import Fragment
from hub.core.receipts import Event, Matter
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.fragments import (
    Membership,
    begin_turn,
    kept_by_owner,
    memberships,
    present_name,
    rows_of,
    take_over,
    write_ahead,
)
from hub.registry.grades import NOTICE, settle
from hub.registry.streams import read_streams

_WINDOW = 15 * MINUTE
"""Names change where windows do, so that none has two."""


def bring_fragments(
    registry: Registry, commons: int, party: int, brought: Sequence[Brought], *, by: int | None = None,
    now: int | None = None,
) -> str | None:  # fmt: skip
    """Bring the keys of coming names, as one who keeps the secret himself; what he is called now, if anything.

    For an epoch without a key nothing of his is shown to the commons.

    Raises:
        ActionRefused: he is no member, a key is not his, or its epoch has another name already.
    """
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        member = tx.people.member(party)
        shown = take_name(registry, tx, commons, member, brought, now)
        tell(tx, now, by, member, f"brought the keys of {len(brought)} names in a commons")
    return None if shown is None else shown.name


def show_name(
    registry: Registry, commons: int, party: int, name: str, *, by: int | None = None, now: int | None = None
) -> int:
    """Show a name of one's own to a commons from now on; when (µs) that begins, among several adults a day later."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        m = _membership(tx, commons, tx.people.member(party))
        waits = by is not None and len(tx.people.deciders(m.party)) > 1
        since = -(-(now + (NOTICE if waits else 0)) // _WINDOW) * _WINDOW
        begin_turn(tx, registry.nyms, m, since, plain(name, "name"), now)
        tell(tx, now, by, m.party, f"shows a name in a commons{', from a day later' if waits else ''}")
        _receipt(registry, tx, m, Event.NAMED, now)
    return since


def hide_name(
    registry: Registry, commons: int, party: int, *, by: int | None = None, now: int | None = None
) -> str | None:
    """Take one's name back: another pseudonym from now on, and the past is `counted` at most. The new one."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        m = _membership(tx, commons, tx.people.member(party))
        if m.named is None:
            raise ActionRefused("name", "No name of yours is shown there.")
        if m.turned <= now:
            for stream in read_streams(tx, registry.catalogue, commons=[commons]):
                if tx.people.member(stream.owner) == m.party:
                    settle(tx, stream, registry.street, now, dip=True)
        begin_turn(tx, registry.nyms, m, now // _WINDOW * _WINDOW, None, now)
        tell(tx, now, by, m.party, "took a name back from a commons")
        _receipt(registry, tx, m, Event.UNNAMED, now)
        shown = present_name(tx.connection, commons, m.party, now)
    return None if shown is None else shown.name


def renew_names(registry: Registry, tx: Transaction, members: Collection[int], now: int) -> None:
    """Other names for these members from the next window on: somebody has left who knew the old ones, or their secret.

    One who keeps his secret has to bring keys of a new one; until then nothing of his is shown.
    """
    since = -(-now // _WINDOW) * _WINDOW
    for m in memberships(tx.connection).values():
        if m.party in members:
            begin_turn(tx, registry.nyms, m, since, m.named, now)


def take_name(
    registry: Registry, tx: Transaction, commons: int, member: int, brought: Sequence[Brought], now: int, *,
    again: bool = False,
) -> Fragment | None:  # fmt: skip
    """See to it that a member has a name, his own if he brings it; the present one.

    `again`: he has come back; if he kept his secret then and brings nothing now, the hub keeps one for him.
    """
    m = _membership(tx, commons, member)
    rows = rows_of(tx.connection, m)
    lost = again and not brought and kept_by_owner(rows)
    if lost or any(r.turn == m.turn and r.named not in (None, m.named) for r in rows):
        begin_turn(tx, registry.nyms, m, now // _WINDOW * _WINDOW, None, now, by_hub=lost)
        m = _membership(tx, commons, member)
    for b in brought:
        _check(tx, m, b, now)
    if brought:
        take_over(tx, m, brought, now)
    elif write_ahead(tx, registry.nyms, m, rows_of(tx.connection, m), now):
        tx.changed()
    return present_name(tx.connection, commons, member, now)


def _membership(tx: Transaction, commons: int, member: int) -> Membership:
    found = memberships(tx.connection, commons=commons, party=member).get((commons, member))
    if found is None:
        raise ActionRefused("unknown", "You are not a member of such a commons.")
    return found


def _check(tx: Transaction, m: Membership, b: Brought, now: int) -> None:
    """A key is for this member's turn and an epoch that may still get one, it is the member's own, and nowhere else."""
    if not proven(b, m.handle):
        raise ActionRefused("fragment", f"The key for epoch {b.epoch} is not signed for this project by itself.")
    if b.turn != m.turn or m.start(b.epoch + 1) <= m.turned:
        raise ActionRefused("fragment", f"Bring keys of turn {m.turn}: the name has changed in between.")
    f = t.fragments.c
    mine = (f.commons == m.commons) & (f.party == m.party)
    here = mine & (f.epoch == b.epoch) & (f.turn == b.turn)
    kept = tx.connection.execute(select(f.nym, f.since).where(here)).first()
    if kept is not None and kept.since <= now and kept.nym != b.nym:
        raise ActionRefused("fragment", f"Epoch {b.epoch} has a name already: bring keys from {b.epoch + 1} on.")
    elsewhere = select(f.id).where((f.public_key == b.public_key) | (f.nym == b.nym), ~here)
    if tx.connection.execute(elsewhere).first() is not None:
        raise ActionRefused("fragment", "This key names somebody already: a key is for one project and one epoch.")


def _receipt(registry: Registry, tx: Transaction, m: Membership, event: Event, now: int) -> None:
    name = present_name(tx.connection, m.commons, m.party, now)
    give_receipt(registry, tx, m.party, event, Matter(commons=m.handle), now, name)
