"""Erasing what was measured, and what was written about it.

Rule: first it is written down and the cells and blocks rest, then it goes: whatever fails in between, nobody is shown
that somebody has left, and what was begun is done again until it is done.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import insert

from hub.actions.results import ActionRefused, Erased
from hub.actions.rights import check_party, give_receipt, moment, tell, unknown
from hub.actions.tokens import end_tokens
from hub.core.grade import Grade
from hub.core.history import BEGINNING, END, grade_at
from hub.core.receipts import Event, Matter
from hub.core.store import Store, StoreUnavailable
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.erasures import Asked, Traces
from hub.registry.grades import rest
from hub.registry.ids import new_id
from hub.registry.streams import Stream, read_streams


def erase(
    registry: Registry, store: Store, owner: int, *, datastreams: Collection[int] | None = None,
    things: Collection[int] | None = None, since: int = BEGINNING, until: int = END, by: int | None = None,
    now: int | None = None,
) -> Erased:  # fmt: skip
    """Erase an owner's readings with a time in [`since`, `until`) µs, of all that had arrived by `now`.

    `datastreams` or `things`: only of these (None: of all, whoever's thing it is now). Of whole things the sealed
    readings and the refusals of that time go too; of everything, of all time, what was heard, who looked, the diary
    and what waits in quarantine as well. What was published over blocks stays.

    Raises:
        ActionRefused: they are not the owner's, `by` may not act for him, or the time ends before it begins.
        StoreUnavailable: nothing was deleted; do it again.
    """
    now = moment(now)
    if since >= until:
        raise ActionRefused("time", "The time ends before it begins: swap the two.")
    with registry.transaction() as tx:
        check_party(tx, owner, by)
        streams = _streams(registry, tx, owner, datastreams, things)
        asked = Asked(
            id=new_id(tx.connection), at=now, owner=owner, since=since, until=until,
            datastreams=None if datastreams is None and things is None else frozenset(s.id for s in streams),
            things=None if things is None else frozenset(things),
        )  # fmt: skip
        _rest(registry, tx, streams, now)
        registry.erasures.begin(tx, asked, _words(asked))
        if asked.everything:
            end_tokens(tx, [owner])
        registry.erasures.doing.add(asked.id)
    try:
        rows = _carry_out(registry, store, asked)
    finally:
        registry.erasures.doing.discard(asked.id)
    with registry.transaction() as tx:
        tell(tx, now, by, owner, f"erased {_words(asked)}")
        give_receipt(registry, tx, owner, Event.ERASED, _matter(asked), now)
    return Erased(asked.id, rows)


def erase_again(registry: Registry, store: Store, now: int | None = None) -> int:
    """Erase what the list beside the data names and the registry has forgotten (a backup was restored); how many."""
    now = moment(now)
    forgotten = registry.erasures.forgotten()
    for asked in forgotten:
        with registry.transaction() as tx:
            if asked.owner in tx.people.parties:
                streams = read_streams(tx, registry.catalogue, ids=asked.datastreams, owners=[asked.owner])
                _rest(registry, tx, streams, now)
                registry.erasures.begin(tx, asked, _words(asked))
        _forget(registry, asked, _delete(registry, store, asked))
    return len(forgotten)


def _carry_out(registry: Registry, store: Store, asked: Asked) -> int:
    """Let all of it go; when no reading could be deleted, it was never asked for."""
    try:
        rows = _delete(registry, store, asked)
    except StoreUnavailable:
        registry.erasures.undo(asked.id)
        raise
    _forget(registry, asked, rows)
    return rows


def _delete(registry: Registry, store: Store, asked: Asked) -> int:
    """Let the readings go; what they could be found by in a file stays in memory until the hub has looked."""
    traces = store.traces(asked.readings).tolist()
    rows = store.delete(asked.readings)
    registry.erasures.traces[asked.id] = Traces(traces, [])
    return rows


def _forget(registry: Registry, asked: Asked, rows: int) -> None:
    """Let go what there is besides."""
    if asked.everything:
        registry.unhear(asked.owner)
    registry.erasures.sweep(asked)
    registry.erasures.hidden(asked.id, rows)
    registry.erasures.note(asked)


def _streams(
    registry: Registry, tx: Transaction, owner: int, datastreams: Collection[int] | None, things: Collection[int] | None
) -> list[Stream]:
    streams = read_streams(tx, registry.catalogue, ids=datastreams, things=things, owners=[owner])
    if datastreams is not None and {s.id for s in streams} != set(datastreams):
        raise unknown("value")
    held = registry.holdings().things
    if things is not None and not all(i in held and held[i].owner == owner for i in things):
        raise unknown("thing")
    return streams


def _rest(registry: Registry, tx: Transaction, streams: list[Stream], now: int) -> None:
    """The cells of `street` rows rest, and so do the blocks of all of them, until their epoch ends."""
    for stream in streams:
        if grade_at(stream.history.steps, now) is Grade.STREET:
            rest(tx, stream, registry.street, now)
    if streams:
        tx.connection.execute(insert(t.withdrawals), [{"datastream": s.id, "at": now} for s in streams])
    tx.changed()


def _matter(asked: Asked) -> Matter:
    one = next(iter(asked.datastreams)) if asked.datastreams and len(asked.datastreams) == 1 else None
    since = None if asked.since <= BEGINNING else asked.since
    return Matter(datastream=one, since=since, until=min(asked.until, asked.at), note=f"erased {_words(asked)}")


def _words(asked: Asked) -> str:
    what = "everything"
    if asked.things is not None:
        what = "what one thing measured" if len(asked.things) == 1 else "what some things measured"
    elif asked.datastreams is not None:
        what = "some of the values"
    return what if asked.since <= BEGINNING and asked.until >= END else f"{what} of some time"
