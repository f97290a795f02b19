"""Commands about outside brokers: whose which topics are, and what waits there for somebody to say that it is his.

Rule: what waits is counted and never shown. A code is in an answer once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, the_party


def _prefix(desk: Desk, source: str, prefix: str, owner: str) -> dict[str, Any]:
    party = the_party(desk.registry, owner)
    with desk.registry.transaction():
        door = actions.add_credential(desk.registry, party.id, f"{source} {prefix}", now=desk.now())
        actions.add_prefix(desk.registry, source, prefix, door.credential, now=desk.now())
    return {"told": f"what {source} brings under {prefix.strip('/')}/ is {party.name}'s from now on"}


def _waiting(desk: Desk, levels: int = 2) -> dict[str, Any]:
    if levels < 1:
        raise CommandError("a prefix has one level at least")
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for w in desk.registry.outside.waiting():
        start = "/".join(w.topic.split("/")[:levels])
        row = rows.setdefault(
            (w.source, start), {"source": w.source, "prefix": start, "messages": 0, "since": w.since, "last": w.last}
        )
        row["messages"] += w.count
        row["since"], row["last"] = min(row["since"], w.since), max(row["last"], w.last)
    return {"waiting": list(rows.values()), "days": desk.settings.retention.quarantine_days}


def _claim(
    desk: Desk, prefix: str, owner: str, source: str | None = None,
    power_cycle: bool = False,  # noqa: FBT001, FBT002 - named by whoever asks
) -> dict[str, Any]:  # fmt: skip
    party = the_party(desk.registry, owner)
    if power_cycle and desk.counts is None:
        raise CommandError("nobody listens: start the hub, let it hear the thing for a while, then repeat this")
    made = actions.begin_claim(
        desk.registry, party.id, _the_source(desk, source), prefix, power_cycle=power_cycle, now=desk.now()
    )
    found = {"claim": made.claim, "topic": made.topic, "expires": made.expires, "owner": party.name}
    if made.asked is None:
        return found | {"code": made.code}
    return found | {"moments": made.asked.moments, "length": made.asked.length, "back": made.asked.back}


def _claims(desk: Desk) -> dict[str, Any]:
    parties, names, now = desk.registry.holdings().parties, _names(desk), desk.now()
    return {
        "claims": [
            {
                "claim": c.id, "source": names.get(c.source, "-"), "prefix": c.prefix,
                "owner": parties[c.party].name if c.party in parties else "-", "until": c.expires,
            }
            for c in desk.registry.outside.claims() if c.expires > now
        ]
    }  # fmt: skip


def _withdraw(desk: Desk, claim: int) -> dict[str, Any]:
    actions.withdraw_claim(desk.registry, claim, now=desk.now())
    return {"told": f"claim {claim} has ended"}


def _rights(desk: Desk, source: str | None = None) -> dict[str, Any]:
    name = _the_source(desk, source)
    return {"source": name, "speakers": desk.registry.outside.speakers(name)}


def _names(desk: Desk) -> dict[int, str]:
    return desk.registry.outside.names()


def _the_source(desk: Desk, name: str | None) -> str:
    """The shared source of this name, or the only one there is."""
    there = sorted(_names(desk).values())
    if name is None and len(there) == 1:
        return there[0]
    if name not in there:
        which = f"there are {', '.join(there)}" if there else "a [[sources]] without `party` in barrio.toml is one"
        raise CommandError(f"say which shared source is meant (--source): {which}")
    return name


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "source.prefix": _prefix,
    "source.waiting": _waiting,
    "source.claim": _claim,
    "source.claims": _claims,
    "source.withdraw": _withdraw,
    "source.rights": _rights,
}
