"""Commands about a change of mind: erase, pause, export; and what the hub does of that by itself.

Rule: what was erased is said to be gone from every file only once the hub has looked; what an operator takes away is
written into its owner's log before he gets it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, day_of, moment_of, the_datastream, the_party, the_thing
from hub.core.about import ErasureReceipt
from hub.core.grade import HOUR
from hub.core.history import BEGINNING, END
from hub.core.holdings import Datastream, Thing
from hub.core.look import looks_of_operator
from hub.core.query import Query, QueryError
from hub.upkeep.chores import Done
from hub.upkeep.looking import asked_here, everything, finish
from hub.upkeep.retention import before, words

_EVER = Query()
_MOST_HOURS = 24 * 366
_PATIENCE = 60.0
"""So long (seconds) a command waits for the look through the files."""


def kept(desk: Desk) -> dict[str, str]:
    """For the status: how long things are kept, what goes next, and what the hub did of that by itself."""
    retention, now = desk.settings.retention, desk.now()
    told = {"kept": words(retention)}
    if retention.raw_days:
        told["raw until"] = f"{_clock(desk, before(now, retention.raw_days))}; older ones are quarter-hourly means"
    if retention.quarter_hours_days:
        told["kept from"] = f"{_clock(desk, before(now, retention.quarter_hours_days))} on; older ones are gone"
    if desk.upkeep is not None:
        due = desk.upkeep.due()
        told |= {f"upkeep: {name}": _chore(desk, desk.upkeep.done.get(name), at) for name, at in due.items()}
    return told


def _chore(desk: Desk, last: Done | None, due: int) -> str:
    if last is None:
        return "not done yet"
    told = f"; last {_clock(desk, last.told_at)}: {last.told}" if last.told else ""
    trouble = f"; waits: {last.trouble}" if last.trouble else ""
    return f"done {_clock(desk, last.at)}, again {_clock(desk, due)}{told}{trouble}"


def _erase(
    desk: Desk, party: str, thing: str | None = None, property: str | None = None, since: str | None = None,  # noqa: A002
    until: str | None = None, everything: bool = False,  # noqa: FBT001, FBT002 - named by whoever asks
) -> dict[str, Any]:  # fmt: skip
    owner = the_party(desk.registry, party)
    if everything == any(word is not None for word in (thing, property, since, until)):
        raise CommandError("say what shall go: --thing (and --property), a time (--since, --until), or --everything")
    things, streams = _chosen(desk, thing, property)
    zone = desk.settings.hub.zone
    begins = BEGINNING if since is None else moment_of(zone, since)
    ends = END if until is None else moment_of(zone, until)
    done = actions.erase(
        desk.registry, desk.store, owner.id, things=things, datastreams=streams, since=begins, until=ends,
        now=desk.now(),
    )  # fmt: skip
    _look(desk)
    receipts = desk.registry.erasures.receipts([owner.id])
    return _receipt(next(r for r in receipts if r.id == done.receipt))


def _erased(desk: Desk, party: str) -> dict[str, Any]:
    owner = the_party(desk.registry, party)
    return {"receipts": [_receipt(r) for r in desk.registry.erasures.receipts([owner.id])]}


def _pause(desk: Desk, thing: str, property: str | None = None, hours: float = 8) -> dict[str, Any]:  # noqa: A002
    if not 0 < hours <= _MOST_HOURS:
        raise CommandError("say for how many hours: more than 0, and a year at most")
    found, streams = _streams(desk, thing, property)
    now = desk.now()
    with desk.registry.transaction():
        for stream in streams:
            actions.pause(desk.registry, stream.id, until=now + round(hours * HOUR), now=now)
    return {"told": f"what {found.title or found.name} measures in the next {hours:g} hours stays at home, for ever"}


def _unpause(desk: Desk, thing: str, property: str | None = None) -> dict[str, Any]:  # noqa: A002
    found, streams = _streams(desk, thing, property)
    now = desk.now()
    with desk.registry.transaction():
        ends = max(actions.unpause(desk.registry, stream.id, now=now) for stream in streams)
    when = "now" if ends <= now else f"at {_clock(desk, ends)}: the other adults have a day to say no"
    return {"told": f"the pause of {found.title or found.name} ends {when}; what was measured in it stays at home"}


def _export(desk: Desk, party: str, to: str, age: str | None = None) -> dict[str, Any]:
    owner = the_party(desk.registry, party)
    audience = desk.registry.audience_of_party(owner.id)
    file, now = Path(to), desk.now()
    from hub.export import export, locked  # noqa: PLC0415 - brings Arrow, which takes longer to load than all the rest

    if audience is None or not file.is_absolute():
        raise CommandError("say where the file shall be, with its whole path")
    units = {p.id: p.unit for p in desk.registry.catalogue.properties.values()}
    made = export(desk.gate, audience, units, hub=desk.settings.hub.name, when=_clock(desk, now))
    try:
        content = made.content if age is None else locked(made.content, age)
    except QueryError as error:
        raise CommandError(str(error)) from error
    streams = [(d, made.rows[d.id]) for d in desk.registry.holdings().datastreams if d.id in made.rows]
    desk.registry.looks.write(looks_of_operator(streams, _EVER, f"a copy for {owner.name}", now))
    _write(file, content)
    return {"told": f"{file}: {sum(made.rows.values()):,} readings and what the hub keeps of {owner.name}"}


def _look(desk: Desk) -> None:
    """Look through the files; a running hub goes on with it by itself when there is much to look through."""
    whose = everything if desk.settings.hub.workers == 1 else asked_here
    looking = Thread(
        target=finish, args=(desk.registry, desk.store, desk.settings.hub.data, desk.now()), kwargs={"whose": whose},
        name="looking", daemon=True,
    )  # fmt: skip
    looking.start()
    looking.join(None if desk.counts is None else _PATIENCE)


def _write(file: Path, content: bytes) -> None:
    """A new file that nobody else may read."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{file} cannot be made: {error.strerror}") from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)


def _chosen(desk: Desk, thing: str | None, observed: str | None) -> tuple[list[int] | None, list[int] | None]:
    """A whole thing, or one of its datastreams, or neither."""
    if thing is None:
        if observed is not None:
            raise CommandError("say of which thing: --thing")
        return None, None
    found = the_thing(desk.registry, thing)
    return ([found.id], None) if observed is None else (None, [the_datastream(desk.registry, found, observed).id])


def _streams(desk: Desk, thing: str, observed: str | None) -> tuple[Thing, list[Datastream]]:
    found = the_thing(desk.registry, thing)
    if observed is not None:
        return found, [the_datastream(desk.registry, found, observed)]
    streams = [d for d in desk.registry.holdings().datastreams if d.thing == found.id]
    if not streams:
        raise CommandError(f"{found.name} has not sent anything yet: there is nothing to pause")
    return found, streams


def _receipt(receipt: ErasureReceipt) -> dict[str, Any]:
    return {
        "receipt": receipt.id, "what": receipt.what, "rows": receipt.rows, "hidden": receipt.at, "gone": receipt.gone,
        "told": receipt.told,
    }  # fmt: skip


def _clock(desk: Desk, moment: int) -> str:
    return day_of(desk.settings.hub.zone, moment)


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "mine.erase": _erase,
    "mine.erased": _erased,
    "mine.pause": _pause,
    "mine.unpause": _unpause,
    "mine.export": _export,
}
