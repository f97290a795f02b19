"""Commons: a stated purpose that strangers' datastreams join, each home under a name that exists only there.

Rule: coming, going and changing opens nothing of the past: it falls to `counted` in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from hub.actions.names import take_name
from hub.actions.results import ActionRefused, Joined, NewCommons
from hub.actions.rights import check_party, give_receipt, moment, plain, tell
from hub.core.fragments import Brought
from hub.core.grade import Grade
from hub.core.receipts import Event, Matter
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.fragments import memberships, present_name
from hub.registry.grades import cap_wishes, settle
from hub.registry.ids import new_id
from hub.registry.keys import new_handle
from hub.registry.streams import Stream, read_streams

_BOUNDS = (
    (5, 1000, "An average stands for at least 5 homes: a project may ask for more, never for fewer."),
    (7, 366, "A name lasts from 7 days to a year: one that changes more often hides nobody better."),
    (1, 36_500, "Members see at least one day back."),
)
"""For `homes`, `epoch_days` and `retention_days`: the least and the most, and why."""


def add_commons(
    registry: Registry, name: str, purpose: str, properties: Sequence[str] = (), *, ends: int | None = None,
    homes: int | None = None, epoch_days: int | None = None, retention_days: int | None = None, now: int | None = None,
) -> NewCommons:  # fmt: skip
    """Found a commons: what for, which properties it asks for (none: any), and when it ends (µs).

    `homes`: so many at least a release of its data stands for (None: as many as any); a name in it lasts `epoch_days`;
    its members see `retention_days` back (None: as long as owners keep what they showed).

    Raises:
        ActionRefused: a property is not known, it would end before it begins, or a number is out of its bounds.
    """
    now = moment(now)
    for observed in properties:
        if registry.catalogue.get(observed) is None:
            raise ActionRefused("property", f"There is no property “{observed}”: config/properties.toml names them.")
    if ends is not None and ends <= now:
        raise ActionRefused("time", "A project ends later than it begins.")
    for given, (least, most, why) in zip((homes, epoch_days, retention_days), _BOUNDS, strict=True):
        if given is not None and not least <= given <= most:
            raise ActionRefused("number", why)
    with registry.transaction() as tx:
        made = NewCommons(new_id(tx.connection), new_handle())
        tx.connection.execute(insert(t.commons).values(
            id=made.commons, handle=made.handle, name=plain(name, "name"), purpose=plain(purpose, "purpose"),
            properties=" ".join(properties), since=now, ends=ends, homes=homes, epoch_days=epoch_days,
            retention_days=retention_days,
        ))  # fmt: skip
        tx.changed()
        tell(tx, now, None, None, "a commons was founded")
    return made


def join(
    registry: Registry, commons: int, party: int, *, brought: Sequence[Brought] = (), by: int | None = None,
    now: int | None = None,
) -> Joined:  # fmt: skip
    """Become a member: the household as one, if there is one. Nothing is shown by that alone.

    `brought`: keys of names whose secret the member keeps; without any the hub keeps one for him.

    Raises:
        ActionRefused: there is no such commons any more, or a key is not the member's own.
    """
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        check_open(tx, commons, now)
        member = tx.people.member(party)
        m = t.memberships.c
        mine = (m.commons == commons) & (m.party == member)
        again = tx.connection.execute(select(m.until).where(mine)).first()
        if again is None:
            tx.connection.execute(insert(t.memberships).values(commons=commons, party=member, since=now, turn=0))
        elif again.until is not None:
            tx.connection.execute(update(t.memberships).where(mine).values(until=None, since=now))
        returns = again is not None and again.until is not None
        shown = take_name(registry, tx, commons, member, brought, now, again=returns)
        tx.changed()
        if again is None or returns:
            tell(tx, now, by, member, "joined a commons")
            give_receipt(registry, tx, member, Event.JOINED, _charter(tx, commons, now), now, shown)
    return Joined(commons, member, None if shown is None else shown.name)


def leave(registry: Registry, commons: int, party: int, *, by: int | None = None, now: int | None = None) -> None:
    """Leave a commons: what was shown to it is `counted` at most from now on, the past too."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        member = tx.people.member(party)
        if (commons, member) not in memberships(tx.connection, commons=commons, party=member):
            raise ActionRefused("unknown", "You are not a member of such a commons.")
        _leave(registry, tx, commons, [member], now, "left a commons", by)


def end_commons(registry: Registry, commons: int, *, now: int | None = None) -> None:
    """A commons ends: nothing is shown to it any more."""
    now = moment(now)
    with registry.transaction() as tx:
        c = t.commons.c
        there = select(c.id).where(c.id == commons, c.closed.is_(None))
        if tx.connection.execute(there).first() is None:
            raise ActionRefused("unknown", "There is no such commons.")
        members = [party for _, party in memberships(tx.connection, commons=commons)]
        _leave(registry, tx, commons, members, now, "a commons of theirs ended", None)
        tx.connection.execute(update(t.commons).where(c.id == commons).values(closed=now))
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


def _leave(
    registry: Registry, tx: Transaction, commons: int, members: Sequence[int], now: int, what: str, by: int | None
) -> None:
    """Members go, and with them what they showed."""
    matter = _charter(tx, commons, None)
    names = {member: present_name(tx.connection, commons, member, now) for member in members}
    shown = [s for s in read_streams(tx, registry.catalogue, commons=[commons]) if tx.people.member(s.owner) in names]
    for stream in shown:
        show_to(registry, tx, stream, None, now)
    for member, name in names.items():
        tell(tx, now, by, member, what)
        give_receipt(registry, tx, member, Event.LEFT, matter, now, name)
    tx.changed()
    registry.consents.follow(tx, read_streams(tx, registry.catalogue, ids=[s.id for s in shown]), now)
    m = t.memberships.c
    going = (m.commons == commons) & m.party.in_(members) & m.until.is_(None)
    tx.connection.execute(update(t.memberships).where(going).values(until=now, named=None))


def _charter(tx: Transaction, commons: int, since: int | None) -> Matter:
    """What a member agrees to be part of."""
    c = t.commons.c
    query = select(c.handle, c.purpose, c.ends, c.retention_days).where(c.id == commons)
    row = tx.connection.execute(query).one()
    return Matter(
        commons=row.handle, purpose=row.purpose, since=since, until=row.ends, retention_days=row.retention_days,
    )  # fmt: skip
