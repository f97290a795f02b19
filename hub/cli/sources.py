"""Outside brokers, on the command line.

Rule: no two prefixes overlap. What waits is counted and never shown; a password is printed once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.asking import Config, config_file, do, table, when
from hub.cli.rights import write_rights
from hub.core.grade import MINUTE
from hub.settings import Settings, SourceSettings, read

source = typer.Typer(
    no_args_is_help=True, help="Outside brokers: which topics are whose, and what waits to be claimed."
)

Which = Annotated[str | None, typer.Option("--source", help="The shared source, where there are several.")]


@source.command("prefix")
def source_prefix(
    broker: Annotated[str, typer.Argument(metavar="SOURCE", help="The name of a shared source in barrio.toml.")],
    prefix: Annotated[str, typer.Argument(help="The beginning of the topics, whole levels: house7/")],
    owner: Annotated[str, typer.Option(help="Whose it is.")],
    config: Config = None,
) -> None:
    """Record whose topics those are that begin so, because you know it; no two prefixes overlap.

    What has waited under it stays where it is: it follows only to who has shown that it is his (`barrio source claim`).
    """
    typer.echo(do(config, "source.prefix", {"source": broker, "prefix": prefix, "owner": owner})["told"])


@source.command("waiting")
def source_waiting(
    levels: Annotated[int, typer.Option(help="How many levels of the topics to tell apart.")] = 2,
    config: Config = None,
) -> None:
    """What waits under nobody's prefix: how many messages, since when. What is in them is shown to nobody."""
    settings, found = read(config_file(config)), do(config, "source.waiting", {"levels": levels})
    if not found["waiting"]:
        typer.echo("nothing waits")
        return
    rows = [row | {w: when(settings, row[w]) for w in ("since", "last")} for row in found["waiting"]]
    table(rows, ("source", "prefix", "messages", "since", "last"))
    typer.echo(f"\nWhat nobody claims is dropped after {found['days']} days: barrio source claim PREFIX --owner NAME")


@source.command("claim")
def source_claim(
    prefix: Annotated[str, typer.Argument(help="The beginning of the topics, whole levels: house7/")],
    owner: Annotated[str, typer.Option(help="Who says that it is his: a name or a number of `barrio party list`.")],
    broker: Which = None,
    power_cycle: Annotated[
        bool,
        typer.Option("--power-cycle", help="No code: the thing is to be switched off twice, when the hub says so."),
    ] = False,
    config: Config = None,
) -> None:
    """Let somebody show that what comes under a prefix is his: prints a code that he has to publish there.

    It counts on the topic that is printed, or on the prefix itself, and for nobody else. Then what waits follows to
    him. A broker at which anybody may publish anything shows nothing: see `barrio source rights` first, or let him
    switch the thing off and on (--power-cycle), if it speaks every five minutes at least.
    """
    settings = read(config_file(config))
    arguments = {"prefix": prefix, "owner": owner, "source": broker, "power_cycle": power_cycle}
    found = do(config, "source.claim", arguments)
    if power_cycle:
        _tell_moments(settings, found)
        return
    typer.echo(f"{found['owner']} has until {when(settings, found['expires'])} to publish this code, by the broker:")
    typer.echo(f"\n  code       {found['code']}\n  topic      {found['topic']}\n")
    typer.echo(f"  mosquitto_pub -h BROKER -u USER -P PASSWORD -q 1 -t '{found['topic']}' -m {found['code']}")
    typer.echo(f"\nOr let the thing do it: Tasmota's console takes  Publish {found['topic']} {found['code']}")
    typer.echo("Only where not everybody may publish there does this show anything.")


@source.command("claims")
def source_claims(config: Config = None) -> None:
    """The claims that are open."""
    settings, rows = read(config_file(config)), do(config, "source.claims", {})["claims"]
    for row in rows:
        row["until"] = when(settings, row["until"])
    table(rows, ("claim", "source", "prefix", "owner", "until"))


@source.command("withdraw")
def source_withdraw(
    claim: Annotated[int, typer.Argument(help="A number of `barrio source claims`.")], config: Config = None
) -> None:
    """End a claim: its code is of no more use."""
    typer.echo(do(config, "source.withdraw", {"claim": claim})["told"])


@source.command("rights")
def source_rights(
    mosquitto: Annotated[Path, typer.Option(metavar="DIR", help="The folder that the broker reads the files from.")],
    broker: Which = None,
    renew: Annotated[
        list[str] | None, typer.Option(help="A user name that gets a new password; may be repeated.")
    ] = None,
    config: Config = None,
) -> None:
    """Write who may do what at an outside mosquitto: DIR/barrio.acl and DIR/barrio.passwd, as the prefixes are here.

    Each name may write below its own prefix and read the hub's answers there; nobody but the hub reads what others
    write. Passwords that are new are printed once; write it again after every new prefix.
    """
    settings, found = read(config_file(config)), do(config, "source.rights", {"source": broker})
    outside = next((s for s in settings.sources if s.name == found["source"]), None)
    fresh = write_rights(mosquitto, outside, found["speakers"], renew or [])
    _tell_rights(mosquitto, outside, found, fresh)


def _tell_moments(settings: Settings, found: dict[str, Any]) -> None:
    length, back = (found[word] // MINUTE for word in ("length", "back"))
    typer.echo(f"{found['owner']} switches the thing off twice, for {length} minutes, to the minute by this clock:\n")
    for moment in found["moments"]:
        off, on = when(settings, moment), when(settings, moment + found["length"])
        typer.echo(f"  off at {off}   on again at {on[-8:]}; it has to be heard within {back} minutes")
    typer.echo("\nNothing else under the prefix may speak while it is off. `barrio source claims` lists it.")


def _tell_rights(folder: Path, outside: SourceSettings | None, found: dict[str, Any], fresh: dict[str, str]) -> None:
    for user, password in fresh.items():
        prefixes = ", ".join(f"{prefix}/" for name, prefix in found["speakers"] if name == user)
        typer.echo(f"  {prefixes}  user {user}  password {password}   (shown once)")
    typer.echo(f"{folder}/barrio.acl and barrio.passwd: {len(found['speakers'])} prefixes, {len(fresh)} new passwords")
    if outside is None or outside.password_file is None:
        typer.echo(
            "the hub has no password there: name a password_file of this source in barrio.toml, then repeat this"
        )
    typer.echo("mosquitto.conf needs, once:  allow_anonymous false")
    typer.echo(f"                             acl_file {folder}/barrio.acl")
    typer.echo(f"                             password_file {folder}/barrio.passwd")
    typer.echo("and reads them again when told:  sudo systemctl reload mosquitto   (or: kill -HUP its process)")
