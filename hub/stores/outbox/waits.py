"""What waits, in words and numbers for the operator."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from hub.core.store import StoreUnavailable
from hub.stores.outbox.shelf import Waiting
from hub.stores.outbox.siblings import Siblings


class Waits(Struct, frozen=True):
    """What waits: rows, bytes (of `most`), since when the oldest does (µs); and the trouble that keeps it, in words."""

    rows: int
    bytes: int
    most: int
    oldest: int | None
    trouble: str


def waits(mine: Collection[Waiting], siblings: Siblings, most: int, trouble: str) -> Waits:
    """What waits in all outboxes of a folder; `mine` is what waits in one's own."""
    kept = [*mine]
    try:
        kept += siblings.waiting
    except StoreUnavailable as error:
        trouble = trouble or str(error)
    oldest = min((k.at for k in kept), default=None)
    return Waits(sum(k.rows for k in kept), sum(k.bytes for k in kept), most, oldest, trouble)
