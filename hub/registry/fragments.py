"""The names that members have in commons, epoch by epoch.

Rule: a name covers the time in which something was measured, and no time is covered by two. Rows are written ahead, so
that nothing has to happen when an epoch begins; where there is no row nothing is shown. A name that was shown with its
bearer's chosen name beside it is void as soon as that is taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from hub.core.fragments import Brought, epoch_at, epoch_start, nym, private_key
from hub.core.history import BEGINNING, END
from hub.core.holdings import Fragment, fragment_at
from hub.registry import tables as t
from hub.registry.database import Transaction
from hub.registry.ids import shown_as
from hub.registry.keys import derived

EPOCH_DAYS = 90
"""So long a pseudonym lasts where a commons does not say otherwise."""
AHEAD = 4
"""So many epochs ahead the names of those are written for whom the hub keeps the secret."""


class Membership(Struct, frozen=True):
    """One member of a commons that is not closed, and what its epochs are reckoned from."""

    commons: int
    handle: str
    title: str
    party: int
    turn: int
    named: str | None
    turned: int
    founded: int
    epoch_days: int

    def epoch(self, moment: int) -> int:
        """The epoch of a moment (µs)."""
        return epoch_at(self.founded, self.epoch_days, moment)

    def start(self, epoch: int) -> int:
        """When (µs) an epoch begins."""
        return epoch_start(self.founded, self.epoch_days, epoch)


class Kept(NamedTuple):
    """A fragment as it is kept."""

    epoch: int
    turn: int
    nym: str
    since: int
    held: str
    named: str | None


class Nyms:
    """The names of those for whom the hub keeps the secret: it could put them together, and says so."""

    def __init__(self, key: bytes) -> None:
        """All secrets follow from `key` (32 bytes), which lies in a file of its own."""
        self._key = key

    def public_key(self, m: Membership, epoch: int, turn: int) -> bytes:
        """The public key of a member's fragment."""
        secret = derived(self._key, f"fragments|{m.party}")
        return private_key(secret, m.handle, epoch, turn).public_key().public_bytes_raw()


def memberships(
    connection: Connection, *, commons: int | None = None, party: int | None = None
) -> dict[tuple[int, int], Membership]:
    """Who is a member now, by (commons, party); of one commons or party, or all."""
    m, c = t.memberships.c, t.commons.c
    query = select(
        m.commons, c.handle, c.name, m.party, m.turn, m.named, m.turned, c.since, c.epoch_days,
    ).join(t.commons, c.id == m.commons).where(m.until.is_(None), c.closed.is_(None))  # fmt: skip
    if commons is not None:
        query = query.where(m.commons == commons)
    if party is not None:
        query = query.where(m.party == party)
    return {
        (r.commons, r.party): Membership(
            r.commons, r.handle, r.name, r.party, r.turn, r.named, BEGINNING if r.turned is None else r.turned,
            r.since, r.epoch_days or EPOCH_DAYS,
        )
        for r in connection.execute(query)
    }  # fmt: skip


def read_fragments(connection: Connection) -> dict[tuple[int, int], tuple[Fragment, ...]]:
    """The names of all members through time."""
    of = memberships(connection)
    return {key: in_force(of[key], rows) for key, rows in all_rows(connection).items() if key in of}


def in_force(m: Membership, rows: Iterable[Kept]) -> tuple[Fragment, ...]:
    """Which name covers which time: to the end of its epoch or to the next turn, whether that has a name or not."""
    begun: list[Kept] = []
    for row in sorted(rows, key=lambda r: (r.since, r.turn)):
        if (not begun or row.turn >= begun[-1].turn) and (row.turn >= m.turn or row.since < m.turned):
            begun.append(row)
    nexts = [*(row.since for row in begun[1:]), END][: len(begun)]
    untils = [
        min(after, m.start(row.epoch + 1), END if row.turn >= m.turn else m.turned)
        for row, after in zip(begun, nexts, strict=True)
    ]
    return tuple(
        Fragment(row.since, until, row.nym, row.named or shown_as(row.nym))
        for row, until in zip(begun, untils, strict=True)
        if row.since < until and (row.named is None or row.named == m.named)
    )


def present_name(connection: Connection, commons: int, party: int, now: int) -> Fragment | None:
    """What a member is called now; None for one who has no name, or who is no member."""
    m = memberships(connection, commons=commons, party=party).get((commons, party))
    return None if m is None else fragment_at(in_force(m, rows_of(connection, m)), now)


def rows_of(connection: Connection, m: Membership) -> list[Kept]:
    """What is kept of one member's names."""
    f = t.fragments.c
    return all_rows(connection, (f.commons == m.commons) & (f.party == m.party)).get((m.commons, m.party), [])


def all_rows(connection: Connection, which: ColumnElement[bool] | None = None) -> Mapping[tuple[int, int], list[Kept]]:
    """What is kept of names (or `which` of it), by (commons, party)."""
    f = t.fragments.c
    query = select(f.commons, f.party, f.epoch, f.turn, f.nym, f.since, f.held, f.named)
    found: dict[tuple[int, int], list[Kept]] = defaultdict(list)
    for commons, party, *row in connection.execute(query if which is None else query.where(which)):
        found[commons, party].append(Kept(*row))
    return found


def kept_by_owner(rows: Sequence[Kept]) -> bool:
    """Whether the member keeps the secret himself, as far as his newest names go."""
    newest = max((row.turn for row in rows), default=0)
    return any(row.held == "owner" for row in rows if row.turn == newest)


def write_ahead(tx: Transaction, nyms: Nyms, m: Membership, rows: Sequence[Kept], now: int) -> bool:
    """Go on with the present turn of a member for whom the hub keeps the secret; whether anything was missing.

    `rows`: what is kept of his names.
    """
    if kept_by_owner(rows):
        return False
    last = max(rows, key=lambda r: (r.turn, r.epoch), default=None)
    turn, first, named = (m.turn, 0, m.named) if last is None else (last.turn, last.epoch + 1, last.named)
    missing = range(first, m.epoch(now) + AHEAD + 1)
    _write(tx, nyms, m, [(epoch, turn, m.start(epoch), named) for epoch in missing])
    return bool(missing)


def write_all_ahead(tx: Transaction, nyms: Nyms, now: int) -> None:
    """The same for everybody: when the hub starts, and now and then while it runs."""
    rows = all_rows(tx.connection)
    for key, m in memberships(tx.connection).items():
        if write_ahead(tx, nyms, m, rows.get(key, ()), now):
            tx.changed()


def begin_turn(
    tx: Transaction, nyms: Nyms, m: Membership, since: int, named: str | None, now: int, *, by_hub: bool = False
) -> None:  # fmt: skip
    """From `since` (µs, the start of a window) on another name; one who keeps his secret has to bring it.

    `by_hub`: from now on the hub keeps it for him.
    """
    turn = m.turn + 1
    c = t.memberships.c
    mine = (c.commons == m.commons) & (c.party == m.party)
    tx.connection.execute(update(t.memberships).where(mine).values(turn=turn, named=named, turned=since))
    tx.changed()
    if not by_hub and kept_by_owner(rows_of(tx.connection, m)):
        return
    epochs = range(m.epoch(since), m.epoch(now) + AHEAD + 1)
    _write(tx, nyms, m, [(epoch, turn, max(since, m.start(epoch)), named) for epoch in epochs])


def take_over(tx: Transaction, m: Membership, brought: Sequence[Brought], now: int) -> None:
    """Write what a member brings who keeps his secret: what the hub had written ahead for him is void."""
    f = t.fragments.c
    mine = (f.commons == m.commons) & (f.party == m.party)
    tx.connection.execute(delete(t.fragments).where(mine, f.held == "hub", f.since > now))
    for b in brought:
        tx.connection.execute(delete(t.fragments).where(mine, f.epoch == b.epoch, f.turn == b.turn))
        tx.connection.execute(insert(t.fragments).values(
            commons=m.commons, party=m.party, epoch=b.epoch, turn=b.turn, nym=b.nym, public_key=b.public_key,
            since=max(m.turned, m.start(b.epoch)), held="owner", named=m.named,
        ))  # fmt: skip
    tx.changed()


def _write(
    tx: Transaction, nyms: Nyms, m: Membership, fresh: Sequence[tuple[int, int, int, str | None]]
) -> None:  # fmt: skip
    rows = []
    for epoch, turn, since, named in fresh:
        public = nyms.public_key(m, epoch, turn)
        rows.append({
            "commons": m.commons, "party": m.party, "epoch": epoch, "turn": turn, "nym": nym(public),
            "public_key": public, "since": since, "held": "hub", "named": named,
        })  # fmt: skip
    if rows:
        tx.connection.execute(insert(t.fragments), rows)
