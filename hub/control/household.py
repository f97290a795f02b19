"""Commands about households: the keys they seal to, and somebody's moving out.

Rule: a new password is in an answer once and is kept nowhere; a private key is never asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.leaving import after_leaving
from hub.control.names import the_party, the_thing


def _key(desk: Desk, household: str, key: str | None = None, end: str | None = None) -> dict[str, Any]:
    party = the_party(desk.registry, household)
    if key is not None:
        actions.add_sealing_key(desk.registry, party.id, key, now=desk.now())
    if end is not None:
        actions.end_sealing_key(desk.registry, party.id, end, now=desk.now())
    rows = [
        {"key": k.name, "since": k.since, "until": k.until} for k in desk.registry.sealed.keys([party.id])
    ]  # fmt: skip
    return {"name": party.name, "keys": rows}


def _signing_key(desk: Desk, thing: str, key: str | None = None) -> dict[str, Any]:
    found = the_thing(desk.registry, thing)
    actions.set_signing_key(desk.registry, found.id, key, now=desk.now())
    return {"name": found.title or found.name}


def _remove_member(desk: Desk, household: str, person: str) -> dict[str, Any]:
    home, who = the_party(desk.registry, household), the_party(desk.registry, person)
    removed = actions.remove_household_member(desk.registry, home.id, who.id, now=desk.now())
    return {"household": home.name, "person": who.name, **after_leaving(desk, removed)}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "household.key": _key,
    "household.signing-key": _signing_key,
    "household.remove-member": _remove_member,
}
