"""Commons: a stated purpose that strangers' datastreams join, each home under a name that exists only there.

Rule: coming, going and changing opens nothing of the past: it falls to `counted` in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from hub.actions.results import ActionRefused, Joined, NewCommons
from hub.actions.rights import check_party, moment, plain, tell
from hub.core.grade import Grade
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.grades import cap_wishes, settle
from hub.registry.ids import new_id, new_pseudonym
from hub.registry.keys import new_handle
from hub.registry.streams import Stream, read_streams


def add_commons(
    registry: Registry, name: str, purpose: str, properties: Sequence[str] = (), *, ends: int | None = None,
    now: int | None = None,
) -> NewCommons:  # fmt: skip
    """Found a commons: what for, which properties it asks for (none: any), and when it ends (µs)."""
    now = moment(now)
    for observed in properties:
        if registry.catalogue.get(observed) is None:
            raise ActionRefused("property", f"There is no property “{observed}”: config/properties.toml names them.")
    with registry.transaction() as tx:
        made = NewCommons(new_id(tx.connection), new_handle())
        tx.connection.execute(insert(t.commons).values(
            id=made.commons, handle=made.handle, name=plain(name, "name"), purpose=plain(purpose, "purpose"),
            properties=" ".join(properties), since=now, ends=ends,
        ))  # fmt: skip
        tx.changed()
        tell(tx, now, None, None, "a commons was founded")
    return made


def join(registry: Registry, commons: int, party: int, *, by: int | None = None, now: int | None = None) -> Joined:
    """Become a member: the household as one, if there is one. Nothing is shown by that alone."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        check_open(tx, commons, now)
        member = tx.people.member(party)
        m = t.memberships.c
        mine = (m.commons == commons) & (m.party == member)
        if tx.connection.execute(update(t.memberships).where(mine).values(until=None)).rowcount == 0:
            tx.connection.execute(insert(t.memberships).values(commons=commons, party=member, since=now, turn=0))
        pseudonym = _pseudonym(tx, commons, member, now)
        tx.changed()
        tell(tx, now, by, member, "joined a commons")
    return Joined(commons, member, pseudonym)


def leave(registry: Registry, commons: int, party: int, *, by: int | None = None, now: int | None = None) -> None:
    """Leave a commons: what was shown to it is `counted` at most from now on, the past too."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        member = tx.people.member(party)
        m = t.memberships.c
        mine = (m.commons == commons) & (m.party == member) & m.until.is_(None)
        if tx.connection.execute(update(t.memberships).where(mine).values(until=now)).rowcount == 0:
            raise ActionRefused("unknown", "You are not a member of such a commons.")
        for stream in read_streams(tx, registry.catalogue, commons=[commons]):
            if tx.people.member(stream.owner) == member:
                show_to(registry, tx, stream, None, now)
        tx.changed()
        tell(tx, now, by, member, "left a commons")


def end_commons(registry: Registry, commons: int, *, now: int | None = None) -> None:
    """A commons ends: nothing is shown to it any more."""
    now = moment(now)
    with registry.transaction() as tx:
        c = t.commons.c
        here = (c.id == commons) & c.closed.is_(None)
        if tx.connection.execute(update(t.commons).where(here).values(closed=now)).rowcount == 0:
            raise ActionRefused("unknown", "There is no such commons.")
        m = t.memberships.c
        ended = (m.commons == commons) & m.until.is_(None)
        tx.connection.execute(update(t.memberships).where(ended).values(until=now))
        for stream in read_streams(tx, registry.catalogue, commons=[commons]):
            show_to(registry, tx, stream, None, now)
        tx.changed()
        tell(tx, now, None, None, "a commons ended")


def show_to(registry: Registry, tx: Transaction, stream: Stream, commons: int | None, now: int) -> None:
    """Let a datastream show itself to another commons, or to none: consent given for one does not hold for another."""
    cap_wishes(tx, stream, Grade.COUNTED, now)
    tx.connection.execute(update(t.datastreams).where(t.datastreams.c.id == stream.id).values(commons=commons))
    settle(tx, stream, registry.street, now, dip=True)
    a = t.appearances.c
    last = (a.datastream == stream.id) & a.until.is_(None)
    s = t.steps.c
    fell = tx.connection.execute(
        select(s.since).where(s.datastream == stream.id).order_by(s.since.desc()).limit(1)
    ).scalar()
    tx.connection.execute(update(t.appearances).where(last).values(until=max(now, fell or 0) + 1))
    if commons is not None:
        tx.connection.execute(insert(t.appearances).values(datastream=stream.id, commons=commons, since=now))
    tx.changed()


def _pseudonym(tx: Transaction, commons: int, member: int, now: int) -> str:
    f = t.fragments.c
    nym = tx.connection.execute(select(f.nym).where(f.commons == commons, f.party == member)).scalar()
    if nym is None:
        nym = new_pseudonym(tx.connection, commons)
        tx.connection.execute(insert(t.fragments).values(
            commons=commons, party=member, epoch=0, turn=0, nym=nym, since=now, held="hub",
        ))  # fmt: skip
    return nym


def is_member(tx: Transaction, commons: int, owner: int) -> bool:
    """Whether an owner, or its household as one, is a member now."""
    m = t.memberships.c
    mine = (m.commons == commons) & (m.party == tx.people.member(owner)) & m.until.is_(None)
    return tx.connection.execute(select(m.id).where(mine)).first() is not None


def check_open(tx: Transaction, commons: int, now: int) -> tuple[str, ...]:
    """The commons is there and has not ended; the properties it asks for (none: any).

    Raises:
        ActionRefused: it is not.
    """
    c = t.commons.c
    query = select(c.properties, c.ends).where(c.id == commons, c.closed.is_(None))
    row = tx.connection.execute(query).first()
    if row is None or (row.ends is not None and row.ends <= now):
        raise ActionRefused("unknown", "There is no such commons, or it has ended.")
    return tuple(row.properties.split())
