"""How far something long is, and the registry on its way into a database: for the commands that need either.

Rule: whoever waits hears how far it is, on the other stream than what comes of it.
"""

from __future__ import annotations

import time

import typer

from hub.configured import REGISTRY, registry_url
from hub.control.names import CommandError
from hub.registry.moving import move as move_registry
from hub.settings import Settings

_EVERY = 2.0


class Line:
    """Says how far it is, now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str, done: int, of: int) -> None:
        """So much is done, of so much."""
        if time.monotonic() > self._last + _EVERY and of:
            self._last = time.monotonic()
            typer.echo(f"  {what}: {done:,} of {of:,} ({100 * done // of} %)", err=True)


def bring_registry(settings: Settings, *, keep: bool = True) -> None:
    """Bring the registry's file into the database that the settings name; put the file aside, or remove it.

    Raises:
        CommandError: there is none, or no such database.
        RegistryUnavailable: the database cannot be used, or there is a registry in it.
    """
    file, url = settings.hub.data / REGISTRY, registry_url(settings)
    if url is None:
        raise CommandError("the registry is to stay in hub.data: set [registry] url to the database where it shall go")
    if not file.exists():
        raise CommandError(f"{file}: there is no registry to move")
    rows = move_registry(file, url, Line())
    typer.echo(f"{rows:,} rows of people, things and grades are in the database, counted and compared.")
    if not keep:
        file.unlink()
        return
    aside = file.with_name(f"{file.name}.moved")
    file.replace(aside)
    typer.echo(f"The keys stay where they are. Remove {aside} once you trust it: what is erased is not erased there.")
