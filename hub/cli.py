"""The command line: `barrio --help` teaches what a newcomer needs.

Rule: with the hub running a command speaks to it over its local socket, otherwise it opens the files; it says which.
Errors are one line that says what to do, and exit 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub import app, configured, demo
from hub.control.commands import CommandError, Desk, perform
from hub.control.wire import CONTROL, ask
from hub.core.reading import DecodeError
from hub.core.store import StoreUnavailable
from hub.decoders import DECODERS
from hub.decoders.lines import Listener, answers, shown
from hub.registry import RegistryUnavailable
from hub.settings import Settings, SettingsError, read, shipped

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Barrio: a neighbourhood sensor hub in which every reading stays its owner's.\n\n"
    "Start with `barrio demo` to look around, or with your own:\n\n"
    "  barrio run --config config/barrio.toml         the hub, in the foreground\n\n"
    "  barrio party add 'Ana'                         who owns\n\n"
    "  barrio thing add 'Balcony' --owner Ana         what she owns: prints user name, password and a line to try\n\n"
    "  barrio grade set balcony pm25 street           how far it may be known (default: home)\n\n"
    "  barrio party link Ana                          her own page, by a link that expires",
)  # fmt: skip
party = typer.Typer(no_args_is_help=True, help="Who can own: people, households, associations, institutions, beings.")
thing = typer.Typer(no_args_is_help=True, help="Things and their credentials.")
grade = typer.Typer(no_args_is_help=True, help="How far a datastream may be known.")
commons = typer.Typer(no_args_is_help=True, help="Shared projects.")
source = typer.Typer(no_args_is_help=True, help="Outside brokers: which topics are whose.")
for name, group in (
    ("party", party), ("thing", thing), ("grade", grade), ("commons", commons), ("source", source),
):  # fmt: skip
    cli.add_typer(group, name=name)

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="BARRIO_CONFIG", help="The operator's settings (barrio.toml)."),
]


def main() -> None:
    """Run the command line; what goes wrong is one line and exit 1."""
    try:
        cli()
    except (SettingsError, CommandError, StoreUnavailable, RegistryUnavailable) as error:
        typer.echo(f"barrio: {error}", err=True)
        sys.exit(1)


@cli.command()
def run(config: Config = None) -> None:
    """Run the hub in the foreground until it is told to stop (Ctrl-C)."""
    settings = read(_file(config))
    with app.opened(settings) as parts:
        app.serve(app.run(app.Hub(parts), lambda addresses: _listening(settings, addresses)))
    typer.echo("Stopped: everything acknowledged is stored.")


@cli.command(name="demo")
def run_demo(
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("var/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again with an empty neighbourhood.")] = False,
    live: Annotated[bool, typer.Option(help="Simulated devices that publish over MQTT.")] = True,
) -> None:
    """Start everything with a demo neighbourhood: 120 homes, 200 things, a week of history. On 127.0.0.1 only."""
    demo.start(data, fresh=fresh, live=live, say=typer.echo)


@cli.command()
def check(config: Config = None) -> None:
    """Look whether the configuration can be used, and say what it means."""
    file = _file(config)
    for line in configured.check(read(file)):
        typer.echo(line)
    typer.echo(f"{file}: can be used")


@cli.command()
def status(config: Config = None) -> None:
    """How the hub is: what it holds, what it has taken, what waits."""
    for key, value in _do(config, "status", {}).items():
        typer.echo(f"{key:28} {value}")


@cli.command()
def log(
    config: Config = None,
    count: Annotated[int, typer.Option(help="How many entries.")] = 30,
    refusals: Annotated[bool, typer.Option("--refusals", help="What was refused, instead of what was done.")] = False,
) -> None:
    """What was done, by whom, and with --refusals what things sent that could not be used. Never a value."""
    settings = read(_file(config))
    for entry in _do(config, "refusals" if refusals else "log", {"count": count})["entries"]:
        typer.echo(f"{_when(settings, entry['at'])}  {entry['who']:20}  {entry['what']}")


@cli.command()
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
    listener = Listener(configured.routes_of(read(_file(config))), format)
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


@party.command("add")
def party_add(
    called: Annotated[str, typer.Argument(metavar="NAME")],
    kind: Annotated[str, typer.Option(help="person, household, association, institution or being.")] = "person",
    household: Annotated[str | None, typer.Option(help="The household this person is an adult of.")] = None,
    dwelling: Annotated[str | None, typer.Option(help="Where a household lives: LAT,LON.")] = None,
    guardian: Annotated[list[str] | None, typer.Option(help="Who acts for a being; may be repeated.")] = None,
    config: Config = None,
) -> None:
    """Add somebody who can own things."""
    arguments = {"name": called, "kind": kind, "household": household, "dwelling": dwelling, "guardians": guardian}
    found = _do(config, "party.add", arguments)
    typer.echo(f"{called} is party {found['party']}")


@party.command("list")
def party_list(config: Config = None) -> None:
    """Who can own, and how many things they have."""
    _table(_do(config, "party.list", {})["parties"], ("party", "kind", "name", "things"))


@party.command("link")
def party_link(
    called: Annotated[str, typer.Argument(metavar="NAME", help="A name or a number of `barrio party list`.")],
    hours: Annotated[float, typer.Option(help="For how long it works.")] = 24,
    config: Config = None,
) -> None:
    """Print the link to somebody's own page. Whoever has it sees what she sees: send it to nobody else."""
    found = _do(config, "party.link", {"party": called, "hours": hours})
    typer.echo(found["link"])
    typer.echo(f"It works for {hours:g} hours. Whoever has it sees what {found['name']} sees.", err=True)


@thing.command("add")
def thing_add(
    called: Annotated[str, typer.Argument(metavar="NAME", help="What the thing is called, on the wire too.")],
    owner: Annotated[str, typer.Option(help="A name or a number of `barrio party list`.")],
    title: Annotated[str, typer.Option(help="The name it is shown under, if it is ever `open`.")] = "",
    exposure: Annotated[str | None, typer.Option(help="indoor (believed if not said), outdoor or station.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it is: LAT,LON.")] = None,
    description: Annotated[str, typer.Option(help="What it is for, in words for neighbours.")] = "",
    gateway: Annotated[bool, typer.Option("--gateway", help="A gateway: all it carries is the owner's.")] = False,
    config: Config = None,
) -> None:
    """Add a thing (or a gateway): prints its user name, its password (once), its topic, and a line to try."""
    settings = read(_file(config))
    arguments = {
        "name": called, "owner": owner, "title": title, "exposure": exposure, "place": place,
        "description": description, "gateway": gateway,
    }  # fmt: skip
    found = _do(config, "thing.add", arguments)
    typer.echo(_introduction(settings, found))


@thing.command("list")
def thing_list(config: Config = None) -> None:
    """Things with their owners, when they were last heard, and their grades."""
    settings = read(_file(config))
    rows = _do(config, "thing.list", {})["things"]
    for row in rows:
        row["heard"] = "never" if row["heard"] is None else _when(settings, row["heard"])
    _table(rows, ("thing", "name", "owner", "heard", "grades"))


@thing.command("credential")
def thing_credential(
    called: Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")],
    config: Config = None,
) -> None:
    """Give a thing a new password; the old one ends at once."""
    typer.echo(_introduction(read(_file(config)), _do(config, "thing.credential", {"thing": called})))


@grade.command("set")
def grade_set(
    called: Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")],
    observed: Annotated[str, typer.Argument(metavar="PROPERTY", help="What it measures, such as pm25.")],
    word: Annotated[str, typer.Argument(metavar="GRADE", help="sealed, home, counted, commons, street or open.")],
    by: Annotated[str | None, typer.Option(help="Whose wish it is (the owner's, if not said).")] = None,
    project: Annotated[str | None, typer.Option("--commons", help="The one commons it joins.")] = None,
    config: Config = None,
) -> None:
    """Say how far one value may be known. Lowering reaches the whole past at once; raising counts from now on."""
    arguments = {"thing": called, "property": observed, "grade": word, "by": by, "commons": project}
    typer.echo(_do(config, "grade.set", arguments)["told"])


@commons.command("add")
def commons_add(
    called: Annotated[str, typer.Argument(metavar="NAME")],
    purpose: Annotated[str, typer.Option(help="What it is for, in words for neighbours.")],
    observed: Annotated[list[str], typer.Option("--property", help="What it asks for; may be repeated.")],
    config: Config = None,
) -> None:
    """Found a commons: a shared project with a stated purpose."""
    found = _do(config, "commons.add", {"name": called, "purpose": purpose, "properties": observed})
    typer.echo(f"{called} is commons {found['commons']}")


@commons.command("join")
def commons_join(
    called: Annotated[str, typer.Argument(metavar="COMMONS")],
    who: Annotated[str, typer.Argument(metavar="PARTY")],
    config: Config = None,
) -> None:
    """Let somebody join a commons, under a name that exists only there."""
    typer.echo(_do(config, "commons.join", {"commons": called, "party": who})["told"])


@source.command("prefix")
def source_prefix(
    broker: Annotated[str, typer.Argument(metavar="SOURCE", help="The name of a shared source in barrio.toml.")],
    prefix: Annotated[str, typer.Argument(help="The beginning of the topics, whole levels: house7/")],
    owner: Annotated[str, typer.Option(help="Whose it is.")],
    config: Config = None,
) -> None:
    """Record whose topics those are that begin so; no two prefixes overlap."""
    typer.echo(_do(config, "source.prefix", {"source": broker, "prefix": prefix, "owner": owner})["told"])


def _do(config: Path | None, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Ask the running hub, or open the files; say which."""
    settings = read(_file(config))
    found = ask(settings.hub.data / CONTROL, command, arguments)
    if found is not None:
        typer.echo("(asked the running hub)", err=True)
        return found
    typer.echo(f"(no hub is running: opened {settings.hub.data})", err=True)
    with app.opened(settings) as parts:
        desk = Desk(parts.registry, parts.store, parts.gate, parts.settings, parts.now)
        return perform(desk, command, arguments)


def _file(config: Path | None) -> Path:
    if config is not None:
        return config
    here = Path("barrio.toml")
    return here if here.exists() else shipped("barrio.toml")


def _when(settings: Settings, moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, ZoneInfo(settings.hub.zone)).strftime("%Y-%m-%d %H:%M:%S")


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...], say: Callable[[str], None] = typer.echo) -> None:
    width = {c: max([len(c), *(len(str(r[c])) for r in rows)]) for c in columns}
    say("  ".join(f"{c:{width[c]}}" for c in columns).rstrip())
    for r in rows:
        say("  ".join(f"{r[c]!s:{width[c]}}" for c in columns).rstrip())


def _listening(settings: Settings, addresses: app.Addresses) -> None:
    host, port = addresses.mqtt
    typer.echo(f"{settings.hub.name}: things connect to mqtt://{host}:{port}")
    if addresses.tls is not None:
        typer.echo(f"  with TLS to mqtts://{addresses.tls[0]}:{addresses.tls[1]}")
    typer.echo(f"  pages  {addresses.web}")
    if addresses.metrics is not None:
        typer.echo(f"  metrics {addresses.metrics}")
    typer.echo(f"  data   {settings.hub.data}   (Ctrl-C stops)")


def _introduction(settings: Settings, found: dict[str, Any]) -> str:
    host, port = settings.mqtt.host, settings.mqtt.port
    topic = f"things/{found['name']}/pm25"
    lines = [
        f"{found['name']} may publish now; what it says stays at `home` until its owner says otherwise.",
        "",
        f"  host       {host}, port {port}",
        f"  user       {found['user']}",
        f"  password   {found['password']}   (shown once; the hub keeps only a hash)",
        f"  topics     things/{found['name']}/PROPERTY with a number, or its own topics (config/topics.toml)",
        "",
        "Try it:",
        f"  mosquitto_pub -h {host} -p {port} -u {found['user']} -P {found['password']} -q 1 -t {topic} -m 7.5",
    ]
    return "\n".join(lines)
