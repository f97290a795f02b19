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
from hub.upkeep import Chore
from hub.upkeep.compaction import compact
from hub.upkeep.looking import finish, finish_new
from hub.upkeep.retention import thin, tidy


def chores(
    settings: Settings, registry: Registry, store: Store, mirror: Mirror | None = None
) -> tuple[Chore, ...]:  # fmt: skip
    """What the hub does by itself."""
    kept = settings.retention
    return (
        Chore("retention", 6 * HOUR, partial(thin, registry, store, kept)),
        Chore("compaction", DAY, partial(compact, store, settings.store.parquet_after_months)),
        Chore("registry", HOUR, partial(tidy, registry, kept)),
        Chore("erasures", 10 * MINUTE, partial(finish, registry, store, settings.hub.data)),
        Chore("new erasures", MINUTE // 6, partial(finish_new, registry, store, settings.hub.data)),
        Chore("commons", 10 * MINUTE, partial(_end_commons, registry)),
        Chore("consents", HOUR, partial(_look_after_consents, registry)),
        Chore("objections", DAY, partial(_forget_objections, registry)),
        *([] if mirror is None else [Chore("mirror", MINUTE, mirror.step)]),
    )


def list_of_erased(settings: Settings) -> Path:
    """Where it is listed what was erased: outside of the data, so that a backup of the data is not one of the list."""
    data = settings.hub.data
    return settings.retention.erased or data.with_name(f"{data.name}.erased")


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
