"""What people who are measured have said to whoever measures, on the command line.

Rule: words of strangers are printed as they were kept, without control characters.
"""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from hub.cli.asking import Config, config_file, do, when
from hub.settings import read

objection = typer.Typer(
    no_args_is_help=True,
    help="What people who are measured, and own nothing, have written to whoever measures (from the pages at /cards).",
)
_Party = Annotated[str, typer.Argument(metavar="PARTY", help="A name or a number of `barrio party list`.")]


@objection.command("list")
def objection_list(called: _Party, config: Config = None) -> None:
    """What reached somebody, and what she answered. Nobody knows who wrote: answer here or on her own page."""
    settings = read(config_file(config))
    found = do(config, "objection.list", {"party": called})
    if not found["objections"]:
        typer.echo(f"Nothing has been written to {found['name']}.")
    for o in found["objections"]:
        typer.echo(f"{o['objection']}  {when(settings, o['day'])[:10]}  about {o['card']}")
        typer.echo(textwrap.indent(o["words"], "    "))
        typer.echo(textwrap.indent(o["answer"] or "(no answer yet)", "  > "))


@objection.command("answer")
def objection_answer(
    called: _Party,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of `barrio objection list`.")],
    words: Annotated[str, typer.Argument(help="The answer, up to 1000 characters. It replaces an earlier one.")],
    config: Config = None,
) -> None:
    """Answer as somebody whom it reached. Whoever wrote is not told who answers."""
    typer.echo(do(config, "objection.answer", {"party": called, "objection": number, "words": words})["told"])
