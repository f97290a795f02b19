"""The operator's page: how the hub is, at a glance.

Rule: the words of `barrio status` and nothing more: no name of anybody, no value, no place. What needs somebody stands
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.control.desk import Desk
from hub.control.whole import status
from hub.stores.outbox.store import Outbox

_CHORE = "upkeep: "
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "What comes in",
        ("workers", "connections", "messages stored", "readings stored", "messages refused", "in quarantine"),
    ),
    ("Where it goes", ("store", "storing", "outbox")),
    ("What goes out", ("releases", "releasing", "mirror")),
    ("What is kept", ("kept", "raw until", "kept from", "last backup")),
)
"""Title → the lines of the status that stand under it; whatever is in no group stands under the last, "The hub"."""
_LOADER = FileSystemLoader(Path(__file__).parent)


class Group(NamedTuple):
    """Some lines under a title."""

    title: str
    lines: tuple[tuple[str, str], ...]


class Full(NamedTuple):
    """How full the outbox is: bytes that wait, of how many that may."""

    waiting: int
    most: int


def page(desk: Desk) -> str:
    """The page as HTML, as of now."""
    made = Environment(loader=_LOADER, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    told = status(desk)
    full = None
    if isinstance(desk.store, Outbox):
        waits = desk.store.waits
        full = Full(waits.bytes, waits.most)
    when = datetime.fromtimestamp(desk.now() / 1e6, ZoneInfo(desk.settings.hub.zone))
    return made.get_template("operator.html").render(
        place=desk.settings.hub.name, at=f"{when:%a %d %b, %H:%M:%S}", troubles=list(troubles(desk)),
        groups=list(_groups(told)), full=full,
        chores=[(name.removeprefix(_CHORE), str(value)) for name, value in told.items() if name.startswith(_CHORE)],
    )  # fmt: skip


def troubles(desk: Desk) -> Iterator[str]:
    """What somebody has to see to, in sentences; nothing when all is well."""
    if desk.counts is not None and desk.counts.waiting:
        yield "Readings cannot be stored now: things are not answered, and send again."
    if isinstance(desk.store, Outbox) and desk.store.waits.trouble:
        yield f"Readings wait on this disk: {desk.store.waits.trouble}."
    if desk.releaser is not None and desk.releaser.trouble:
        yield f"Nothing is published: {desk.releaser.trouble}."
    if desk.upkeep is not None:
        for name, last in sorted(desk.upkeep.done.items()):
            if last.trouble:
                yield f"A chore waits ({name}): {last.trouble}."


def _groups(told: dict[str, Any]) -> Iterator[Group]:
    left = {name: str(value) for name, value in told.items() if not name.startswith(_CHORE)}
    for title, names in GROUPS:
        lines = tuple((name, left.pop(name)) for name in names if name in left)
        if lines:
            yield Group(title, lines)
    yield Group("The hub", tuple(left.items()))
