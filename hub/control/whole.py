"""Commands about the hub as a whole.

Rule: numbers of things and messages, never a value and never a place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.control.backup import backed_up
from hub.control.desk import Desk, Door, Worker
from hub.control.mine import kept
from hub.control.names import day_of
from hub.ingest.pipeline import Counts
from hub.stores.outbox.store import Outbox


def status(desk: Desk) -> dict[str, Any]:
    """How the hub is, line by line: what holds now, by its name."""
    held = desk.registry.holdings()
    found: dict[str, Any] = {
        "neighbourhood": desk.settings.hub.name, "parties": len(held.parties), "things": len(held.things),
        "datastreams": len(held.datastreams), "commons": len(held.commons), "store": desk.settings.store.engine,
        "in quarantine": desk.registry.quarantined(), "running": "yes" if desk.counts is not None else "no",
    }  # fmt: skip
    if desk.counts is not None and desk.door is not None:
        found |= _taken(desk, desk.counts, desk.door)
    return found | _waits(desk) | _released(desk) | _mirrored(desk) | kept(desk) | backed_up(desk)


def _taken(desk: Desk, counts: Counts, door: Door) -> dict[str, Any]:
    """What came in since the start; of several workers in all of them."""
    workers = desk.workers()
    found: dict[str, Any] = {}
    if workers:
        wanted = desk.settings.hub.workers
        leader = next((f"worker {w.number} leads" for w in workers if w.leads), "none leads yet")
        found["workers"] = f"{len(workers)} of {wanted} at work; {leader}"
    of = workers or [Worker.of(0, counts, door.counters, leads=True)]
    return found | {
        "connections": sum(w.connections for w in of), "messages stored": sum(w.messages for w in of),
        "readings stored": sum(w.readings for w in of), "messages refused": sum(w.refused for w in of),
        "storing": "waiting: the store cannot take data" if counts.waiting else "yes",
    }  # fmt: skip


def _waits(desk: Desk) -> dict[str, str]:
    """What waits on the disk for an engine that is away."""
    if not isinstance(desk.store, Outbox):
        return {}
    w = desk.store.waits
    size = f"{w.bytes / 1e6:,.1f} of {w.most / 1e6:,.0f} MB"
    zone = desk.settings.hub.zone
    told = "empty" if w.oldest is None else f"{w.rows:,} readings wait since {day_of(zone, w.oldest)} ({size})"
    return {"outbox": f"{told}: {w.trouble}" if w.trouble else told}


def _released(desk: Desk) -> dict[str, Any]:
    """Until when windows are out, and whether more are coming."""
    until = desk.registry.releases.out_until()
    zone = ZoneInfo(desk.settings.hub.zone)
    told = "none yet" if until is None else f"until {datetime.fromtimestamp(until / 1e6, zone):%Y-%m-%d %H:%M}"
    found: dict[str, Any] = {"releases": told}
    if desk.releaser is not None:
        waiting = desk.releaser.waiting
        found["releasing"] = desk.releaser.trouble or (f"{waiting} properties wait" if waiting else "yes")
    return found


def _mirrored(desk: Desk) -> dict[str, Any]:
    """What the bucket for Grafana and Flux holds; what keeps it from more is told with the chores."""
    url, bucket = desk.settings.mirror.url, desk.settings.mirror.bucket
    if url is None:
        return {}
    return {"mirror": f"{bucket} at {url}" + ("" if desk.mirror is None else f"; {desk.mirror.told}")}


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
    "status": status,
    "log": _log,
    "refusals": _refusals,
}
