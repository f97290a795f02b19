"""How far something may be known, on the command line.

Rule: the answer is the grade's own sentence.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.asking import Config, do

grade = typer.Typer(no_args_is_help=True, help="How far a datastream may be known.")


@grade.command("set")
def grade_set(
    called: Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")],
    observed: Annotated[str, typer.Argument(metavar="PROPERTY", help="What it measures, such as pm25.")],
    word: Annotated[str, typer.Argument(metavar="GRADE", help="sealed, home, counted, commons, street or open.")],
    by: Annotated[str | None, typer.Option(help="Whose wish it is (the owner's, if not said).")] = None,
    project: Annotated[str | None, typer.Option("--commons", help="The one commons it joins.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Till then, and home after: 2027-05-01 or 2027-05-01T18:30.")
    ] = None,
    config: Config = None,
) -> None:
    """Say how far one value may be known. Lowering reaches the whole past at once; raising counts from now on.

    What is agreed for a time ends by itself; a week before it is said in the diary:

      barrio grade set balcony pm25 commons --commons "Clean yards" --until 2027-05-01
    """
    arguments = {"thing": called, "property": observed, "grade": word, "by": by, "commons": project, "until": until}
    typer.echo(do(config, "grade.set", arguments)["told"])
