"""Who can own, on the command line.

Rule: a link is printed alone on its line, so that it can be piped.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli import guardians
from hub.cli.asking import Config, do, table

party = typer.Typer(no_args_is_help=True, help="Who can own: people, households, associations, institutions, beings.")


party.add_typer(guardians.guardian, name="guardian")


@party.command("add")
def party_add(
    called: Annotated[str, typer.Argument(metavar="NAME")],
    kind: Annotated[str, typer.Option(help="person, household, association, institution or being.")] = "person",
    household: Annotated[str | None, typer.Option(help="The household this person is an adult of.")] = None,
    dwelling: Annotated[str | None, typer.Option(help="Where a household lives: LAT,LON.")] = None,
    guardian: Annotated[list[str] | None, typer.Option(help="Who acts for a being; may be repeated.")] = None,
    rule: Annotated[str, typer.Option(help="How its guardians decide: any, majority or all.")] = "any",
    staff: Annotated[bool, typer.Option("--staff", help="Acts for the city; its links then need a purpose.")] = False,
    config: Config = None,
) -> None:
    """Add somebody who can own things."""
    arguments = {
        "name": called,
        "kind": kind,
        "household": household,
        "dwelling": dwelling,
        "guardians": guardian,
        "rule": rule,
        "staff": staff,
    }
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
    purpose: Annotated[
        str | None,
        typer.Option(help="What somebody of the city looks for: residents read it. Without one they see as everyone."),
    ] = None,
    config: Config = None,
) -> None:
    """Print the link to somebody's own page. Whoever has it sees what she sees: send it to nobody else.

    Somebody of the city sees as such only with a purpose:

      barrio party link "City air office" --purpose "to plan the trees of 2027"
    """
    found = do(config, "party.link", {"party": called, "hours": hours, "purpose": purpose})
    typer.echo(found["link"])
    typer.echo(f"It works for {hours:g} hours. Whoever has it sees what {found['name']} sees.", err=True)
    if found["staff"] and purpose is None:
        typer.echo("No --purpose was given: it shows what everyone sees.", err=True)
