"""Outside brokers, on the command line.

Rule: no two prefixes overlap.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.asking import Config, do

source = typer.Typer(no_args_is_help=True, help="Outside brokers: which topics are whose.")


@source.command("prefix")
def source_prefix(
    broker: Annotated[str, typer.Argument(metavar="SOURCE", help="The name of a shared source in barrio.toml.")],
    prefix: Annotated[str, typer.Argument(help="The beginning of the topics, whole levels: house7/")],
    owner: Annotated[str, typer.Option(help="Whose it is.")],
    config: Config = None,
) -> None:
    """Record whose topics those are that begin so; no two prefixes overlap."""
    typer.echo(do(config, "source.prefix", {"source": broker, "prefix": prefix, "owner": owner})["told"])
