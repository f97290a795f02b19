"""Erasing what was measured.

Rule: first the cell rests, then the readings go, then the diary says so: whatever fails in between, nobody is shown
that somebody has left.
"""

from __future__ import annotations

from collections.abc import Collection

from hub.actions.rights import check_party, moment, tell, unknown
from hub.core.grade import Grade
from hub.core.history import BEGINNING, END, grade_at
from hub.core.store import Erasure, Store
from hub.registry import Registry
from hub.registry.grades import rest
from hub.registry.streams import read_streams


def erase(
    registry: Registry, store: Store, owner: int, *, datastreams: Collection[int] | None = None,
    since: int = BEGINNING, until: int = END, by: int | None = None, now: int | None = None,
) -> int:  # fmt: skip
    """Delete an owner's readings with a time in [`since`, `until`) µs; how many there were.

    `datastreams`: only of these (None: of all, whoever's thing it is now).

    Raises:
        ActionRefused: they are not the owner's, or `by` may not act for him.
        StoreUnavailable: nothing was deleted; do it again.
    """
    now = moment(now)
    with registry.transaction() as tx:
        check_party(tx, owner, by)
        streams = read_streams(tx, registry.catalogue, ids=datastreams, owners=[owner])
        if datastreams is not None and {s.id for s in streams} != set(datastreams):
            raise unknown("value")
        for stream in streams:
            if grade_at(stream.history.steps, now) is Grade.STREET:
                rest(tx, stream, registry.street, now)
        tx.changed()
    chosen = None if datastreams is None else frozenset(datastreams)
    gone = store.delete(Erasure(owner=owner, datastreams=chosen, since=since, until=until))
    with registry.transaction() as tx:
        tell(tx, now, by, owner, f"erased {'everything' if chosen is None else 'some values'} of a time")
    return gone
