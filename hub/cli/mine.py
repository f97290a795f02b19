"""A change of mind, on the command line: erase, pause, export.

Rule: a receipt says what is known, and no more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.asking import Config, config_file, do, when
from hub.settings import Settings, read
from hub.stores import SERVED

mine = typer.Typer()
_Party = Annotated[str, typer.Argument(metavar="PARTY", help="A name or a number of `barrio party list`.")]
_Thing = Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")]
_Property = Annotated[str | None, typer.Argument(metavar="[PROPERTY]", help="One value only, such as pm25.")]


@mine.command()
def erase(
    called: _Party,
    thing: Annotated[str | None, typer.Option(help="Only what this thing measured.")] = None,
    observed: Annotated[str | None, typer.Option("--property", help="Only this value of the thing.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on: 2026-05-01 or 2026-05-01T18:30.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this time, not including it.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All of it, the diary and who looked too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    config: Config = None,
) -> None:
    """Erase what somebody's things measured. There is no way back.

    It is hidden from every view at once. Then the files are written anew, and the hub looks through all of them: only
    when it finds nothing any more does the receipt say that it is gone. Averages that were published stay.
    """
    if not yes:
        typer.confirm("There is no way back. Erase it?", abort=True)
    arguments = {
        "party": called, "thing": thing, "property": observed, "since": since, "until": until, "everything": everything,
    }  # fmt: skip
    typer.echo(_receipt(read(config_file(config)), do(config, "mine.erase", arguments)))


@mine.command()
def erased(called: _Party, config: Config = None) -> None:
    """What somebody had erased, and whether it is gone from every file."""
    settings = read(config_file(config))
    for receipt in do(config, "mine.erased", {"party": called})["receipts"]:
        typer.echo(_receipt(settings, receipt) + "\n")


@mine.command()
def pause(
    called: _Thing,
    observed: _Property = None,
    hours: Annotated[float, typer.Option(help="For how long.")] = 8,
    config: Config = None,
) -> None:
    """Keep at home what a thing measures in the next hours, for ever: nobody else will ever see those readings."""
    typer.echo(do(config, "mine.pause", {"thing": called, "property": observed, "hours": hours})["told"])


@mine.command()
def unpause(called: _Thing, observed: _Property = None, config: Config = None) -> None:
    """End a pause. What was measured in it stays at home; among several adults it ends a day later."""
    typer.echo(do(config, "mine.unpause", {"thing": called, "property": observed})["told"])


@mine.command()
def export(
    called: _Party,
    to: Annotated[Path, typer.Option(help="The file to make; it must not be there yet.")],
    age: Annotated[str | None, typer.Option(help="Her public key (age1…): then only she can open it.")] = None,
    config: Config = None,
) -> None:
    """Everything that is somebody's, in one zip file: readings (CSV, Parquet, SenML), grades, diary, who looked.

    She finds in her log that you took it. With --age it is of use to her alone: `age -d -i key.txt FILE > mine.zip`.
    """
    typer.echo(do(config, "mine.export", {"party": called, "to": str(to.absolute()), "age": age})["told"])


def _receipt(settings: Settings, r: dict[str, Any]) -> str:
    gone = f"yes, {when(settings, r['gone'])}" if r["gone"] is not None else "not known yet"
    files = "gone from the hub's files" if settings.store.engine in SERVED else "gone from every file"
    return "\n".join([
        f"receipt {r['receipt']}: {r['what']}, {r['rows']:,} readings",
        f"  hidden from every view   yes, {when(settings, r['hidden'])}",
        f"  {files:<24} {gone}",
        f"    {r['told']}",
    ])  # fmt: skip
