"""Asking the hub: the running one over its local socket, or its files; what the answers look like on a terminal.

Rule: it says which of the two answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub import app
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.wire import CONTROL, ask
from hub.settings import Settings, read, shipped
from hub.workers import at_work

_PATIENCE = 10.0
"""So long (seconds) a command waits for a worker to lead."""

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="BARRIO_CONFIG", help="The operator's settings (barrio.toml)."),
]


def do(config: Path | None, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Ask the running hub, or open the files; say which."""
    settings = read(config_file(config))
    found = asked(settings, command, arguments)
    if found is not None:
        typer.echo("(asked the running hub)", err=True)
        return found
    typer.echo(f"(no hub is running: opened {settings.hub.data})", err=True)
    with app.opened(settings) as parts:
        desk = Desk(parts.registry, parts.store, parts.gate, parts.settings, parts.now)
        return perform(desk, command, arguments)


def asked(settings: Settings, command: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The running hub's answer; None when none is running. Where workers are, one of them leads after a moment."""
    end = time.monotonic() + _PATIENCE
    while True:
        found = ask(settings.hub.data / CONTROL, command, arguments)
        waits = found is None and settings.hub.workers > 1 and at_work(settings.hub.data, settings.hub.workers)
        if not waits or time.monotonic() > end:
            return found
        time.sleep(0.2)


def config_file(config: Path | None) -> Path:
    """The settings file that is meant: the one named, barrio.toml here, or the shipped one."""
    if config is not None:
        return config
    here = Path("barrio.toml")
    return here if here.exists() else shipped("barrio.toml")


def when(settings: Settings, moment: int) -> str:
    """A moment (µs) by the neighbourhood's clock."""
    return datetime.fromtimestamp(moment / 1e6, ZoneInfo(settings.hub.zone)).strftime("%Y-%m-%d %H:%M:%S")


def table(rows: list[dict[str, Any]], columns: tuple[str, ...], say: Callable[[str], None] = typer.echo) -> None:
    """Print rows under their columns' names."""
    width = {c: max([len(c), *(len(str(r[c])) for r in rows)]) for c in columns}
    say("  ".join(f"{c:{width[c]}}" for c in columns).rstrip())
    for r in rows:
        say("  ".join(f"{r[c]!s:{width[c]}}" for c in columns).rstrip())
