"""Commands about how far something may be known.

Rule: a word that is no grade is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub import actions
from hub.control.desk import Desk
from hub.control.names import CommandError, day_of, moment_of, the_commons, the_datastream, the_party, the_thing
from hub.core.grade import Grade


def _grade_set(
    desk: Desk, thing: str, property: str, grade: str, by: str | None = None, commons: str | None = None,  # noqa: A002
    until: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    if grade not in {g.word for g in Grade}:
        raise CommandError(f"no grade is called {grade!r}; there are {', '.join(g.word for g in Grade)}")
    stream = the_datastream(desk.registry, the_thing(desk.registry, thing), property)
    made = actions.set_grade(
        desk.registry, stream.id, Grade.read(grade), by=None if by is None else the_party(desk.registry, by).id,
        commons=None if commons is None else the_commons(desk.registry, commons).id,
        until=None if until is None else moment_of(desk.settings.hub.zone, until), now=desk.now(),
    )  # fmt: skip
    told = f"{stream.named} is {made.grade.word}: {made.grade.sentence}"
    if made.coming is not None:
        told += f" It will be {made.coming.word} a day from now, when everybody at home has had time to say no."
    if made.falls is not None and made.falls_at is not None:
        told += f" On {day_of(desk.settings.hub.zone, made.falls_at)} it falls to {made.falls.word} by itself."
    return {"told": told, "grade": made.grade.word}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "grade.set": _grade_set,
}
