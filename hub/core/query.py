"""What is asked: properties, things, a stretch of time, how coarse. It says nothing about who asks."""

from __future__ import annotations

from msgspec import Struct


class QueryError(Exception):
    """The question cannot be answered as it stands; the text says what to change."""


class StoreUnavailable(Exception):
    """The store cannot take or give data now; nothing was half done. Wait and try again; the text says what to do."""


class Query(Struct, frozen=True, kw_only=True):
    """A question to the gate.

    `properties` and `things` (the handles by which things are shown) narrow it, None means all. Times are µs, `since`
    included, `until` not. `window` (µs) asks for means over windows of that length wherever the view is not already
    as coarse; 0 asks for what the view allows. `newest` asks for the last row of each face only.
    """

    properties: frozenset[str] | None = None
    things: frozenset[str] | None = None
    since: int = 0
    until: int = 2**62
    window: int = 0
    newest: bool = False

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        if self.since > self.until:
            raise QueryError("the time asked for ends before it begins: swap the two")
        if self.window < 0:
            raise QueryError("a window cannot be shorter than nothing: leave it out or ask for 0")
