"""Commands about what people who are measured have said to whoever measures.

Rule: who said it is known to nobody, so it is in no answer; a party is given what reached it and what it answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, the_party


def _list(desk: Desk, party: str) -> dict[str, Any]:
    found = the_party(desk.registry, party)
    audience = desk.registry.audience_of_party(found.id)
    told = () if audience is None else desk.gate.objections(audience)
    return {
        "name": found.name,
        "objections": [
            {"objection": o.id, "day": o.day, "card": o.card, "words": o.words, "answer": o.answer} for o in told
        ],
    }


def _answer(desk: Desk, party: str, objection: str, words: str) -> dict[str, Any]:
    found = the_party(desk.registry, party)
    if not (objection.isascii() and objection.isdigit()):
        raise CommandError(f"{objection!r} is no number of an objection: see `barrio objection list`")
    actions.answer_objection(desk.registry, int(objection), words, found.id, now=desk.now())
    return {"told": "Whoever wrote finds the answer at the address they were given; nobody else does."}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "objection.list": _list,
    "objection.answer": _answer,
}
