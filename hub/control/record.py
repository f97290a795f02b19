"""The command about a thing's own record.

Rule: as with the status, numbers and never a value. That a thing speaks, how often, what of it was refused and whether
its clock is right is what an operator helps with. When it was silent, when a backlog came and what of it was marked is
its household's to know (of a home that says when somebody was there): with `whole` he gets that too, and it is written
into its owner's log before he does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hub.control.desk import Desk
from hub.control.names import CommandError, the_thing
from hub.core.holdings import Thing
from hub.core.look import looks_of_operator
from hub.core.query import Query
from hub.core.record import WEEK, StreamRecord, ThingRecord, silent
from hub.registry.records import DoorOf


def _thing_show(desk: Desk, thing: str, whole: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - by name
    found = the_thing(desk.registry, thing)
    audience, now = desk.registry.audience_of_party(found.owner), desk.now()
    record = None if audience is None else desk.gate.record(found.handle, audience)
    door = desk.registry.records.door(found.id)
    if record is None or door is None:
        raise CommandError(f"{found.name} has no owner any more: nothing of it can be shown")
    if whole:
        _tell(desk, found, record, now)
    return _of_thing(desk, found, record, door) | {
        "since": now - WEEK, "values": [_of_stream(s, whole=whole) for s in record.streams], "whole": whole,
    }  # fmt: skip


def _tell(desk: Desk, thing: Thing, record: ThingRecord, now: int) -> None:
    """Write into the owner's log that the operator gets all of it: no values, but when there were some."""
    his = {s.datastream for s in record.streams}
    streams = [(d, 0) for d in desk.registry.holdings().datastreams if d.id in his]
    query = Query(things=frozenset({thing.handle}), since=now - WEEK, until=now)
    desk.registry.looks.write(looks_of_operator(streams, query, "when it spoke and what was marked", now))


def _of_thing(desk: Desk, thing: Thing, record: ThingRecord, door: DoorOf) -> dict[str, Any]:
    held = desk.registry.holdings()
    reasons = Counter(r.reason for r in record.refusals)
    last = {r.reason: r.at for r in reversed(record.refusals)}
    return {
        "thing": thing.id, "name": thing.name, "title": thing.title,
        "owner": held.parties[thing.owner].name if thing.owner in held.parties else "",
        "ended": thing.closed,
        "heard": max((s.last_heard for s in record.streams if s.last_heard is not None), default=None),
        "credential": {
            "kind": door.kind, "user": door.user, "certificate": door.certificate, "since": door.since,
            "open": not door.closed,
        },
        "topics": _topics(door), "clock": record.clock, "sealed": record.sealed,
        "refusals": [{"at": r.at, "reason": r.reason} for r in record.refusals],
        "reasons": [{"reason": why, "count": n, "last": last[why]} for why, n in reasons.most_common()],
    }  # fmt: skip


def _topics(door: DoorOf) -> list[str]:
    """Where it may publish."""
    if door.prefixes:
        return [f"{prefix}/#" if prefix else "#" for prefix in door.prefixes]
    own = f"things/{door.wire}/#"
    return {
        "thing": [own, "and its own topics, in a topic space of its own (config/topics.toml)"],
        "gateway": [own, "and whatever its gateway carries, in the gateway's topic space"],
    }.get(door.kind, ["whatever its outside broker brings"])


def _of_stream(s: StreamRecord, *, whole: bool) -> dict[str, Any]:
    told = {
        "value": s.property or s.named, "named": s.named, "heard": s.last_heard, "cadence": s.cadence,
        "gaps": len(s.gaps), "silent": silent(s),
    }  # fmt: skip
    if not whole:
        return told
    t = s.tally
    late = None
    if t.late:
        late = {
            "count": t.late, "since": t.late_since, "until": t.late_until, "least": t.least_delay, "most": t.most_delay,
        }  # fmt: skip
    return told | {
        "silences": [{"since": g.since, "until": g.until} for g in s.gaps], "late": late, "ahead": t.ahead,
        "implausible": t.implausible, "jump": t.jump, "flat": t.flat, "clock": s.clock,
    }  # fmt: skip


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {"thing.show": _thing_show}
