"""Commands about who can own.

Rule: nobody is named but by a number or an unambiguous name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.guardians import rule_of
from hub.control.names import CommandError, place_of, the_party
from hub.core.catalogue import PartyKind


def _party_add(
    desk: Desk, name: str, kind: str = "person", household: str | None = None, dwelling: str | None = None,
    guardians: Collection[str] | None = None, rule: str = "any", *, staff: bool = False,
) -> dict[str, Any]:  # fmt: skip
    kinds = {k.value: k for k in PartyKind}
    if kind not in kinds:
        raise CommandError(f"no kind of party is called {kind!r}; there are {', '.join(kinds)}")
    with desk.registry.transaction():
        party = actions.add_party(desk.registry, kinds[kind], name, rule=rule_of(rule), staff=staff, now=desk.now())
        if household is not None:
            home = the_party(desk.registry, household).id
            actions.add_household_member(desk.registry, home, party, now=desk.now())
        if dwelling is not None:
            where = actions.add_dwelling(desk.registry, place_of(dwelling))
            actions.settle_in(desk.registry, party, where, now=desk.now())
        for guardian in guardians or ():
            actions.add_guardian(desk.registry, party, the_party(desk.registry, guardian).id, now=desk.now())
    return {"party": party}


def _party_list(desk: Desk) -> dict[str, Any]:
    held = desk.registry.holdings()
    owned = [t.owner for t in held.things.values()]
    rows = [
        {"party": p.id, "kind": p.kind.value, "name": p.name, "things": owned.count(p.id)}
        for p in sorted(held.parties.values(), key=lambda p: (p.kind.value, p.name, p.id))
    ]
    return {"parties": rows}


def _party_link(desk: Desk, party: str, hours: float = 24, purpose: str | None = None) -> dict[str, Any]:
    found = the_party(desk.registry, party)
    link = actions.make_link(desk.registry, found.id, hours=hours, purpose=purpose, now=desk.now())
    s = desk.settings.web
    base = desk.web or s.address or f"http://{s.host}:{s.port}/"
    return {
        "link": f"{base.rstrip('/')}/mine/{link.token}",
        "name": found.name,
        "expires": link.expires,
        "staff": found.id in desk.registry.people().staff,
    }


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "party.add": _party_add,
    "party.list": _party_list,
    "party.link": _party_link,
}
