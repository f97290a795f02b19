"""Things and the credentials they speak by.

Rule: a secret is shown once; a thing that changes hands is a new thing to the hub, and its past stays where it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from hub.actions.carried import pass_on
from hub.actions.claims import free_prefix, shared_source
from hub.actions.made import Described, check_room, make_credential, write_thing
from hub.actions.results import ActionRefused, NewCredential, NewThing
from hub.actions.rights import check_party, moment, owner_of_thing, plain, tell, topic_level, unknown
from hub.core.catalogue import Exposure
from hub.core.grade import Grade
from hub.core.history import grade_at
from hub.core.places import Place
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.grades import keep_caps, rest, settle
from hub.registry.keys import new_secret
from hub.registry.streams import read_streams


def add_thing(
    registry: Registry, owner: int, name: str, *, title: str = "", description: str = "",
    exposure: Exposure | None = None, place: Place | None = None, place_grade: Grade | None = None,
    gateway: int | None = None, by: int | None = None, now: int | None = None,
) -> NewThing:  # fmt: skip
    """Add a thing, with a credential of its own or under a `gateway`'s; everything it measures begins at `home`.

    `name` is its name in topics. The password is in the result and nowhere else.
    """
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, owner, by)
        _check_exposure(exposure, by)
        check_room(tx, owner, by)
        wire = topic_level(name)
        made = None if gateway is not None else make_credential(registry, tx, owner, wire, "thing", now)
        credential = made.credential if made is not None else _gateway(tx, gateway, owner)
        h = t.things.c
        taken = select(h.id).where(h.credential == credential, h.wire == wire)
        if tx.connection.execute(taken).first() is not None:
            raise ActionRefused("name", "This gateway carries, or carried, a thing of that name already.")
        said = Described(
            wire, plain(title, "title", empty=True), plain(description, "description", empty=True), exposure, place,
            place_grade,
        )  # fmt: skip
        thing, handle = write_thing(tx, said, owner, credential, now)
        tell(tx, now, by, owner, f"added {title or wire}")
    user, password = (None, None) if made is None else (made.user, made.password)
    return NewThing(thing, handle, credential, user, password, f"things/{wire}/readings")


def add_credential(
    registry: Registry, party: int, label: str, *, messages_per_second: int | None = None,
    max_connections: int | None = None, certificate: str | None = None, by: int | None = None, now: int | None = None,
) -> NewCredential:  # fmt: skip
    """A credential for a gateway: whatever is first heard under it becomes a thing of this party, at `home`.

    The limits are the hub's unless given; `certificate` is the name in a client certificate that may come in alone.
    """
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party, by)
        check_room(tx, party, by)
        made = make_credential(registry, tx, party, plain(label, "label"), "gateway", now)
        if by is not None and (certificate or messages_per_second is not None or max_connections is not None):
            raise ActionRefused("operator", "Limits and certificates are the operator's to give.")
        limits = {"messages_per_second": messages_per_second, "max_connections": max_connections}
        tx.connection.execute(
            update(t.credentials).where(t.credentials.c.id == made.credential).values(certificate=certificate, **limits)
        )
        tell(tx, now, by, party, f"added the gateway {label}")
    return made


def renew_credential(
    registry: Registry, credential: int, *, by: int | None = None, now: int | None = None
) -> NewCredential:
    """A new password for the same topic space; the old one, or the certificate in its stead, ends now."""
    now = moment(now)
    with registry.transaction() as tx:
        owner, label = _of_credential(tx, credential, by)
        password = new_secret()
        c = t.credentials.c
        kept = {"hash": registry.hash_of(password), "certificate": None}
        tx.connection.execute(update(t.credentials).where(c.id == credential).values(kept))
        user = tx.connection.execute(select(c.user).where(c.id == credential)).scalar_one()
        tx.changed()
        tell(tx, now, by, owner, f"gave {label} a new password")
    return NewCredential(credential, user, password, f"things/{label}/readings")


def close_credential(registry: Registry, credential: int, *, by: int | None = None, now: int | None = None) -> None:
    """End a credential for good; what it brought stays its owner's."""
    now = moment(now)
    with registry.transaction() as tx:
        owner, label = _of_credential(tx, credential, by)
        _close_credentials(tx, [credential], now)
        tell(tx, now, by, owner, f"ended the credential {label}")


def close_thing(registry: Registry, thing: int, *, by: int | None = None, now: int | None = None) -> None:
    """A thing is no longer heard; its past stays its owner's, at the grades it has."""
    now = moment(now)
    with registry.transaction() as tx:
        owner = owner_of_thing(tx, thing, by)
        _close_thing(tx, thing, now)
        tell(tx, now, by, owner, "closed a thing")


def hand_over(registry: Registry, thing: int, to: int, *, by: int | None = None, now: int | None = None) -> NewThing:
    """A thing gets another owner: it begins anew, at `home`; the past stays with the old owner.

    It gets a new credential, unless a gateway carries it, which then goes on doing so. What it measured before and
    brings later is refused: the new owner may not see it, and the old one has the thing no more.
    """
    now = moment(now)
    with registry.transaction() as tx:
        owner = owner_of_thing(tx, thing, by)
        check_party(tx, to)
        h, c = t.things.c, t.credentials.c
        query = select(h.wire, c.kind).join(t.credentials, c.id == h.credential).where(h.id == thing)
        wire, kind = tx.connection.execute(query).one()
        _close_thing(tx, thing, now)
        tell(tx, now, by, owner, "handed a thing over")
        made = add_thing(registry, to, wire, now=now) if kind == "thing" else pass_on(tx, thing, to, now)
        tx.connection.execute(update(t.things).where(h.id == made.thing).values(handed=now))
    return made


def describe(
    registry: Registry, thing: int, *, title: str | None = None, description: str | None = None,
    exposure: Exposure | None = None, by: int | None = None, now: int | None = None,
) -> None:  # fmt: skip
    """Say what a thing is called, what it is for, and whether it stands indoors; None leaves it as it is."""
    now = moment(now)
    with registry.transaction() as tx:
        owner = owner_of_thing(tx, thing, by)
        _check_exposure(exposure, by)
        new: dict[str, object] = {}
        if title is not None:
            new["title"] = plain(title, "title", empty=True)
        if description is not None:
            new["description"] = plain(description, "description", empty=True)
        if exposure is not None:
            new |= {"exposure": exposure.value, "exposure_stated": True}
        if new:
            tx.connection.execute(update(t.things).where(t.things.c.id == thing).values(new))
            tx.changed()
            keep_caps(tx, registry.catalogue, registry.street, now, [thing])
            tell(tx, now, by, owner, "described a thing: " + ", ".join(new))


def set_place(
    registry: Registry, thing: int, place: Place | None, *, grade: Grade | None = None, by: int | None = None,
    now: int | None = None,
) -> None:  # fmt: skip
    """Say where a thing stands, and how far that may be known (None: as far as what it measures).

    What it showed before is shown at neither place.
    """
    now = moment(now)
    with registry.transaction() as tx:
        owner = owner_of_thing(tx, thing, by)
        h = t.things.c
        kept = tx.connection.execute(select(h.place_grade).where(h.id == thing)).scalar()
        before = Grade.OPEN if kept is None else Grade(kept)
        if by is not None and (grade or Grade.OPEN) > before and len(tx.people.deciders(owner)) > 1:
            raise ActionRefused("place", "A place is shown more exactly only when all adults agree: ask the operator.")
        for stream in read_streams(tx, registry.catalogue, things=[thing]):
            if grade_at(stream.history.steps, now) is Grade.STREET:
                rest(tx, stream, registry.street, now)
            if grade_at(stream.history.steps, now) in (Grade.COMMONS, Grade.STREET):
                settle(tx, stream, registry.street, now, dip=True)
        tx.connection.execute(update(t.things).where(h.id == thing).values(
            lat=None if place is None else place.lat, lon=None if place is None else place.lon,
            place_grade=None if grade is None else int(grade),
        ))  # fmt: skip
        tx.changed()
        for stream in read_streams(tx, registry.catalogue, things=[thing]):
            settle(tx, stream, registry.street, now)  # the rest that an end to come will need is there, and not here
        tell(tx, now, by, owner, "moved a thing")


def add_prefix(registry: Registry, source: str, prefix: str, credential: int, *, now: int | None = None) -> None:
    """Record whose a topic prefix is at an outside broker that many share; whole levels, no two overlap."""
    now = moment(now)
    with registry.transaction() as tx:
        owner, _ = _of_credential(tx, credential, None)
        found = shared_source(tx, source)
        prefix = free_prefix(tx, found, source, prefix)
        tx.connection.execute(insert(t.prefixes).values(source=found, prefix=prefix, credential=credential))
        tx.changed()
        tell(tx, now, None, owner, f"speaks under a prefix of the broker {source}")


def _gateway(tx: Transaction, credential: int | None, owner: int) -> int:
    c = t.credentials.c
    row = tx.connection.execute(select(c.party, c.kind).where(c.id == credential, c.closed.is_(None))).first()
    if credential is None or row is None or row.party != owner or row.kind == "thing":
        raise unknown("gateway")
    return credential


def _of_credential(tx: Transaction, credential: int, by: int | None) -> tuple[int, str]:
    c = t.credentials.c
    row = tx.connection.execute(select(c.party, c.label).where(c.id == credential, c.closed.is_(None))).first()
    if row is None or (by is not None and row.party not in tx.people.acting(by)):
        raise unknown("credential")
    return int(row.party), str(row.label)


def _close_credentials(tx: Transaction, credentials: Sequence[int], now: int) -> None:
    c = t.credentials.c
    tx.connection.execute(
        update(t.credentials).where(c.id.in_(credentials)).values(closed=now, hash="", certificate=None)
    )
    tx.connection.execute(t.prefixes.delete().where(t.prefixes.c.credential.in_(credentials)))
    tx.changed()


def _close_thing(tx: Transaction, thing: int, now: int) -> None:
    h, d, c = t.things.c, t.datastreams.c, t.credentials.c
    tx.connection.execute(update(t.things).where(h.id == thing).values(closed=now))
    tx.connection.execute(update(t.datastreams).where(d.thing == thing, d.closed.is_(None)).values(closed=now))
    tx.connection.execute(t.handovers.delete().where(t.handovers.c.thing == thing))
    own = select(c.id).join(t.things, h.credential == c.id).where(h.id == thing, c.kind == "thing")
    _close_credentials(tx, list(tx.connection.execute(own).scalars()), now)


def _check_exposure(exposure: Exposure | None, by: int | None) -> None:
    if exposure is Exposure.STATION and by is not None:
        raise ActionRefused("operator", "That a thing is a station away from homes, the operator says.")
