"""Who belongs together: households, guardians, neighbours who vouch; who decides, who sees, and what is one home.

Rule: where it is not said that somebody may, he may not; what could be one home with another is one home.
"""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct, field
from sqlalchemy import Connection, select

from hub.core.catalogue import PartyKind
from hub.core.holdings import Party, homes
from hub.registry import tables as t

_DWELLERS = (PartyKind.PERSON, PartyKind.HOUSEHOLD)


class People(Struct):
    """The parties and how they belong together at one moment.

    `households` person → households he lives in, `adults` household → its adults, `guardians` ward → its guardians;
    `any_guardian` the wards for which one guardian may act alone, `majority` those for which more than half decide;
    `staff` who acts for the city.
    """

    parties: dict[int, Party]
    households: dict[int, set[int]]
    adults: dict[int, set[int]]
    guardians: dict[int, set[int]]
    any_guardian: set[int]
    staff: set[int]
    homes: dict[int, int]
    majority: set[int] = field(default_factory=set)

    def seen_by(self, owner: int) -> frozenset[int]:
        """The parties that see exactly what `owner` owns: itself, its households, its guardians."""
        return frozenset({owner} | self.households.get(owner, set()) | self.guardians.get(owner, set()))

    def deciders(self, owner: int) -> frozenset[int]:
        """Whose wishes hold over what `owner` owns; each of them has one, and the strictest counts."""
        kind = self.parties[owner].kind
        if kind is PartyKind.HOUSEHOLD:
            return frozenset(self.adults.get(owner) or {owner})
        if kind is PartyKind.PERSON:
            adults = (self.adults.get(h, set()) for h in self.households.get(owner, ()))
            return frozenset({owner}.union(*adults))
        guardians = self.guardians.get(owner)
        return frozenset({owner} if owner in self.any_guardian or not guardians else guardians)

    def acting(self, party: int) -> frozenset[int]:
        """All that a party may act as: itself, the households it is an adult of, the wards it is a guardian of."""
        known = {party}
        wards = _turned(self.guardians)
        homes_of = _turned(self.adults)
        waiting = [party]
        while waiting:
            one = waiting.pop()
            more = (wards.get(one, set()) | homes_of.get(one, set())) - known
            known |= more
            waiting.extend(more)
        return frozenset(known)

    def household(self, owner: int) -> frozenset[int]:
        """Those who live as one: what they show of one property family shows one face. Empty: not a home's."""
        if self.parties[owner].kind not in _DWELLERS:
            return frozenset()
        return frozenset({owner} | self.households.get(owner, set()))

    def member(self, owner: int) -> int:
        """Who is a member of a commons when `owner` joins: the household as one, if there is one."""
        return min(self.households.get(owner, set()), default=owner)

    def owners_like(self, party: int) -> frozenset[int]:
        """The owners over whose things `party` has a say: itself, its households and all who live in them."""
        mine = self.acting(party) | self.households.get(party, set())
        return frozenset(mine | {p for p, hs in self.households.items() if hs & mine})


def read_people(connection: Connection) -> People:
    """The people of the registry as they are now."""
    parties: dict[int, Party] = {}
    staff: set[int] = set()
    by_rule: dict[str, set[int]] = defaultdict(set)
    p = t.parties.c
    for i, kind, name, rule, is_staff in connection.execute(select(p.id, p.kind, p.name, p.rule, p.staff)):
        parties[i] = Party(i, PartyKind(kind), name)
        if is_staff:
            staff.add(i)
        by_rule[rule].add(i)
    households: dict[int, set[int]] = defaultdict(set)
    adults: dict[int, set[int]] = defaultdict(set)
    guardians: dict[int, set[int]] = defaultdict(set)
    m, g = t.members.c, t.guardians.c
    for household, person, adult in connection.execute(select(m.household, m.person, m.adult).where(m.until.is_(None))):
        households[person].add(household)
        if adult:
            adults[household].add(person)
    for ward, guardian in connection.execute(select(g.ward, g.guardian).where(g.until.is_(None))):
        guardians[ward].add(guardian)
    people = People(
        parties, dict(households), dict(adults), dict(guardians), by_rule["any"], staff, {}, by_rule["majority"]
    )  # fmt: skip
    people.homes = _homes(people, connection)
    return people


def _homes(people: People, connection: Connection) -> dict[int, int]:
    """The home of every party that counts: vouched for, and not a being, association or institution.

    A home's number is the least id of those who live there, so that it stays when others come to the neighbourhood.
    """
    dwellers = [i for i in sorted(people.parties) if people.parties[i].kind in _DWELLERS]
    counted = set(dwellers)
    links: list[tuple[object, object]] = [(i, i) for i in dwellers]
    links += [(person, h) for person, hs in people.households.items() for h in hs]
    links += [(w, g) for w, gs in people.guardians.items() if w in counted for g in gs]
    r, v = t.residences.c, t.vouchers.c
    for party, dwelling in connection.execute(select(r.party, r.dwelling).where(r.until.is_(None))):
        if party in counted:
            links.append((party, ("dwelling", dwelling)))
    vouched = set()
    for party, voucher, steward in connection.execute(select(v.party, v.voucher, v.steward)):
        vouched.add(party)
        if not steward and party in counted:
            links.append((party, ("voucher", voucher)))
    number = homes(links)
    real = {number[i] for i in vouched & counted}
    first: dict[int, int] = {}
    for i in dwellers:
        first.setdefault(number[i], i)
    return {i: first[number[i]] for i in dwellers if number[i] in real}


def _turned(relation: dict[int, set[int]]) -> dict[int, set[int]]:
    turned: dict[int, set[int]] = defaultdict(set)
    for key, values in relation.items():
        for value in values:
            turned[value].add(key)
    return turned
