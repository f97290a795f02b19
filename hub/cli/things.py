"""Things, their credentials, and outside brokers, on the command line.

Rule: a password is printed once.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.cli.asking import Config, config_file, do, table, when
from hub.cli.bridge import bridge_lines, filters_of
from hub.cli.joining import JOINING
from hub.cli.record import thing_show
from hub.settings import Settings, read

thing = typer.Typer(no_args_is_help=True, help="Things and their credentials.")

Certificate = Annotated[
    str | None,
    typer.Option("--certificate", metavar="NAME", help="The name (CN) of a client certificate, instead of a password."),
]
thing.command("show")(thing_show)
for _name, _act in JOINING.items():
    thing.command(_name)(_act)


@thing.command("add")
def thing_add(
    called: Annotated[str, typer.Argument(metavar="NAME", help="What the thing is called, on the wire too.")],
    owner: Annotated[str, typer.Option(help="A name or a number of `barrio party list`.")],
    title: Annotated[str, typer.Option(help="The name it is shown under, if it is ever `open`.")] = "",
    exposure: Annotated[str | None, typer.Option(help="indoor (believed if not said), outdoor or station.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it is: LAT,LON.")] = None,
    description: Annotated[str, typer.Option(help="What it is for, in words for neighbours.")] = "",
    gateway: Annotated[bool, typer.Option("--gateway", help="A gateway: all it carries is the owner's.")] = False,
    certificate: Certificate = None,
    bridge: Annotated[bool, typer.Option("--bridge", help="A mosquitto: prints the lines by which it joins.")] = False,
    host: Annotated[str | None, typer.Option(help="With --bridge: how that machine reaches the hub.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="With --bridge: a filter of what may leave the house; may be repeated.")
    ] = None,
    config: Config = None,
) -> None:
    """Add a thing (or a gateway): prints its user name, its password (once), its topic, and a line to try."""
    settings = read(config_file(config))
    arguments = {
        "name": called, "owner": owner, "title": title, "exposure": exposure, "place": place,
        "description": description, "gateway": gateway or bridge, "certificate": certificate,
    }  # fmt: skip
    filters = filters_of(topic or [])
    found = do(config, "thing.add", arguments)
    if bridge:
        typer.echo(
            "# /etc/mosquitto/conf.d/barrio.conf, mode 0600 (the password is shown once); restart mosquitto then"
        )
        typer.echo("\n".join(bridge_lines(found, settings.mqtt, host, filters)))
    else:
        typer.echo(_introduction(settings, found))


@thing.command("list")
def thing_list(config: Config = None) -> None:
    """Things with their owners, when they were last heard, their grades, and how many sealed envelopes are kept."""
    settings = read(config_file(config))
    rows = do(config, "thing.list", {})["things"]
    for row in rows:
        row["heard"] = "never" if row["heard"] is None else when(settings, row["heard"])
        row["sealed"] = row["sealed"] or "-"
        row["ended"] = "-" if row["ended"] is None else when(settings, row["ended"])
    ended = ("ended",) if any(row["ended"] != "-" for row in rows) else ()
    table(rows, ("thing", "name", "owner", "heard", "grades", "sealed", *ended))


@thing.command("credential")
def thing_credential(
    called: Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")],
    certificate: Certificate = None,
    config: Config = None,
) -> None:
    """Give a thing a new password, or a certificate in its stead; what it came in by before ends at once."""
    found = do(config, "thing.credential", {"thing": called, "certificate": certificate})
    typer.echo(_introduction(read(config_file(config)), found))


def _introduction(settings: Settings, found: dict[str, Any]) -> str:
    host, port = settings.mqtt.host, settings.mqtt.port
    if found.get("certificate") is not None:
        return _by_certificate(settings, found)
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


def _by_certificate(settings: Settings, found: dict[str, Any]) -> str:
    host, port = settings.mqtt.host, settings.mqtt.tls_port
    name, topic = found["certificate"], f"things/{found['name']}/pm25"
    files = f"--cafile ca.pem --cert {name}.pem --key {name}.key"
    lines = [
        f"{found['name']} may publish by a certificate of the name {name}, signed by {settings.mqtt.client_ca}.",
        "",
        f"  host       {host}, port {port}, TLS",
        f"  user       none, or {found['user']}; no password",
        f"  topics     things/{found['name']}/PROPERTY with a number, or its own topics (config/topics.toml)",
        "",
        "Try it:",
        f"  mosquitto_pub -h {host} -p {port} {files} -q 1 -t {topic} -m 7.5",
    ]
    return "\n".join(lines)
