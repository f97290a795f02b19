"""A thing that speaks through somebody else's gateway becomes another's, while the gateway still carries it.

Rule: what the gateway brings of it from now on is the new owner's, and none of it the former's or the gateway's
owner's. The former thing keeps its past under a name on the wire that nothing can be heard under.
"""

from __future__ import annotations

from sqlalchemy import select, update

from hub.actions.made import Described, write_thing
from hub.actions.results import NewThing
from hub.registry import Transaction
from hub.registry import tables as t
from hub.registry.first_heard import EXPOSURES


def pass_on(tx: Transaction, thing: int, to: int, now: int) -> NewThing:
    """The same device as a new thing of `to`, under the credential that carries it; the old one is closed already."""
    h = t.things.c
    old = tx.connection.execute(
        select(h.wire, h.name, h.credential, h.signing_key).where(h.id == thing)
    ).one()  # fmt: skip
    _put_aside(tx, thing, old.credential, old.wire, old.name)
    made, handle = write_thing(tx, Described(old.wire), to, old.credential, now)
    a = t.heard.c
    said = tx.connection.execute(
        select(a.name, a.exposure).where(a.credential == old.credential, a.thing == old.wire, a.property == "")
    ).first()
    # What the device has said of itself it will not say anew; what its owner has said of it goes with him.
    name, exposure = ("", None) if said is None else (said.name or "", said.exposure)
    tx.connection.execute(update(t.things).where(h.id == made).values(
        name=name, exposure=exposure if exposure in EXPOSURES else None, signing_key=old.signing_key,
    ))  # fmt: skip
    return NewThing(made, handle, old.credential, None, None, f"things/{old.wire}/readings")


def _put_aside(tx: Transaction, thing: int, credential: int, wire: str, name: str) -> None:
    """Call the former thing, its keys and its refusals what cannot be heard: no name on the wire has a line break."""
    h, s, d, r = t.things.c, t.series.c, t.datastreams.c, t.refusals.c
    former = f"{wire}\n{thing}"
    tx.connection.execute(update(t.things).where(h.id == thing).values(wire=former, name=name or wire))
    its = s.datastream.in_(select(d.id).where(d.thing == thing))
    tx.connection.execute(update(t.series).where(s.credential == credential, its).values(thing=former))
    tx.connection.execute(update(t.refusals).where(r.credential == credential, r.thing == wire).values(thing=former))
