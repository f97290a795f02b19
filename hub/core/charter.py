"""Charters of commons: what anybody may read of a shared project, and what only its member may.

Rule: who belongs to it, and exactly how many, is in no charter; a name is told to the one who bears it alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from hub.core.audience import Audience
from hub.core.holdings import Commons, Holdings


class Charter(Struct, frozen=True, kw_only=True):
    """One commons that runs.

    `properties` it asks for (none: any); `since`, `ends` µs; `homes`: so many at least an average of its data stands
    for (0: as many as any); a name lasts `epoch_days`; members see `retention_days` back (None: as long as owners keep
    it); `members`: how many, in words. `joined`: whoever asks is a member, `called` so there; `named`: the name of his
    own that he shows there, from `named_from` (µs) on (empty: none).
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
    named: str = ""
    named_from: int = 0


def charters(
    holdings: Holdings, audience: Audience, now: int, names: Mapping[int, tuple[str, int]] = MappingProxyType({})
) -> tuple[Charter, ...]:
    """All that run at `now` (µs), by name, as this audience may know them.

    `names`: the own name that whoever asks shows in a commons, and since when (µs).
    """
    called = holdings.called(audience.parties, now)
    found = []
    for c in sorted(holdings.commons.values(), key=lambda c: (c.name, c.handle)):
        if c.runs(now):
            own = c.id in audience.memberships
            name, since = names.get(c.id, ("", 0)) if own else ("", 0)
            found.append(_charter(c, joined=own, called=called.get(c.id, ""), named=name, named_from=since))
    return tuple(found)


def _charter(c: Commons, *, joined: bool, called: str, named: str, named_from: int) -> Charter:
    return Charter(
        handle=c.handle, name=c.name, purpose=c.purpose, properties=c.properties, since=c.since, ends=c.ends,
        homes=c.homes, epoch_days=c.epoch_days, retention_days=c.retention_days, members=c.members, joined=joined,
        called=called if joined else "", named=named, named_from=named_from,
    )  # fmt: skip
