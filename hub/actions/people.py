"""Parties and how they belong together: who lives where, who acts for whom, who vouches.

Rule: nobody who comes opens anything, and nobody who goes: a new adult has to agree first, and when one leaves the
grades stay what they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import insert, select, update

from hub.actions.commons import is_member, show_to
from hub.actions.grades import check_face
from hub.actions.locks import change_locks, what_next
from hub.actions.names import renew_names
from hub.actions.results import ActionRefused, Removed
from hub.actions.rights import check_party, moment, plain, tell
from hub.core.catalogue import PartyKind
from hub.core.grade import Grade
from hub.core.history import grade_at
from hub.core.places import Place
from hub.registry import Registry, Transaction, journal
from hub.registry import tables as t
from hub.registry.grades import cap_wishes, highest, keep_unsealed, rest, settle
from hub.registry.ids import new_id
from hub.registry.streams import read_streams

Rule = Literal["any", "majority", "all"]
_WARDS = (PartyKind.BEING, PartyKind.ASSOCIATION)


def add_party(
    registry: Registry, kind: PartyKind, name: str, *, vouched_by: int | None = None, steward: bool = False,
    rule: Rule = "any", staff: bool = False, now: int | None = None,
) -> int:  # fmt: skip
    """Add somebody who can own; its id.

    `vouched_by` is the resident who vouches (None: the operator, as a steward); `steward`: one who vouches for many.
    `rule`: whether any of its guardians may act alone, the majority decides or all must agree; `staff`: acts for the
    city.
    """
    now = moment(now)
    with registry.transaction() as tx:
        if vouched_by is not None:
            check_party(tx, vouched_by)
        party = new_id(tx.connection)
        tx.connection.execute(insert(t.parties).values(
            id=party, kind=kind.value, name=plain(name, "name"), rule=rule,
            staff=staff, since=now,
        ))  # fmt: skip
        tx.connection.execute(
            insert(t.vouchers).values(party=party, voucher=vouched_by, steward=steward or vouched_by is None, at=now)
        )
        tx.people_changed()
        journal.write(tx.connection, now, None, party, f"became a party ({kind.value})")
    return party


def add_household_member(
    registry: Registry, household: int, person: int, *, adult: bool = True, now: int | None = None
) -> None:
    """Somebody moves in. An adult's wish counts from now on: until he has said it, everything of theirs is `home`."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, household)
        check_party(tx, person)
        kinds = tx.people.parties[household].kind, tx.people.parties[person].kind
        if kinds != (PartyKind.HOUSEHOLD, PartyKind.PERSON):
            raise ActionRefused("kind", "A person can live in a household, nothing else in anything else.")
        if household in tx.people.households.get(person, set()):
            raise ActionRefused("member", "They live there already.")
        with _settled(registry, tx, household, person, now):
            tx.connection.execute(insert(t.members).values(household=household, person=person, adult=adult, since=now))
            tx.people_changed()
        tell(tx, now, None, household, f"{tx.people.parties[person].name} joined the household")


def remove_household_member(registry: Registry, household: int, person: int, *, now: int | None = None) -> Removed:
    """Somebody moves out: grades stay as they are; the passwords, links and keys that he could have known end.

    He is told nothing of it and of nothing that comes after. Out: the new passwords, for the devices that need them.
    """
    now = moment(now)
    with registry.transaction() as tx:
        if household not in tx.people.households.get(person, set()):
            raise ActionRefused("member", "They do not live there.")
        owners = _circle(tx, household, person)
        with _apart(registry, tx, now), _settled(registry, tx, household, person, now, frozen=True):
            m = t.members.c
            here = (m.household == household) & (m.person == person) & m.until.is_(None)
            tx.connection.execute(update(t.members).where(here).values(until=now))
            tx.people_changed()
        removed = change_locks(registry, tx, owners, person, now)
        tell(tx, now, None, household, f"{tx.people.parties[person].name} left the household: {what_next(removed)}")
    return removed


def add_guardian(registry: Registry, ward: int, guardian: int, *, now: int | None = None) -> None:
    """Somebody acts for a being or an association from now on."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, ward)
        check_party(tx, guardian)
        if tx.people.parties[ward].kind not in _WARDS or ward in tx.people.acting(guardian):
            raise ActionRefused("guardian", "Only beings and associations have guardians, and each only once.")
        with _settled(registry, tx, ward, ward, now):
            tx.connection.execute(insert(t.guardians).values(ward=ward, guardian=guardian, since=now))
            tx.people_changed()
        tell(tx, now, None, ward, f"{tx.people.parties[guardian].name} became a guardian")


def remove_guardian(registry: Registry, ward: int, guardian: int, *, now: int | None = None) -> Removed:
    """Somebody no longer acts for a being or an association: grades stay as they are; what he could have known ends.

    These are its things' passwords, the links to its page and its sealing keys; what is his own stays. Out: the new
    passwords, for the devices that need them.

    Raises:
        ActionRefused: he does not act for it.
    """
    now = moment(now)
    with registry.transaction() as tx:
        if guardian not in tx.people.guardians.get(ward, set()):
            raise ActionRefused("guardian", "They do not act for it.")
        with _settled(registry, tx, ward, ward, now, frozen=True):
            g = t.guardians.c
            here = (g.ward == ward) & (g.guardian == guardian) & g.until.is_(None)
            tx.connection.execute(update(t.guardians).where(here).values(until=now))
            tx.people_changed()
        removed = change_locks(registry, tx, frozenset({ward}), guardian, now)
        gone = tx.people.parties[guardian].name
        tell(tx, now, None, ward, f"{gone} is no guardian any more: {what_next(removed)}")
    return removed


def set_rule(registry: Registry, ward: int, rule: Rule, *, now: int | None = None) -> None:
    """How the guardians of a ward decide from now on; what holds becomes no wider by that."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, ward)
        if tx.people.parties[ward].kind not in _WARDS:
            raise ActionRefused("guardian", "Only beings and associations have guardians.")
        with _settled(registry, tx, ward, ward, now, frozen=True):
            tx.connection.execute(update(t.parties).where(t.parties.c.id == ward).values(rule=rule))
            tx.people_changed()
        tell(tx, now, None, ward, f"its guardians decide by the rule: {rule}")


def add_dwelling(registry: Registry, place: Place, *, count: int = 1) -> int:
    """Add a dwelling (or a house with `count` of them); its id."""
    if not (-90 <= place.lat <= 90 and -180 <= place.lon <= 180) or count < 1:  # noqa: PLR2004  (degrees)
        raise ActionRefused("place", "A place is a latitude and a longitude in degrees (WGS 84).")
    with registry.transaction() as tx:
        dwelling = new_id(tx.connection)
        tx.connection.execute(insert(t.dwellings).values(id=dwelling, lat=place.lat, lon=place.lon, count=count))
    return dwelling


def settle_in(registry: Registry, party: int, dwelling: int, *, now: int | None = None) -> None:
    """A party lives in this dwelling from now on, and in no other: with whoever else does, it is one home."""
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, party)
        if tx.connection.execute(select(t.dwellings.c.id).where(t.dwellings.c.id == dwelling)).first() is None:
            raise ActionRefused("unknown", "There is no such dwelling.")
        r = t.residences.c
        with _apart(registry, tx, now):
            tx.connection.execute(update(t.residences).where(r.party == party, r.until.is_(None)).values(until=now))
            tx.connection.execute(insert(t.residences).values(party=party, dwelling=dwelling, since=now))
            tx.people_changed()


@contextmanager
def _settled(
    registry: Registry, tx: Transaction, household: int, person: int, now: int, *, frozen: bool = False
) -> Iterator[None]:
    """Around a change of who decides: afterwards the wishes of those who then decide hold, `frozen` at most as now.

    `frozen`: somebody goes; those who stay have other names in their commons, which he does not know.
    """
    owners = _circle(tx, household, person)
    before = read_streams(tx, registry.catalogue, owners=owners)
    if frozen:
        for stream in before:
            held = grade_at(stream.history.steps, now)
            cap_wishes(tx, stream, held, now)
            if held is not Grade.SEALED:
                keep_unsealed(tx, stream, now)
    yield
    if frozen:
        renew_names(registry, tx, owners, now)
    owners |= _circle(tx, household, person)
    for stream in read_streams(tx, registry.catalogue, owners=owners):
        if stream.commons is not None and not is_member(tx, stream.commons, stream.owner):
            show_to(registry, tx, stream, None, now)
        settle(tx, stream, registry.street, now)
    after = read_streams(tx, registry.catalogue, owners=owners)
    for stream in after:
        if highest(stream, now) > Grade.COUNTED:
            check_face(registry, tx, stream, now)
    registry.consents.follow(tx, after, now)


@contextmanager
def _apart(registry: Registry, tx: Transaction, now: int) -> Iterator[None]:
    """Around a change after which one home may count as several: the cells where they show `street` rows rest.

    Otherwise hours in which they stood as one, and in too little company, would come to be seen.
    """
    before = tx.people.homes
    yield
    parts: dict[int, set[int | None]] = defaultdict(set)
    for party, home in before.items():
        parts[home].add(tx.people.homes.get(party))
    split = {party for party, home in before.items() if len(parts[home]) > 1}
    for stream in read_streams(tx, registry.catalogue, owners=split):
        if grade_at(stream.history.steps, now) is Grade.STREET:
            rest(tx, stream, registry.street, now)


def _circle(tx: Transaction, household: int, person: int) -> frozenset[int]:
    """The owners over whose things the change may matter."""
    mates = {p for p, homes in tx.people.households.items() if household in homes}
    return frozenset({household, person} | mates)
