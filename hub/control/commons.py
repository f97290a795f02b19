"""Commands about shared projects.

Rule: joining alone shows nothing, and what a name is kept by is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, day_of, moment_of, the_commons, the_party
from hub.core.fragments import Brought, epoch_at, read
from hub.core.holdings import Commons, fragment_at


def _commons_add(
    desk: Desk, name: str, purpose: str, properties: Collection[str], ends: str | None = None,
    homes: int | None = None, epoch_days: int | None = None, retention_days: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    made = actions.add_commons(
        desk.registry, name, purpose, tuple(properties), homes=homes, epoch_days=epoch_days,
        ends=None if ends is None else moment_of(desk.settings.hub.zone, ends), retention_days=retention_days,
        now=desk.now(),
    )  # fmt: skip
    return {"commons": made.commons, "handle": made.handle}


def _commons_list(desk: Desk) -> dict[str, Any]:
    every = sorted(desk.registry.holdings().commons.values(), key=lambda c: (c.name, c.id))
    return {"commons": [_charter(desk, c) for c in every]}


def _commons_show(desk: Desk, commons: str) -> dict[str, Any]:
    return _charter(desk, the_commons(desk.registry, commons))


def _commons_join(
    desk: Desk, commons: str, party: str, fragments: Collection[str] = (), by: str | None = None
) -> dict[str, Any]:
    project, who = the_commons(desk.registry, commons), the_party(desk.registry, party)
    brought = _brought(fragments)
    joined = actions.join(
        desk.registry, project.id, who.id, brought=brought, by=_by(desk, by), now=desk.now()
    )  # fmt: skip
    told = f"{who.name} is {_called(joined.pseudonym)} in {project.name}; nothing is shown there by that alone. "
    kept = "The secret of the name is hers alone." if brought else (
        "The hub keeps the secret of the name: it could tell whose it is (`barrio fragment` makes one of her own)."
    )  # fmt: skip
    return {"told": told + kept}


def _commons_bring(
    desk: Desk, commons: str, party: str, fragments: Collection[str], by: str | None = None
) -> dict[str, Any]:
    project, who = the_commons(desk.registry, commons), the_party(desk.registry, party)
    called = actions.bring_fragments(
        desk.registry, project.id, who.id, _brought(fragments), by=_by(desk, by), now=desk.now()
    )  # fmt: skip
    return {"told": f"{len(fragments)} keys are kept; {who.name} is {_called(called)} in {project.name}"}


def _commons_leave(desk: Desk, commons: str, party: str, by: str | None = None) -> dict[str, Any]:
    project, who = the_commons(desk.registry, commons), the_party(desk.registry, party)
    actions.leave(desk.registry, project.id, who.id, by=_by(desk, by), now=desk.now())
    return {"told": f"{who.name} has left {project.name}: what it saw is counted at most from now on, the past too"}


def _commons_end(desk: Desk, commons: str) -> dict[str, Any]:
    project = the_commons(desk.registry, commons)
    actions.end_commons(desk.registry, project.id, now=desk.now())
    return {"told": f"{project.name} has ended: what it saw is counted at most from now on"}


def _show_name(desk: Desk, commons: str, party: str, name: str | None = None, by: str | None = None) -> dict[str, Any]:
    project, who = the_commons(desk.registry, commons), the_party(desk.registry, party)
    shown = name or who.name
    begins = actions.show_name(desk.registry, project.id, who.id, shown, by=_by(desk, by), now=desk.now())
    when = day_of(desk.settings.hub.zone, begins)
    told = f"{project.name} sees “{shown}” on what is measured from {when} on; others see nothing of it"
    member = desk.registry.people().member(who.id)
    if fragment_at(desk.registry.holdings().fragments.get((project.id, member), ()), begins) is None:
        told += ". Nothing is shown from then on until keys of the next turn are brought (`barrio fragment --turn`)"
    return {"told": told}


def _hide_name(desk: Desk, commons: str, party: str, by: str | None = None) -> dict[str, Any]:
    project, who = the_commons(desk.registry, commons), the_party(desk.registry, party)
    called = actions.hide_name(desk.registry, project.id, who.id, by=_by(desk, by), now=desk.now())
    return {"told": f"{who.name} is {_called(called)} in {project.name} now, and what was shown before is counted"}


def _charter(desk: Desk, c: Commons) -> dict[str, Any]:
    zone = desk.settings.hub.zone
    return {
        "commons": c.id, "handle": c.handle, "name": c.name, "purpose": c.purpose,
        "asks for": ", ".join(c.properties) or "anything", "members": c.members, "since": day_of(zone, c.since),
        "ends": "not planned" if c.ends is None else day_of(zone, c.ends),
        "homes in an average": c.homes or "as many as any", "a name lasts": f"{c.epoch_days} days",
        "members see back": "as long as owners keep it" if c.retention_days is None else f"{c.retention_days} days",
        "epoch": epoch_at(c.since, c.epoch_days, desk.now()),
    }  # fmt: skip


def _brought(lines: Collection[str]) -> tuple[Brought, ...]:
    try:
        return tuple(read(line) for line in lines)
    except ValueError as error:
        raise CommandError(f"{error}: give the file that `barrio fragment` wrote") from error


def _called(name: str | None) -> str:
    return "without a name until a key of the present epoch is brought" if name is None else f"“{name}”"


def _by(desk: Desk, by: str | None) -> int | None:
    return None if by is None else the_party(desk.registry, by).id


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "commons.add": _commons_add,
    "commons.list": _commons_list,
    "commons.show": _commons_show,
    "commons.join": _commons_join,
    "commons.bring": _commons_bring,
    "commons.leave": _commons_leave,
    "commons.end": _commons_end,
    "commons.show_name": _show_name,
    "commons.hide_name": _hide_name,
}
