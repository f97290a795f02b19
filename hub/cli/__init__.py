"""The command line: `barrio --help` teaches what a newcomer needs.

Rule: with the hub running a command speaks to it over its local socket, otherwise it opens the files; it says which.
Errors are one line that says what to do, and exit 1.
"""

from __future__ import annotations

import sys

import typer

from hub.cli import (
    backup,
    certificates,
    commons,
    grades,
    household,
    looks,
    migrate,
    mine,
    objections,
    owner,
    parties,
    running,
    sources,
    store,
    things,
)
from hub.control.names import CommandError
from hub.core.store import StoreUnavailable
from hub.settings import SettingsError

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Barrio: a neighbourhood sensor hub in which every reading stays its owner's.\n\n"
    "Start with `barrio demo` to look around, or with your own:\n\n"
    "  barrio run --config config/barrio.toml         the hub, in the foreground\n\n"
    "  barrio party add 'Ana'                         who owns\n\n"
    "  barrio thing add 'Balcony' --owner Ana         what she owns: prints user name, password and a line to try\n\n"
    "  barrio grade set balcony pm25 street           how far it may be known (default: home)\n\n"
    "  barrio party link Ana                          her own page, by a link that expires\n\n"
    "  barrio pause balcony --hours 8                 what it measures stays at home\n\n"
    "  barrio erase Ana --thing balcony               gone, and looked for in every file\n\n"
    "  barrio export Ana --to ana.zip                 everything that is hers\n\n"
    "  barrio backup /mnt/disk/today                  everything, while the hub runs",
)  # fmt: skip
cli.add_typer(running.hub)
cli.add_typer(certificates.certificate)
cli.add_typer(household.opening)
cli.add_typer(mine.mine)
cli.add_typer(owner.owner)
cli.add_typer(looks.looks)
cli.add_typer(backup.backup)
cli.add_typer(migrate.migrate)
for name, group in (
    ("party", parties.party),
    ("thing", things.thing),
    ("grade", grades.grade),
    ("commons", commons.commons),
    ("household", household.household),
    ("objection", objections.objection),
    ("source", sources.source),
    ("store", store.store),
    ("log", looks.log),
):
    cli.add_typer(group, name=name)


def main() -> None:
    """Run the command line; what goes wrong is one line and exit 1."""
    try:
        cli()
    except (SettingsError, CommandError, StoreUnavailable) as error:
        typer.echo(f"barrio: {error}", err=True)
        sys.exit(1)
