"""Charters of commons: what anybody may read of a shared project, and what only its member may.

Rule: who belongs to it, and exactly how many, is in no charter; a name is told to the one who bears it alone.
"""

from __future__ import annotations

from msgspec import Struct

from hub.core.audience import Audience
from hub.core.holdings import Commons, Holdings


class Charter(Struct, frozen=True, kw_only=True):
    """One commons that runs.

    `properties` it asks for (none: any); `since`, `ends` µs; `homes`: so many at least an average of its data stands
    for (0: as many as any); a name lasts `epoch_days`; members see `retention_days` back (None: as long as owners keep
    it); `members`: how many, in words. `joined`: whoever asks is a member, `called` so there.
    """

    handle: str
    name: str
    purpose: str
    properties: tuple[str, ...]
    since: int
    ends: int | None
    homes: int
    epoch_days: int
    retention_days: int | None
    members: str
    joined: bool = False
    called: str = ""


def charters(holdings: Holdings, audience: Audience, now: int) -> tuple[Charter, ...]:
    """All that run at `now` (µs), by name, as this audience may know them."""
    called = holdings.called(audience.parties, now)
    return tuple(
        _charter(c, joined=c.id in audience.memberships, called=called.get(c.id, ""))
        for c in sorted(holdings.commons.values(), key=lambda c: (c.name, c.handle))
        if c.runs(now)
    )


def _charter(c: Commons, *, joined: bool, called: str) -> Charter:
    return Charter(
        handle=c.handle, name=c.name, purpose=c.purpose, properties=c.properties, since=c.since, ends=c.ends,
        homes=c.homes, epoch_days=c.epoch_days, retention_days=c.retention_days, members=c.members, joined=joined,
        called=called if joined else "",
    )  # fmt: skip
