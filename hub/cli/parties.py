"""Who can own, on the command line.

Rule: a link is printed alone on its line, so that it can be piped.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.asking import Config, do, table

party = typer.Typer(no_args_is_help=True, help="Who can own: people, households, associations, institutions, beings.")


@party.command("add")
def party_add(
    called: Annotated[str, typer.Argument(metavar="NAME")],
    kind: Annotated[str, typer.Option(help="person, household, association, institution or being.")] = "person",
    household: Annotated[str | None, typer.Option(help="The household this person is an adult of.")] = None,
    dwelling: Annotated[str | None, typer.Option(help="Where a household lives: LAT,LON.")] = None,
    guardian: Annotated[list[str] | None, typer.Option(help="Who acts for a being; may be repeated.")] = None,
    config: Config = None,
) -> None:
    """Add somebody who can own things."""
    arguments = {"name": called, "kind": kind, "household": household, "dwelling": dwelling, "guardians": guardian}
    found = do(config, "party.add", arguments)
    typer.echo(f"{called} is party {found['party']}")


@party.command("list")
def party_list(config: Config = None) -> None:
    """Who can own, and how many things they have."""
    table(do(config, "party.list", {})["parties"], ("party", "kind", "name", "things"))


@party.command("link")
def party_link(
    called: Annotated[str, typer.Argument(metavar="NAME", help="A name or a number of `barrio party list`.")],
    hours: Annotated[float, typer.Option(help="For how long it works.")] = 24,
    config: Config = None,
) -> None:
    """Print the link to somebody's own page. Whoever has it sees what she sees: send it to nobody else."""
    found = do(config, "party.link", {"party": called, "hours": hours})
    typer.echo(found["link"])
    typer.echo(f"It works for {hours:g} hours. Whoever has it sees what {found['name']} sees.", err=True)
