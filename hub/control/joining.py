"""Commands about tokens: with one a device joins by itself, with another a thing becomes somebody else's.

Rule: a token is in an answer once and is kept nowhere; what is told of it later does not open anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, exposure_of, place_of, the_party, the_thing


def _enrol(
    desk: Desk, name: str, owner: str, hours: float = 24, gateway: bool = False,  # noqa: FBT001, FBT002 - named
    title: str = "", exposure: str | None = None, place: str | None = None, description: str = "",
) -> dict[str, Any]:  # fmt: skip
    party = the_party(desk.registry, owner)
    if gateway and (title or exposure or place or description):
        raise CommandError("a gateway is no thing: title, exposure, place and description are its things' own")
    made = actions.invite(
        desk.registry, party.id, name, title=title, description=description, exposure=exposure_of(exposure),
        place=None if place is None else place_of(place), gateway=gateway, hours=hours, now=desk.now(),
    )  # fmt: skip
    return {
        "name": name, "owner": party.name, "enrolment": made.enrolment, "token": made.token, "expires": made.expires,
        "gateway": gateway,
    }  # fmt: skip


def _enrolments(desk: Desk, withdraw: str | None = None) -> dict[str, Any]:
    now, parties = desk.now(), desk.registry.holdings().parties
    if withdraw is not None:
        found = [a for a in desk.registry.tokens.awaited(now) if withdraw in (str(a.enrolment), a.name)]
        if len(found) != 1:
            raise CommandError(
                f"no open token has the number {withdraw!r}; `barrio thing enrolments` shows them"
                if not found
                else f"several tokens are for {withdraw!r}: give the number of the one that is to end"
            )
        actions.withdraw_invitation(desk.registry, found[0].enrolment, now=now)
    rows = [
        {
            "enrolment": a.enrolment, "name": a.name, "kind": a.kind, "expires": a.expires, "asked": a.asked,
            "owner": parties[a.party].name if a.party in parties else "",
        }
        for a in desk.registry.tokens.awaited(now)
    ]  # fmt: skip
    return {"enrolments": rows}


def _hand_over(
    desk: Desk, thing: str, to: str | None = None, hours: float = 24, withdraw: bool = False,  # noqa: FBT001, FBT002 - named
) -> dict[str, Any]:  # fmt: skip
    found = the_thing(desk.registry, thing)
    name = found.title or found.name
    if withdraw:
        return {"name": name, "withdrawn": actions.withdraw_offer(desk.registry, found.id, now=desk.now())}
    taker = None if to is None else the_party(desk.registry, to)
    made = actions.offer(
        desk.registry, found.id, to=None if taker is None else taker.id, hours=hours, now=desk.now()
    )  # fmt: skip
    return {
        "name": name, "token": made.token, "expires": made.expires, "taker": None if taker is None else taker.name
    }  # fmt: skip


def _take(desk: Desk, token: str, owner: str) -> dict[str, Any]:
    party = the_party(desk.registry, owner)
    made = actions.take(desk.registry, token, party.id, now=desk.now())
    name = desk.registry.holdings().things[made.thing].name
    return {
        "name": name, "owner": party.name, "thing": made.thing, "user": made.user, "password": made.password,
        "topic": made.topic,
    }  # fmt: skip


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "thing.enrol": _enrol,
    "thing.enrolments": _enrolments,
    "thing.hand-over": _hand_over,
    "thing.take": _take,
}
