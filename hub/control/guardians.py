"""Commands about those who act for beings and associations, and about what parties agreed to.

Rule: whoever comes or goes, nothing becomes known further by that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from hub import actions
from hub.actions.people import Rule
from hub.control.desk import Desk
from hub.control.leaving import after_leaving
from hub.control.names import CommandError, day_of, the_party

RULES: dict[str, Rule] = {rule: rule for rule in get_args(Rule)}


def rule_of(word: str) -> Rule:
    """One of the three rules.

    Raises:
        CommandError: it is none of them.
    """
    if word not in RULES:
        raise CommandError(f"no rule is called {word!r}; guardians decide by {', '.join(RULES)}")
    return RULES[word]


def _guardian_add(desk: Desk, ward: str, guardian: str) -> dict[str, Any]:
    being, who = the_party(desk.registry, ward), the_party(desk.registry, guardian)
    actions.add_guardian(desk.registry, being.id, who.id, now=desk.now())
    return {"told": f"{who.name} acts for {being.name}"}


def _guardian_remove(desk: Desk, ward: str, guardian: str) -> dict[str, Any]:
    being, who = the_party(desk.registry, ward), the_party(desk.registry, guardian)
    removed = actions.remove_guardian(desk.registry, being.id, who.id, now=desk.now())
    told = f"{who.name} no longer acts for {being.name}; links to its page, and connections, end within seconds."
    return {"told": told, **after_leaving(desk, removed)}


def _guardian_rule(desk: Desk, ward: str, rule: str) -> dict[str, Any]:
    being = the_party(desk.registry, ward)
    actions.set_rule(desk.registry, being.id, rule_of(rule), now=desk.now())
    return {"told": f"the guardians of {being.name} decide by the rule: {rule}"}


def _receipts(desk: Desk, party: str) -> dict[str, Any]:
    found = the_party(desk.registry, party)
    return {"receipts": desk.registry.receipts.told([found.id])}


def _consents(desk: Desk, party: str) -> dict[str, Any]:
    found, held, zone = the_party(desk.registry, party), desk.registry.holdings(), desk.settings.hub.zone
    streams = {d.id: d for d in held.datastreams}
    rows = []
    for c in desk.registry.consents.of([found.id]):
        stream = streams[c.datastream]
        thing = held.things[stream.thing]
        rows.append({
            "thing": thing.title or thing.name, "value": stream.named, "grade": c.grade.word,
            "since": day_of(zone, c.since), "until": "it is taken back" if c.until is None else day_of(zone, c.until),
            "purpose": c.purpose,
        })  # fmt: skip
    return {"consents": rows}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "guardian.add": _guardian_add,
    "guardian.remove": _guardian_remove,
    "guardian.rule": _guardian_rule,
    "party.receipts": _receipts,
    "party.consents": _consents,
}
