"""The operator's commands: plain words in, plain values out, one table.

Rule: whatever cannot be done is one `CommandError` that says what to do; nothing here gives out a measured value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.actions import ActionRefused
from hub.control import (
    backup,
    commons,
    grades,
    guardians,
    household,
    joining,
    looks,
    mine,
    objections,
    parties,
    record,
    sources,
    things,
    whole,
)
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.core.store import StoreUnavailable
from hub.registry import RegistryUnavailable

COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    **parties.COMMANDS,
    **things.COMMANDS,
    **joining.COMMANDS,
    **record.COMMANDS,
    **sources.COMMANDS,
    **grades.COMMANDS,
    **commons.COMMANDS,
    **guardians.COMMANDS,
    **looks.COMMANDS,
    **mine.COMMANDS,
    **household.COMMANDS,
    **objections.COMMANDS,
    **backup.COMMANDS,
    **whole.COMMANDS,
}


def perform(desk: Desk, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Do one command of `COMMANDS`.

    Raises:
        CommandError: it is not known, its words are wrong, or it was refused.
    """
    act = COMMANDS.get(command)
    if act is None:
        raise CommandError(f"no command is called {command!r}; is this barrio as old as the hub that runs?")
    try:
        return act(desk, **arguments)
    except (ActionRefused, RegistryUnavailable, StoreUnavailable) as error:
        raise CommandError(str(error)) from error
    except TypeError as error:
        raise CommandError(f"{command}: the hub that runs does not know these words: {error}") from error
