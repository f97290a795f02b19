"""Commands about things and their credentials.

Rule: a password is in an answer once and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, exposure_of, place_of, the_party, the_thing
from hub.core.holdings import Thing


def _thing_add(
    desk: Desk, name: str, owner: str, title: str = "", exposure: str | None = None, place: str | None = None,
    description: str = "", gateway: bool = False,  # noqa: FBT001, FBT002 - named by whoever asks
    certificate: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    party = the_party(desk.registry, owner).id
    with desk.registry.transaction():
        if gateway:
            door = actions.add_credential(desk.registry, party, name, now=desk.now())
            found = {"name": name, "user": door.user, "password": door.password, "topic": door.topic, "gateway": True}
            return found | _certified(desk, door.credential, certificate)
        made = actions.add_thing(
            desk.registry, party, name, title=title, description=description, exposure=exposure_of(exposure),
            place=None if place is None else place_of(place), now=desk.now(),
        )  # fmt: skip
        found = {"name": name, "thing": made.thing, "user": made.user, "password": made.password, "topic": made.topic}
        return found | _certified(desk, made.credential, certificate)


def _certified(desk: Desk, credential: int, certificate: str | None) -> dict[str, Any]:
    """What is different when a certificate is to open in a password's stead."""
    if certificate is None:
        return {}
    if desk.settings.mqtt.tls_port is None or desk.settings.mqtt.client_ca is None:
        raise CommandError(
            "the hub verifies no certificates: set mqtt.tls_port and mqtt.client_ca (`barrio certificate` makes both "
            "for trying out), start it again, then repeat this"
        )
    actions.give_certificate(desk.registry, credential, certificate, now=desk.now())
    return {"password": None, "certificate": certificate}


def _thing_list(desk: Desk) -> dict[str, Any]:
    held, heard, now = desk.registry.holdings(), desk.store.last_heard(), desk.now()
    sealed = {i: (count, last) for i, count, last in desk.registry.sealed.counted(held.things)}
    rows = []
    for t in sorted(held.things.values(), key=lambda t: (t.owner, t.name, t.id)):
        streams = [d for d in held.datastreams if d.thing == t.id]
        grades = ", ".join(f"{d.property or d.named}: {d.grade(now).word}" for d in streams)
        envelopes, came = sealed.get(t.id, (0, None))
        last = max((m for m in (*(heard.get(d.id) for d in streams), came) if m is not None), default=None)
        owner = held.parties[t.owner].name if t.owner in held.parties else ""
        rows.append(
            {
                "thing": t.id,
                "name": t.title or t.name,
                "owner": owner,
                "heard": last,
                "grades": grades or "-",
                "sealed": envelopes,
                "ended": t.closed,
            }
        )
    return {"things": rows}


def _thing_credential(desk: Desk, thing: str, certificate: str | None = None) -> dict[str, Any]:
    found: Thing = the_thing(desk.registry, thing)
    credential = desk.registry.credential_of_thing(found.id)
    if credential is None:
        raise CommandError("this thing speaks through a gateway or an outside broker: it has no password of its own")
    with desk.registry.transaction():
        door = actions.renew_credential(desk.registry, credential, now=desk.now())
        certified = _certified(desk, credential, certificate)
    if desk.hang_up is not None:
        desk.hang_up(credential)
    return {"name": found.name, "user": door.user, "password": door.password, "topic": door.topic} | certified


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "thing.add": _thing_add,
    "thing.list": _thing_list,
    "thing.credential": _thing_credential,
}
