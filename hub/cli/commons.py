"""Shared projects, on the command line.

Rule: what joining, leaving and a name mean is said when it is done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.asking import Config, do, table
from hub.control.names import CommandError

commons = typer.Typer(no_args_is_help=True, help="Shared projects.")
_Commons = Annotated[str, typer.Argument(metavar="COMMONS", help="A name or a number of `barrio commons list`.")]
_Party = Annotated[str, typer.Argument(metavar="PARTY", help="A name or a number of `barrio party list`.")]
_Lines = Annotated[
    Path | None, typer.Option(help="Names whose secret she keeps herself: what `barrio fragment` wrote.")
]
_By = Annotated[str | None, typer.Option(help="Who acts (the operator, if not said).")]


@commons.command("add")
def commons_add(
    called: Annotated[str, typer.Argument(metavar="NAME")],
    purpose: Annotated[str, typer.Option(help="What it is for, in words for neighbours.")],
    observed: Annotated[list[str], typer.Option("--property", help="What it asks for; may be repeated.")],
    ends: Annotated[str | None, typer.Option(help="When it ends: 2027-05-01. Consents end with it.")] = None,
    homes: Annotated[int | None, typer.Option(help="Averages of its data stand for so many homes at least.")] = None,
    epoch_days: Annotated[int | None, typer.Option(help="So long a member's name lasts (90).")] = None,
    retention_days: Annotated[int | None, typer.Option(help="So far back its members see.")] = None,
    config: Config = None,
) -> None:
    """Found a commons: a shared project with a stated purpose.

    barrio commons add "Clean yards" --purpose "to know what we breathe" --property pm25 --ends 2027-05-01
    """
    arguments = {
        "name": called, "purpose": purpose, "properties": observed, "ends": ends, "homes": homes,
        "epoch_days": epoch_days, "retention_days": retention_days,
    }  # fmt: skip
    found = do(config, "commons.add", arguments)
    typer.echo(f"{called} is commons {found['commons']}, with the handle {found['handle']}")


@commons.command("list")
def commons_list(config: Config = None) -> None:
    """The commons there are, and until when."""
    table(do(config, "commons.list", {})["commons"], ("commons", "name", "asks for", "ends", "members"))


@commons.command("show")
def commons_show(called: _Commons, config: Config = None) -> None:
    """The charter of a commons."""
    for key, value in do(config, "commons.show", {"commons": called}).items():
        typer.echo(f"{key:22} {value}")


@commons.command("join")
def commons_join(
    called: _Commons, who: _Party, fragments: _Lines = None, by: _By = None, config: Config = None
) -> None:
    """Let somebody join a commons, under a name that exists only there and changes with every epoch.

    Without --fragments the hub keeps the secret behind the name, and could tell whose it is. Nothing is shown by
    joining alone: `barrio grade set … commons --commons …` does that.
    """
    arguments = {"commons": called, "party": who, "fragments": _lines(fragments), "by": by}
    typer.echo(do(config, "commons.join", arguments)["told"])


@commons.command("bring")
def commons_bring(called: _Commons, who: _Party, fragments: Path, by: _By = None, config: Config = None) -> None:
    """Bring the keys of coming epochs, as `barrio fragment` wrote them. Without one nothing is shown in its epoch."""
    arguments = {"commons": called, "party": who, "fragments": _lines(fragments), "by": by}
    typer.echo(do(config, "commons.bring", arguments)["told"])


@commons.command("leave")
def commons_leave(called: _Commons, who: _Party, by: _By = None, config: Config = None) -> None:
    """Leave a commons; what it saw is closed to it at once, the past too."""
    typer.echo(do(config, "commons.leave", {"commons": called, "party": who, "by": by})["told"])


@commons.command("end")
def commons_end(called: _Commons, config: Config = None) -> None:
    """End a commons for everybody."""
    typer.echo(do(config, "commons.end", {"commons": called})["told"])


@commons.command("show-name")
def commons_show_name(
    called: _Commons,
    who: _Party,
    name: Annotated[str | None, typer.Option(help="The name to show (hers, if not said).")] = None,
    by: _By = None,
    config: Config = None,
) -> None:
    """Show a name of one's own to a commons, from now on and to nobody else. In a household of several a day later."""
    arguments = {"commons": called, "party": who, "name": name, "by": by}
    typer.echo(do(config, "commons.show_name", arguments)["told"])


@commons.command("hide-name")
def commons_hide_name(called: _Commons, who: _Party, by: _By = None, config: Config = None) -> None:
    """Take the name back: another name from now on, and what was shown before is closed to the commons."""
    typer.echo(do(config, "commons.hide_name", {"commons": called, "party": who, "by": by})["told"])


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read as the lines of `barrio fragment`") from error
    if not lines:
        raise CommandError(f"{file} is empty: `barrio fragment` writes what belongs there")
    return lines
