"""Commands about shared projects.

Rule: joining alone shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import the_commons, the_party


def _commons_add(desk: Desk, name: str, purpose: str, properties: Collection[str]) -> dict[str, Any]:
    return {"commons": actions.add_commons(desk.registry, name, purpose, tuple(properties), now=desk.now()).commons}


def _commons_join(desk: Desk, commons: str, party: str) -> dict[str, Any]:
    project, who = the_commons(desk.registry, commons), the_party(desk.registry, party)
    joined = actions.join(desk.registry, project.id, who.id, now=desk.now())
    return {"told": f"{who.name} is “{joined.pseudonym}” in {project.name}; nothing is shown there by that alone"}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "commons.add": _commons_add,
    "commons.join": _commons_join,
}
