"""The hub itself: run, demo, check, status, decode.

Rule: what it prints on the way says nothing of values.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub import app, configured, demo, workers
from hub.cli.asking import Config, config_file, do
from hub.control.names import CommandError
from hub.core.reading import DecodeError
from hub.decoders import DECODERS
from hub.decoders.lines import Listener, answers, overhear, shown
from hub.settings import Settings, read

hub = typer.Typer()


@hub.command()
def run(
    config: Config = None,
    worker: Annotated[
        int | None, typer.Option(min=1, help="Only the worker with this number, to start each by itself.")
    ] = None,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the hub in the foreground until it is told to stop (Ctrl-C).

    With hub.workers in barrio.toml it starts so many processes that share the ports, and starts again one that ends.
    They need a registry in PostgreSQL and an engine on a server; `barrio status` says how they are.
    """
    file = config_file(config)
    settings = read(file)
    configured.check_workers(settings)
    if worker is None and settings.hub.workers > 1:
        _parent(settings, file)
        return
    if worker is not None and worker > settings.hub.workers:
        raise CommandError(f"--worker {worker}: hub.workers is {settings.hub.workers}; set it higher")
    with app.opened(settings, worker=worker) as parts:
        app.serve(app.run(app.Hub(parts, parent=parent), lambda found: _up(settings, found, worker)))
    if worker is None:
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
    context: Annotated[
        Path | None,
        typer.Option(help="What was heard before (discovery): lines `topic payload` (mosquitto_sub -v) or JSON."),
    ] = None,
    config: Config = None,
) -> None:
    """What Barrio reads from a message: `barrio decode tele/kitchen/SENSOR < payload`. Try it when a device is silent.

    Prints JSON lines {thing, property, value, unit, time}, or the reason for refusing the message and exit 1.

    A device that announces itself is understood with its announcements: record them with
    `mosquitto_sub -v -t 'homeassistant/#' -W 5 > heard.txt` and add `--context heard.txt`.
    """
    listener = Listener(configured.routes_of(read(config_file(config))), format)
    if context is not None:
        try:
            overhear(context.read_text(encoding="utf-8").splitlines(), listener, app.microseconds())
        except (OSError, ValueError) as error:
            raise CommandError(f"{context}: {getattr(error, 'strerror', None) or error}") from error
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


def _parent(settings: Settings, file: Path) -> None:
    """Look once alone whether everything is in order, then start the workers."""
    with app.opened(settings):
        pass
    count = settings.hub.workers

    def ready() -> None:
        host, web = settings.mqtt.host, settings.web
        tls = None if settings.mqtt.tls_port is None else (host, settings.mqtt.tls_port)
        first = f"http://{settings.operator.host}:{settings.operator.port}/metrics" if settings.operator.port else None
        address = web.address or f"http://{web.host}:{web.port}/"
        typer.echo(f"{count} workers")
        _listening(settings, app.Addresses((host, settings.mqtt.port), address, first, tls))

    fault = workers.Parent(lambda n: workers.command(file, n), settings.hub.data, count).run(ready)
    if fault:
        raise CommandError(fault)
    typer.echo("Stopped: everything acknowledged is stored.")


def _up(settings: Settings, addresses: app.Addresses, worker: int | None) -> None:
    if worker is None:
        _listening(settings, addresses)


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
