"""From one engine into another, and the registry from a file into a database, on the command line.

Rule: what the readings come from is only read, and left as it is; the registry's file is put aside, so that nobody
starts with it by mistake and has grades again that were lowered since.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.asking import Config, config_file
from hub.cli.moving import Line, bring_registry
from hub.configured import open_store
from hub.control.names import CommandError
from hub.control.wire import CONTROL, ask
from hub.core.store import Store
from hub.migration import MigrationError
from hub.migration import migrate as move
from hub.settings import Settings, read

migrate = typer.Typer()
NOTES = "migrating.json"
"""The file, in the hub's data, that remembers how far it is."""


@migrate.command("migrate")
def run(
    source: Annotated[str, typer.Option("--from", help="The engine that has the readings now.")] = "duckdb",
    registry: Annotated[
        bool, typer.Option("--registry", help="Not the readings: people, things and grades, into registry.url.")
    ] = False,
    config: Config = None,
) -> None:
    """Bring all readings into the engine that barrio.toml names now: from files to a server, or back.

    Stop the hub first. Counted and compared when it is done; cut short, it goes on where it was. People, things and
    grades stay where they are. The old readings stay too: remove them once you trust the new ones, or what is erased is
    never gone from every file.

      1. barrio backup /mnt/disk/before, then stop the hub

      2. in barrio.toml: [store] engine = "influxdb"; barrio store init

      3. barrio migrate --from duckdb, then barrio run

    People, things and grades move from the hub's data into an empty PostgreSQL with `barrio migrate --registry`, once
    [registry] url names it; all of it or nothing. The way back is a backup, restored without [registry] url.
    """
    settings = read(config_file(config))
    if registry:
        _see_that_it_rests(settings)
        bring_registry(settings)
        return
    if source == settings.store.engine:
        raise CommandError(f"the readings are in {source} already: set [store] engine to where they shall go")
    _see_that_it_rests(settings)
    old = _opened(settings, source)
    try:
        new = _opened(settings, settings.store.engine)
        try:
            moved = move(old, new, settings.hub.data / NOTES, Line())
        except MigrationError as error:
            raise CommandError(str(error)) from error
        finally:
            new.close()
    finally:
        old.close()
    typer.echo(
        f"{moved.rows:,} readings are in {settings.store.engine}, counted and compared: the same as in {source}."
    )
    typer.echo("The old ones are as they were: remove them once you trust the new ones.")


def _see_that_it_rests(settings: Settings) -> None:
    if ask(settings.hub.data / CONTROL, "status", {}) is not None:
        raise CommandError("the hub is running: stop it first, so that nothing comes while it moves")


def _opened(settings: Settings, engine: str) -> Store:
    """The store of this engine, with nothing before it."""
    chosen = settings.store.model_copy(update={"engine": engine, "outbox": False})
    return open_store(settings.model_copy(update={"store": chosen}))
