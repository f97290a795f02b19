"""Commands about who looked, and about the log of it.

Rule: an owner's log is read by its owner; the operator can ask for it on her behalf, and learns from it no value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.control.desk import Desk
from hub.control.names import the_party
from hub.core import witness


def _who_looked(desk: Desk, party: str, count: int = 50, *, proofs: bool = False) -> dict[str, Any]:
    found = the_party(desk.registry, party)
    audience = desk.registry.audience_of_party(found.id)
    told = desk.gate.who_looked(audience, count) if audience is not None else None
    looks = () if told is None else told.looks
    if proofs:
        return {"proofs": witness.packed(desk.registry.tree.proofs([one.look for one in looks]))}
    return {
        "name": found.name, "gone": 0 if told is None else told.gone,
        "looks": [
            {
                "at": one.at, "who": one.who, "purpose": one.purpose, "what": list(one.what), "since": one.since,
                "until": one.until, "sound": one.sound, "closed": one.closed,
            }
            for one in looks
        ],
    }  # fmt: skip


def _check(desk: Desk) -> dict[str, Any]:
    tree = desk.registry.tree
    return {"trouble": tree.trouble(), "batches": len(tree.batches()), "checkpoints": len(tree.checkpoints())}


def _published(desk: Desk) -> dict[str, Any]:
    return {"checkpoint": desk.gate.checkpoint(), "batches": desk.gate.log_batches()}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "who-looked": _who_looked,
    "log.check": _check,
    "log.published": _published,
}
