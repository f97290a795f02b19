"""The hub itself: run, demo, check, status, decode.

Rule: what it prints on the way says nothing of values.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub import app, configured, demo
from hub.cli.asking import Config, config_file, do
from hub.control.names import CommandError
from hub.core.reading import DecodeError
from hub.decoders import DECODERS
from hub.decoders.lines import Listener, answers, shown
from hub.settings import Settings, read

hub = typer.Typer()


@hub.command()
def run(config: Config = None) -> None:
    """Run the hub in the foreground until it is told to stop (Ctrl-C)."""
    settings = read(config_file(config))
    with app.opened(settings) as parts:
        app.serve(app.run(app.Hub(parts), lambda addresses: _listening(settings, addresses)))
    typer.echo("Stopped: everything acknowledged is stored.")


@hub.command(name="demo")
def run_demo(
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("var/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again with an empty neighbourhood.")] = False,
    live: Annotated[bool, typer.Option(help="Simulated devices that publish over MQTT.")] = True,
) -> None:
    """Start everything with a demo neighbourhood: 120 homes, 200 things, a week of history. On 127.0.0.1 only."""
    demo.start(data, fresh=fresh, live=live, say=typer.echo)


@hub.command()
def check(config: Config = None) -> None:
    """Look whether the configuration can be used, and say what it means."""
    file = config_file(config)
    for line in configured.check(read(file)):
        typer.echo(line)
    typer.echo(f"{file}: can be used")


@hub.command()
def status(config: Config = None) -> None:
    """How the hub is: what it holds, what it has taken, what waits."""
    for key, value in do(config, "status", {}).items():
        typer.echo(f"{key:28} {value}")


@hub.command()
def decode(
    topic: Annotated[str | None, typer.Argument(help="The topic the message came on.")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Many: JSON lines in, JSON lines out.")] = False,
    format: Annotated[  # noqa: A002 - the word on the command line
        str | None, typer.Option("--format", help=f"Force a format: {', '.join(sorted(DECODERS))}.")
    ] = None,
    config: Config = None,
) -> None:
    """What Barrio reads from a message: `barrio decode tele/kitchen/SENSOR < payload`. Try it when a device is silent.

    Prints JSON lines {thing, property, value, unit, time}, or the reason for refusing the message and exit 1.
    """
    listener = Listener(configured.routes_of(read(config_file(config))), format)
    if lines:
        for line in answers(sys.stdin, listener):
            typer.echo(line)
        return
    if topic is None:
        raise CommandError("say the topic, as in: barrio decode tele/kitchen/SENSOR < payload")
    try:
        decoded = listener.hear(topic, sys.stdin.buffer.read(), app.microseconds())
    except DecodeError as error:
        raise CommandError(f"refused: {error}") from error
    for reading in decoded.readings:
        typer.echo(json.dumps(shown(reading), ensure_ascii=False))
    if not decoded.readings:
        typer.echo("understood, but there is no reading in it", err=True)


def _listening(settings: Settings, addresses: app.Addresses) -> None:
    host, port = addresses.mqtt
    typer.echo(f"{settings.hub.name}: things connect to mqtt://{host}:{port}")
    if addresses.tls is not None:
        typer.echo(f"  with TLS to mqtts://{addresses.tls[0]}:{addresses.tls[1]}")
    typer.echo(f"  pages  {addresses.web}")
    if addresses.metrics is not None:
        typer.echo(f"  metrics {addresses.metrics}")
        typer.echo(f"  yours   {addresses.metrics.removesuffix('metrics')}  (how the hub is, for whoever runs it)")
    typer.echo(f"  data   {settings.hub.data}   (Ctrl-C stops)")
