"""Things, their credentials, and outside brokers, on the command line.

Rule: a password is printed once.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.cli.asking import Config, config_file, do, table, when
from hub.settings import Settings, read

thing = typer.Typer(no_args_is_help=True, help="Things and their credentials.")


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
    settings = read(config_file(config))
    arguments = {
        "name": called, "owner": owner, "title": title, "exposure": exposure, "place": place,
        "description": description, "gateway": gateway,
    }  # fmt: skip
    found = do(config, "thing.add", arguments)
    typer.echo(_introduction(settings, found))


@thing.command("list")
def thing_list(config: Config = None) -> None:
    """Things with their owners, when they were last heard, their grades, and how many sealed envelopes are kept."""
    settings = read(config_file(config))
    rows = do(config, "thing.list", {})["things"]
    for row in rows:
        row["heard"] = "never" if row["heard"] is None else when(settings, row["heard"])
        row["sealed"] = row["sealed"] or "-"
    table(rows, ("thing", "name", "owner", "heard", "grades", "sealed"))


@thing.command("credential")
def thing_credential(
    called: Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")],
    config: Config = None,
) -> None:
    """Give a thing a new password; the old one ends at once."""
    typer.echo(_introduction(read(config_file(config)), do(config, "thing.credential", {"thing": called})))


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
