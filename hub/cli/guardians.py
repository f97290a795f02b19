"""Who acts for a being or an association, on the command line.

Rule: what a change of guardians means is said when it is done.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.asking import Config, do
from hub.cli.leaving import tell_what_next

guardian = typer.Typer(no_args_is_help=True, help="Who acts for a being or an association.")
_Ward = Annotated[str, typer.Argument(metavar="BEING", help="A name or a number of `barrio party list`.")]
_Who = Annotated[str, typer.Argument(metavar="PARTY", help="Who acts for it.")]


@guardian.command("add")
def guardian_add(ward: _Ward, who: _Who, config: Config = None) -> None:
    """Let somebody act for a being or an association."""
    typer.echo(do(config, "guardian.add", {"ward": ward, "guardian": who})["told"])


@guardian.command("remove")
def guardian_remove(ward: _Ward, who: _Who, config: Config = None) -> None:
    """Somebody no longer acts for it: what he could know ends, what may be known stays as it is.

    The passwords of its things change (they are printed, once), links to its page end, so does its sealing key.
    """
    found = do(config, "guardian.remove", {"ward": ward, "guardian": who})
    typer.echo(found["told"])
    tell_what_next(found)


@guardian.command("rule")
def guardian_rule(
    ward: _Ward,
    rule: Annotated[str, typer.Argument(help="any (each alone), majority (more than half), all.")],
    config: Config = None,
) -> None:
    """How its guardians decide how far something may be known.

    With `majority` and `all` each has a wish of his own (`barrio grade set … --by GUARDIAN`), and a raise waits a day.
    """
    typer.echo(do(config, "guardian.rule", {"ward": ward, "rule": rule})["told"])
