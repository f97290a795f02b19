"""The server that readings live on: made ready, looked at.

Rule: what it prints are names of buckets and files, never a token.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from hub import configured
from hub.cli.asking import Config, config_file
from hub.control.names import CommandError
from hub.settings import read
from hub.stores import SERVED
from hub.stores.influxdb.access import Access

store = typer.Typer(no_args_is_help=True, help="An InfluxDB for the readings of a district: make it ready, look at it.")
_SPARE_DAYS = 31
_DAY = 24 * 3600
_NO_SERVER = '{} keeps readings in files of its own ({}): for a server set [store] engine = "influxdb"'


class Site(NamedTuple):
    """A server, and what of this hub is to be there."""

    access: Access
    buckets: list[tuple[str, int]]
    passes: list[tuple[str, str, Path]]


@store.command("init")
def init(
    admin_token_file: Annotated[
        Path,
        typer.Option(help="A file with a token that may make buckets and tokens. If the server is new it is made."),
    ] = Path("influxdb-admin.token"),
    config: Config = None,
) -> None:
    """Make an InfluxDB 2 ready for this hub: two buckets, and a token for each use that may do that and nothing else.

    `vault` takes all readings: only the hub has a token for it. `civic` takes what is public ([mirror]): the hub
    writes it, and the token in civic-reader.token is for Grafana and whoever works with Flux. `vault` forgets readings
    a month after the hub itself lets them go ([retention]), or never. Done again, it changes only what is not as it
    should be.

      1. in barrio.toml: [store] engine = "influxdb", and url and org in [store.influxdb]; url in [mirror]

      2. put an all-access token of that server into influxdb-admin.token (a new server needs none)

      3. barrio store init

      4. barrio store check, then barrio run; the admin token is not needed any more: keep it elsewhere
    """
    from hub.stores.influxdb.founding import Pass, Wanted, found  # noqa: PLC0415 - the client takes its time

    for site in _sites(config):
        wanted = [Wanted(*bucket) for bucket in site.buckets]
        passes = [Pass(bucket, tuple(may.split()), file) for bucket, may, file in site.passes]
        for line in found(site.access, admin_token_file, wanted, passes):
            typer.echo(line)


@store.command("check")
def check(config: Config = None) -> None:
    """Look whether the server answers, takes the hub's token, and keeps readings long enough; what is wrong is said."""
    file = config_file(config)
    settings = read(file)
    if settings.store.engine not in SERVED:
        raise CommandError(_NO_SERVER.format(file, settings.store.engine))
    opened = SERVED[settings.store.engine](configured.access_of(settings), None)  # without what may wait before it
    try:
        heard = len(opened.last_heard())
    finally:
        opened.close()
    s = settings.store.influxdb
    typer.echo(f"{s.url} can be used: bucket {s.bucket} holds readings of {heard} datastreams")


def _sites(config: Path | None) -> list[Site]:
    """The servers that the settings name: of the readings, of what is public, or one for both."""
    file = config_file(config)
    settings = read(file)
    s, m, sites = settings.store.influxdb, settings.mirror, {}
    if settings.store.engine in SERVED:
        days = configured.days_kept(settings)
        vault = (s.bucket, (days + _SPARE_DAYS) * _DAY if days else 0)
        sites[s.url, s.org] = Site(
            Access(s.url, s.org, s.bucket, ""), [vault], [(s.bucket, "read write", s.token_file)]
        )
    elif m.url is None:
        raise CommandError(_NO_SERVER.format(file, settings.store.engine))
    url, org = (s.url, s.org) if m.url is None else (m.url, m.org)
    site = sites.setdefault((url, org), Site(Access(url, org, m.bucket, ""), [], []))
    site.buckets.append((m.bucket, 0))
    reader = m.token_file.with_name(f"{m.bucket}-reader.token")
    site.passes.extend([(m.bucket, "read write", m.token_file), (m.bucket, "read", reader)])
    return list(sites.values())
