"""Commands about things and their credentials.

Rule: a password is in an answer once and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, place_of, the_party, the_thing
from hub.core.catalogue import Exposure
from hub.core.holdings import Thing


def _thing_add(
    desk: Desk, name: str, owner: str, title: str = "", exposure: str | None = None, place: str | None = None,
    description: str = "", gateway: bool = False,  # noqa: FBT001, FBT002 - named by whoever asks
) -> dict[str, Any]:  # fmt: skip
    party = the_party(desk.registry, owner).id
    if gateway:
        door = actions.add_credential(desk.registry, party, name, now=desk.now())
        return {"name": name, "user": door.user, "password": door.password, "topic": door.topic, "gateway": True}
    made = actions.add_thing(
        desk.registry, party, name, title=title, description=description, exposure=_exposure(exposure),
        place=None if place is None else place_of(place), now=desk.now(),
    )  # fmt: skip
    return {"name": name, "thing": made.thing, "user": made.user, "password": made.password, "topic": made.topic}


def _exposure(word: str | None) -> Exposure | None:
    words = {e.value: e for e in Exposure}
    if word is not None and word not in words:
        raise CommandError(f"no exposure is called {word!r}; there are {', '.join(words)}")
    return None if word is None else words[word]


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
            }
        )
    return {"things": rows}


def _thing_credential(desk: Desk, thing: str) -> dict[str, Any]:
    found: Thing = the_thing(desk.registry, thing)
    credential = desk.registry.credential_of_thing(found.id)
    if credential is None:
        raise CommandError("this thing speaks through a gateway or an outside broker: it has no password of its own")
    door = actions.renew_credential(desk.registry, credential, now=desk.now())
    if desk.hang_up is not None:
        desk.hang_up(credential)
    return {"name": found.name, "user": door.user, "password": door.password, "topic": door.topic}


def _source_prefix(desk: Desk, source: str, prefix: str, owner: str) -> dict[str, Any]:
    party = the_party(desk.registry, owner)
    with desk.registry.transaction():
        door = actions.add_credential(desk.registry, party.id, f"{source} {prefix}", now=desk.now())
        actions.add_prefix(desk.registry, source, prefix, door.credential, now=desk.now())
    return {"told": f"what {source} brings under {prefix.strip('/')}/ is {party.name}'s from now on"}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "thing.add": _thing_add,
    "thing.list": _thing_list,
    "thing.credential": _thing_credential,
    "source.prefix": _source_prefix,
}
