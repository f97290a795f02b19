"""Shared projects, on the command line.

Rule: what joining means is said when it is done.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.asking import Config, do

commons = typer.Typer(no_args_is_help=True, help="Shared projects.")


@commons.command("add")
def commons_add(
    called: Annotated[str, typer.Argument(metavar="NAME")],
    purpose: Annotated[str, typer.Option(help="What it is for, in words for neighbours.")],
    observed: Annotated[list[str], typer.Option("--property", help="What it asks for; may be repeated.")],
    config: Config = None,
) -> None:
    """Found a commons: a shared project with a stated purpose."""
    found = do(config, "commons.add", {"name": called, "purpose": purpose, "properties": observed})
    typer.echo(f"{called} is commons {found['commons']}")


@commons.command("join")
def commons_join(
    called: Annotated[str, typer.Argument(metavar="COMMONS")],
    who: Annotated[str, typer.Argument(metavar="PARTY")],
    config: Config = None,
) -> None:
    """Let somebody join a commons, under a name that exists only there."""
    typer.echo(do(config, "commons.join", {"commons": called, "party": who})["told"])
