"""Tokens on the command line: with one a device joins by itself, with another a thing becomes somebody else's.

Rule: a token and a password are printed once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from hub.cli.asking import Config, config_file, do, table, when
from hub.core.admission import ENROL
from hub.settings import Settings, read

Thing = Annotated[str, typer.Argument(metavar="THING", help="A name or a number of `barrio thing list`.")]
Hours = Annotated[float, typer.Option(help="For how long the token is good.")]


def thing_enrol(
    called: Annotated[str, typer.Argument(metavar="NAME", help="What the thing will be called, on the wire too.")],
    owner: Annotated[str, typer.Option(help="A name or a number of `barrio party list`.")],
    hours: Hours = 24,
    gateway: Annotated[bool, typer.Option("--gateway", help="A gateway: all it carries is the owner's.")] = False,
    title: Annotated[str, typer.Option(help="The name it is shown under, if it is ever `open`.")] = "",
    exposure: Annotated[str | None, typer.Option(help="indoor (believed if not said), outdoor or station.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it is: LAT,LON.")] = None,
    description: Annotated[str, typer.Option(help="What it is for, in words for neighbours.")] = "",
    config: Config = None,
) -> None:
    """Make a one-time token with which a device fetches its own password: nobody has to type that, or sees it.

    There is no thing before the device has said that it has its password; until then it may ask again.
    """
    settings = read(config_file(config))
    arguments = {
        "name": called, "owner": owner, "hours": hours, "gateway": gateway, "title": title, "exposure": exposure,
        "place": place, "description": description,
    }  # fmt: skip
    typer.echo(_what_to_type(settings, do(config, "thing.enrol", arguments)))


def thing_enrolments(
    withdraw: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="End this token: its number, or the name it is for.")
    ] = None,
    config: Config = None,
) -> None:
    """Tokens with which a device may still join, and how often each was asked with; --withdraw ends one."""
    settings = read(config_file(config))
    rows = do(config, "thing.enrolments", {"withdraw": withdraw})["enrolments"]
    for row in rows:
        row["until"] = when(settings, row["expires"])
    table(rows, ("enrolment", "name", "kind", "owner", "asked", "until"))


def thing_hand_over(
    called: Thing,
    to: Annotated[str | None, typer.Option(help="Who alone may take it; none: whoever has the token.")] = None,
    hours: Hours = 24,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="End the token that there is.")] = False,
    config: Config = None,
) -> None:
    """Make a token by which a thing becomes another's: its owner gives it to him, and he takes the thing with it.

    For him it begins anew, at `home`; what it has measured so far stays the giver's, as far known as it is.
    """
    settings = read(config_file(config))
    found = do(config, "thing.hand-over", {"thing": called, "to": to, "hours": hours, "withdraw": withdraw})
    if withdraw:
        ended = "can no longer be taken" if found["withdrawn"] else "could not be taken anyway: there was no token"
        typer.echo(f"{found['name']} {ended}.")
        return
    who = found["taker"] or "whoever it is to belong to"
    typer.echo(found["token"])
    typer.echo(
        f"Good until {when(settings, found['expires'])}, once, and shown once. Give it to {who}:\n"
        f"  barrio thing take {found['token']} --owner {_quoted(found['taker'] or 'NAME')}",
        err=True,
    )


def thing_take(
    token: Annotated[str, typer.Argument(help="What `barrio thing hand-over` printed.")],
    owner: Annotated[str, typer.Option(help="Whose it is from now on: a name or a number of `barrio party list`.")],
    config: Config = None,
) -> None:
    """Take a thing that its owner hands over: it begins anew, at `home`; its old password ends.

    A thing behind a gateway goes on speaking through it: what it says is the new owner's, and no longer the gateway's.
    """
    settings = read(config_file(config))
    found = do(config, "thing.take", {"token": token, "owner": owner})
    typer.echo(
        f"{found['name']} is {found['owner']}'s from now on, as thing {found['thing']}; what it says stays at `home` "
        "until its owner says otherwise.\n"
    )
    if found["user"] is None:
        typer.echo("It speaks through the gateway that carries it, as before: nothing has to be set at the device.")
        return
    typer.echo("\n".join([
        f"  host       {settings.mqtt.host}, port {settings.mqtt.port}",
        f"  user       {found['user']}",
        f"  password   {found['password']}   (shown once; the hub keeps only a hash)",
        "",
        "Empty what the device has kept while it was offline: readings from before are not taken.",
    ]))  # fmt: skip


def _what_to_type(settings: Settings, found: dict[str, Any]) -> str:
    host, port, token = settings.mqtt.host, settings.mqtt.port, found["token"]
    line = f"-h {host} -p {port} -u {ENROL} -P {token}"
    what, until = "a gateway" if found["gateway"] else "a thing", when(settings, found["expires"])
    return "\n".join([
        f"With this token {found['name']} can join as {what} of {found['owner']}, once, until {until}.",
        "",
        f"  host       {host}, port {port}",
        f"  user       {ENROL}",
        f"  password   {token}   (the token: shown once; the hub keeps only a hash)",
        "",
        "A device does this itself: it subscribes to enrol/credential, where the hub sends its user name and password",
        "as JSON, keeps them, and publishes anything to enrol/done. With the client for makers:",
        f"  python -m devices.client --host {host} --port {port} --enrol {token} --keep credential.json",
        "By hand, one after the other:",
        f"  mosquitto_sub {line} -t enrol/credential -C 1",
        f"  mosquitto_pub {line} -q 1 -t enrol/done -m kept",
        "",
        f"Withdraw it: barrio thing enrolments --withdraw {found['enrolment']}",
    ])  # fmt: skip


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


JOINING: dict[str, Callable[..., None]] = {
    "enrol": thing_enrol,
    "enrolments": thing_enrolments,
    "hand-over": thing_hand_over,
    "take": thing_take,
}
"""Commands of `barrio thing`."""
