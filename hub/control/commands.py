"""The operator's commands: plain words in, plain values out, one table.

Rule: whatever cannot be done is one `CommandError` that says what to do; nothing here gives out a measured value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from hub import actions
from hub.actions import ActionRefused
from hub.control.names import CommandError, place_of, the_commons, the_datastream, the_party, the_thing
from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import Grade
from hub.core.holdings import Thing
from hub.core.store import Store, StoreUnavailable
from hub.gate import Gate
from hub.ingest.pipeline import Counts
from hub.mqtt.contracts import Counters
from hub.registry import Registry, RegistryUnavailable
from hub.settings import Settings

__all__ = ["COMMANDS", "CommandError", "Desk", "perform"]


class Door(Protocol):
    """What a command may do to connections (the endpoint, when the hub runs)."""

    @property
    def counters(self) -> Counters:
        """What it has done."""

    def disconnect(self, credential: int) -> None:
        """End a credential's connections; on the event loop's thread."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands work with; `counts` and `door` only when the hub runs. `web` is where its pages are."""

    registry: Registry
    store: Store
    gate: Gate
    settings: Settings
    now: Callable[[], int]
    counts: Counts | None = None
    door: Door | None = None
    hang_up: Callable[[int], None] | None = None
    web: str | None = None


def perform(desk: Desk, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Do one command of `COMMANDS`.

    Raises:
        CommandError: it is not known, its words are wrong, or it was refused.
    """
    act = COMMANDS.get(command)
    if act is None:
        raise CommandError(f"no command is called {command!r}; is this barrio as old as the hub that runs?")
    try:
        return act(desk, **arguments)
    except (ActionRefused, RegistryUnavailable, StoreUnavailable) as error:
        raise CommandError(str(error)) from error
    except TypeError as error:
        raise CommandError(f"{command}: the hub that runs does not know these words: {error}") from error


def _party_add(
    desk: Desk, name: str, kind: str = "person", household: str | None = None, dwelling: str | None = None,
    guardians: Collection[str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    kinds = {k.value: k for k in PartyKind}
    if kind not in kinds:
        raise CommandError(f"no kind of party is called {kind!r}; there are {', '.join(kinds)}")
    with desk.registry.transaction():
        party = actions.add_party(desk.registry, kinds[kind], name, now=desk.now())
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


def _party_link(desk: Desk, party: str, hours: float = 24) -> dict[str, Any]:
    found = the_party(desk.registry, party)
    link = actions.make_link(desk.registry, found.id, hours=hours, now=desk.now())
    s = desk.settings.web
    base = desk.web or s.address or f"http://{s.host}:{s.port}/"
    return {"link": f"{base.rstrip('/')}/mine/{link.token}", "name": found.name, "expires": link.expires}


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
    rows = []
    for t in sorted(held.things.values(), key=lambda t: (t.owner, t.name, t.id)):
        streams = [d for d in held.datastreams if d.thing == t.id]
        grades = ", ".join(f"{d.property or d.named}: {d.grade(now).word}" for d in streams)
        last = max((heard[d.id] for d in streams if d.id in heard), default=None)
        owner = held.parties[t.owner].name if t.owner in held.parties else ""
        rows.append({"thing": t.id, "name": t.title or t.name, "owner": owner, "heard": last, "grades": grades or "-"})
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


def _grade_set(
    desk: Desk, thing: str, property: str, grade: str, by: str | None = None, commons: str | None = None,  # noqa: A002
) -> dict[str, Any]:  # fmt: skip
    if grade not in {g.word for g in Grade}:
        raise CommandError(f"no grade is called {grade!r}; there are {', '.join(g.word for g in Grade)}")
    stream = the_datastream(desk.registry, the_thing(desk.registry, thing), property)
    made = actions.set_grade(
        desk.registry, stream.id, Grade.read(grade), by=None if by is None else the_party(desk.registry, by).id,
        commons=None if commons is None else the_commons(desk.registry, commons).id, now=desk.now(),
    )  # fmt: skip
    told = f"{stream.named} is {made.grade.word}: {made.grade.sentence}"
    if made.coming is not None:
        told += f" It will be {made.coming.word} a day from now, when everybody at home has had time to say no."
    return {"told": told, "grade": made.grade.word}


def _commons_add(desk: Desk, name: str, purpose: str, properties: Collection[str]) -> dict[str, Any]:
    return {"commons": actions.add_commons(desk.registry, name, purpose, tuple(properties), now=desk.now()).commons}


def _commons_join(desk: Desk, commons: str, party: str) -> dict[str, Any]:
    project, who = the_commons(desk.registry, commons), the_party(desk.registry, party)
    joined = actions.join(desk.registry, project.id, who.id, now=desk.now())
    return {"told": f"{who.name} is “{joined.pseudonym}” in {project.name}; nothing is shown there by that alone"}


def _source_prefix(desk: Desk, source: str, prefix: str, owner: str) -> dict[str, Any]:
    party = the_party(desk.registry, owner)
    with desk.registry.transaction():
        door = actions.add_credential(desk.registry, party.id, f"{source} {prefix}", now=desk.now())
        actions.add_prefix(desk.registry, source, prefix, door.credential, now=desk.now())
    return {"told": f"what {source} brings under {prefix.strip('/')}/ is {party.name}'s from now on"}


def _status(desk: Desk) -> dict[str, Any]:
    held = desk.registry.holdings()
    found: dict[str, Any] = {
        "neighbourhood": desk.settings.hub.name, "parties": len(held.parties), "things": len(held.things),
        "datastreams": len(held.datastreams), "commons": len(held.commons), "store": desk.settings.store.engine,
        "in quarantine": desk.registry.quarantined(), "running": "yes" if desk.counts is not None else "no",
    }  # fmt: skip
    if desk.counts is not None and desk.door is not None:
        found |= {
            "connections": desk.door.counters.connections, "messages stored": desk.counts.messages,
            "readings stored": desk.counts.readings, "messages refused": sum(desk.counts.refused.values()),
            "storing": "waiting: the store cannot take data" if desk.counts.waiting else "yes",
        }  # fmt: skip
    return found


def _log(desk: Desk, count: int = 30) -> dict[str, Any]:
    parties = desk.registry.holdings().parties
    return {
        "entries": [
            {"at": e.at, "who": "the operator" if e.who is None else parties[e.who].name, "what": e.what}
            for e in desk.registry.journal(limit=count)
            if e.who is None or e.who in parties
        ]
    }


def _refusals(desk: Desk, count: int = 30) -> dict[str, Any]:
    refused = desk.registry.all_refusals(limit=count)
    return {"entries": [{"at": r.at, "who": r.thing or "", "what": r.reason} for r in refused]}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "party.add": _party_add,
    "party.list": _party_list,
    "party.link": _party_link,
    "thing.add": _thing_add,
    "thing.list": _thing_list,
    "thing.credential": _thing_credential,
    "grade.set": _grade_set,
    "commons.add": _commons_add,
    "commons.join": _commons_join,
    "source.prefix": _source_prefix,
    "status": _status,
    "log": _log,
    "refusals": _refusals,
}
