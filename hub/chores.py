"""The hub's own chores, in one table: what is done by itself, and how often.

Rule: a chore is a row here; whatever it needs it gets as an argument, and it says in words what it did.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from hub import actions
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.store import Store
from hub.mirror import Mirror
from hub.registry import Registry
from hub.settings import Settings
from hub.stores.outbox.store import Outbox
from hub.upkeep import Chore
from hub.upkeep.compaction import compact
from hub.upkeep.looking import Whose, asked_here, everything, finish, finish_new, left
from hub.upkeep.retention import thin, tidy


def chores(
    settings: Settings, registry: Registry, store: Store, mirror: Mirror | None = None, *, alone: bool = True
) -> tuple[Chore, ...]:
    """What the hub does by itself; `alone`: no other worker has chores."""
    kept = settings.retention
    return (
        Chore("retention", 6 * HOUR, partial(thin, registry, store, kept)),
        Chore("compaction", DAY, partial(compact, store, settings.store.parquet_after_months)),
        Chore("registry", HOUR, partial(tidy, registry, kept)),
        *looking(settings, registry, store, everything if alone else left),
        Chore("commons", 10 * MINUTE, partial(_end_commons, registry)),
        Chore("consents", HOUR, partial(_look_after_consents, registry)),
        Chore("objections", DAY, partial(_forget_objections, registry)),
        *([Chore("other outboxes", MINUTE // 6, partial(_adopt, store))] if isinstance(store, Outbox) else []),
        *([] if mirror is None else [Chore("mirror", MINUTE, mirror.step)]),
    )


def looking(settings: Settings, registry: Registry, store: Store, whose: Whose = asked_here) -> tuple[Chore, ...]:
    """Looking for what was erased: each worker for what was asked for in it."""
    data = settings.hub.data
    return (
        Chore("erasures", 10 * MINUTE, partial(finish, registry, store, data, whose=whose)),
        Chore("new erasures", MINUTE // 6, partial(finish_new, registry, store, data, whose=whose)),
    )


def list_of_erased(settings: Settings) -> Path:
    """Where it is listed what was erased: outside of the data, so that a backup of the data is not one of the list."""
    data = settings.hub.data
    return settings.retention.erased or data.with_name(f"{data.name}.erased")


def _adopt(store: Outbox, _now: int) -> str:
    return store.adopt()


def _end_commons(registry: Registry, now: int) -> str:
    due = [c.id for c in registry.holdings().commons.values() if c.ends is not None and c.ends <= now]
    for commons in due:
        actions.end_commons(registry, commons, now=now)
    return f"{len(due)} ended" if due else ""


def _look_after_consents(registry: Registry, now: int) -> str:
    return actions.look_after_consents(registry, now=now)


def _forget_objections(registry: Registry, now: int) -> str:
    gone = actions.forget_objections(registry, now=now)
    return f"{gone} objections" if gone else ""
