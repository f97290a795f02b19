"""Commands about backups of a hub that runs.

Rule: a backup is begun by one command and asked after by another, so that no answer is waited for longer than a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from hub.backup import Manifest, Told, make
from hub.control.desk import Desk
from hub.control.names import CommandError, day_of
from hub.registry import journal

_MADE = "made a backup of everything"
"""How the diary tells of one."""


def back_up(desk: Desk, to: Path, told: Told) -> str:
    """Make a backup and write down that there is one; in words, what is in it.

    Raises:
        BackupError: it cannot be made there.
    """
    now = desk.now()
    made = make(desk.registry, desk.store, desk.settings.store.engine, desk.settings.hub.data, to, now, told)
    rows = "without the readings" if made.rows is None else f"with {made.rows:,} readings"
    with desk.registry.transaction() as tx:
        journal.write(tx.connection, now, None, None, f"{_MADE}, {rows}")
    return words(made, to)


def backed_up(desk: Desk) -> dict[str, str]:
    """For the status: when the last backup was made, and how far one is that is being made."""
    last, progress = desk.registry.last_done(_MADE), desk.work.progress
    told = {"last backup": "never" if last is None else day_of(desk.settings.hub.zone, last)}
    if not progress.ended:
        told["backup being made"] = f"{progress.what}, {100 * progress.done // max(1, progress.of)} %"
    elif progress.trouble:
        told["backup not made"] = progress.trouble
    return told


def words(made: Manifest, where: Path) -> str:
    """What a backup holds, in words."""
    size = sum(f.bytes for f in made.files) / 1e6
    held = f"{made.parties:,} parties, {made.things:,} things, {made.datastreams:,} datastreams"
    if made.rows is None:
        return (
            f"{where}: {held}, {size:,.1f} MB, checked. The readings are NOT in it: the engine {made.engine} keeps "
            "them on a server of its own, which has backups of its own"
        )
    return f"{where}: {made.rows:,} readings, {held}, {size:,.1f} MB, read again and found as they are"


def _begin(desk: Desk, to: str) -> dict[str, Any]:
    folder = Path(to)
    if not folder.is_absolute():
        raise CommandError("say where the backup shall be, with its whole path")
    if not desk.work.begin(lambda told: back_up(desk, folder, told)):
        raise CommandError("a backup is being made: wait until it is done (`barrio status`)")
    return {}


def _progress(desk: Desk) -> dict[str, Any]:
    progress: dict[str, Any] = msgspec.to_builtins(desk.work.progress)
    return progress


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "backup.begin": _begin,
    "backup.progress": _progress,
}
