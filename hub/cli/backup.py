"""Backups on the command line: made while the hub runs, checked, put back.

Rule: what is not in a backup, and what a restore brings back that somebody took back since, is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from hub import actions, app
from hub import backup as backups
from hub.backup import BackupError, Manifest
from hub.chores import list_of_erased
from hub.cli.asking import Config, asked, config_file, when
from hub.cli.moving import Line, bring_registry
from hub.configured import open_store, registry_url
from hub.control.backup import back_up, words
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.control.wire import CONTROL, ask
from hub.core.store import Store
from hub.registry.moving import check_empty
from hub.settings import Settings, read
from hub.upkeep.looking import finish

backup = typer.Typer()
T = TypeVar("T")
_LOOKS = 0.3
_Backup = Annotated[Path, typer.Argument(metavar="FROM", help="The folder that `barrio backup` made.")]


@backup.command("backup")
def make(
    to: Annotated[Path, typer.Argument(metavar="TO", help="A new folder for it, best on another disk.")],
    config: Config = None,
) -> None:
    """Copy everything the hub holds into a new folder, while it runs; read again and checked when it says so.

    In it: the registry (people, things, grades, consents, logs), both keys, the list of what was erased, and all
    readings as Parquet files. WHOEVER HAS IT HAS EVERYTHING: keep it like the hub itself, and let old ones go, as they
    still hold what was erased since. Not in it: barrio.toml and the files that it names.

      barrio backup /mnt/disk/barrio-2027-05-01

      barrio check-backup /mnt/disk/barrio-2027-05-01
    """
    settings = read(config_file(config))
    folder = to.absolute()
    if asked(settings, "backup.begin", {"to": str(folder)}) is not None:
        typer.echo("(asked the running hub)", err=True)
        typer.echo(_awaited(settings))
        return
    typer.echo(f"(no hub is running: opened {settings.hub.data})", err=True)
    with app.opened(settings) as parts:
        desk = Desk(parts.registry, parts.store, parts.gate, parts.settings, parts.now)
        typer.echo(_said(lambda: back_up(desk, folder, Line())))


@backup.command("check-backup")
def check(folder: _Backup, config: Config = None) -> None:
    """Look whether a backup is whole: every file as it was written. Asks no hub, changes nothing."""
    found = _said(lambda: backups.check(folder.absolute(), Line()))
    typer.echo(f"made {when(read(config_file(config)), found.made)}; {words(found, folder)}")


@backup.command()
def restore(
    folder: _Backup,
    erased: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A list of what was erased that was kept elsewhere.")
    ] = None,
    without_list: Annotated[
        bool, typer.Option("--without-list", help="The list is lost: what was erased since comes back.")
    ] = False,
    config: Config = None,
) -> None:
    """Put a backup back, into the empty data folder that barrio.toml names. No hub may be running on it.

    What was erased after the backup was made is erased again at once: by the list beside the data (retention.erased),
    or on a new machine by the one given with --erased. Grades, commons, members, passwords are as they were when the
    backup was made: tell people, so that whoever has lowered a grade or left since can do it again. Links to their own
    pages end. Where barrio.toml names a database for the registry, that has to be empty too.
    """
    settings = read(config_file(config))
    listed = list_of_erased(settings)
    if not (listed.exists() or erased or without_list):
        raise CommandError(
            f"{listed}: the list of what was erased since is not there. Put it there or give it with --erased FILE; if "
            "it is lost, say --without-list: then what people had erased since comes back"
        )
    if missing := [str(file) for file in erased or () if not file.is_file()]:
        raise CommandError(f"{missing[0]}: there is no such list of what was erased")
    url = registry_url(settings)
    if url is not None:
        check_empty(url)
    found = _said(
        lambda: backups.restore(
            folder.absolute(), settings.hub.data, listed, erased or [], lambda data: _store_in(settings, data), Line()
        )
    )
    if url is not None:
        bring_registry(settings, keep=False)
    _first_start(settings, found)


def _first_start(settings: Settings, found: Manifest) -> None:
    """Erase again what was erased since, and end what must not begin again by itself."""
    with app.opened(settings) as parts:
        actions.end_all_links(parts.registry, now=parts.now())
        again = finish(parts.registry, parts.store, settings.hub.data, parts.now())
    typer.echo(f"{settings.hub.data} is as it was on {when(settings, found.made)}. Start the hub with `barrio run`.")
    typer.echo(f"Erased since: {again}." if again else "Nothing was erased since, as far as the list goes.")
    if found.rows is None:
        typer.echo("The readings were not in this backup: restore them on the server that keeps them.")
    typer.echo("Grades, commons, members and passwords are as they were then: tell people. Links have ended.")


def _store_in(settings: Settings, data: Path) -> Store:
    """The store that a hub with its data in this folder has."""
    folder = settings.store.folder
    if folder.is_relative_to(settings.hub.data):
        folder = data / folder.relative_to(settings.hub.data)
    return open_store(
        settings.model_copy(
            update={
                "hub": settings.hub.model_copy(update={"data": data}),
                "store": settings.store.model_copy(update={"folder": folder}),
            }
        )
    )


def _awaited(settings: Settings) -> str:
    """Wait until the running hub has made it; what it said of it."""
    line = Line()
    while True:
        found: dict[str, Any] | None = ask(settings.hub.data / CONTROL, "backup.progress", {})
        if found is None:
            raise CommandError("the hub was stopped before the backup was whole: begin again")
        if found["trouble"]:
            raise CommandError(found["trouble"])
        if found["ended"]:
            return str(found["told"])
        line(found["what"], found["done"], found["of"])
        time.sleep(_LOOKS)


def _said(act: Callable[[], T]) -> T:
    try:
        return act()
    except BackupError as error:
        raise CommandError(str(error)) from error
