"""Who looked, and the log: what was done here, and whether anybody has changed what is in it.

Rule: whoever checks a log trusts a file of his own, never the hub: `verify` and `keep` need no hub of one's own.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.asking import Config, config_file, do, when
from hub.control.names import CommandError
from hub.core import witness
from hub.core.checkpoint import Checkpoint, NotGenuine
from hub.settings import read as read_settings

_SECONDS = 30
_LONGEST = 100_000_000
_FILE_MODE = 0o600

looks = typer.Typer()
log = typer.Typer(
    invoke_without_command=True,
    help="What was done here, by whom; and `verify` and `keep` for the log of who looked at whose data.",
)


@looks.command("who-looked")
def who_looked(
    called: Annotated[str, typer.Argument(metavar="NAME", help="A name or a number of `barrio party list`.")],
    count: Annotated[int, typer.Option(help="How many, the newest first.")] = 50,
    proofs: Annotated[
        bool, typer.Option("--proofs", help="Print proofs that they stand in the log, for `barrio log verify`.")
    ] = False,
    config: Config = None,
) -> None:
    """Who looked at somebody's data beyond what everyone sees: who, what for, at how much of what, when.

    What her own household reads is not here, nor what everyone may see. The time of a member of a commons is told to
    the quarter of an hour. The same stands on her own page.
    """
    settings = read_settings(config_file(config))
    found = do(config, "who-looked", {"party": called, "count": count, "proofs": proofs})
    if proofs:
        typer.echo(found["proofs"], nl=False)
        return
    for one in found["looks"]:
        typer.echo(
            f"{when(settings, one['at'])}  {one['who']}" + (f", for: {one['purpose']}" if one["purpose"] else "")
        )
        for what in one["what"]:
            typer.echo(f"    {what}{_asked(one, lambda moment: when(settings, moment))}")
        if not one["sound"]:
            typer.echo("    THIS ENTRY WAS CHANGED after it was written: run `barrio log verify`")
    if not found["looks"]:
        typer.echo(f"Nobody has looked at what is {found['name']}'s beyond what everyone sees.")
    if found["gone"]:
        typer.echo(f"{found['gone']} entries between these are gone: erased when she asked for it, or taken away.")


@log.callback()
def diary(
    context: typer.Context,
    config: Config = None,
    count: Annotated[int, typer.Option(help="How many entries.")] = 30,
    refusals: Annotated[bool, typer.Option("--refusals", help="What was refused, instead of what was done.")] = False,
) -> None:
    """What was done, by whom, and with --refusals what things sent that could not be used. Never a value.

    Who looked at whose data is a log of its own: `barrio who-looked NAME` reads it, `barrio log verify` looks whether
    anybody has changed it, `barrio log keep` keeps what is needed to find that out.
    """
    if context.invoked_subcommand is not None:
        return
    settings = read_settings(config_file(config))
    for entry in do(config, "refusals" if refusals else "log", {"count": count})["entries"]:
        typer.echo(f"{when(settings, entry['at'])}  {entry['who']:20}  {entry['what']}")


@log.command()
def keep(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Your own file; made when it is not there.")],
    address: Annotated[str, typer.Option("--from", help="Where the hub's pages are: http://hub.example/")],
) -> None:
    """Keep the hub's newest checkpoint, if it agrees with all that you have kept. For neighbours: run it every hour.

    The first time it notes the log's key, and trusts that one from then on. Subscribing does as well, and the file is
    the same: mosquitto_sub -t public/log/checkpoint >> FILE
    """
    newest = _fetched(f"{address.rstrip('/')}/log/checkpoint")  # first: an hour may close between the two
    key, roots = _read(_fetched(f"{address.rstrip('/')}/log/batches"))
    text = file.read_text(encoding="utf-8") if file.exists() else f"{key}\n"
    before = _kept(text, key)
    heads = _verified(before.key or key, (*before.notes, newest), roots)
    if newest in before.notes:
        typer.echo(f"Kept already: the log has {heads[-1].size} leaves and is what it was.")
        return
    file.touch(mode=_FILE_MODE)
    file.write_text(text + newest, encoding="utf-8")
    typer.echo(f"Kept: the log has {heads[-1].size} leaves, and what you had kept is in it unchanged.")


@log.command()
def verify(
    checkpoints: Annotated[Path | None, typer.Option(help="Your file of checkpoints, from `barrio log keep`.")] = None,
    log_of: Annotated[
        str | None,
        typer.Option("--log", help="The hub's pages (http://…), or a copy of its /log/batches; your own hub."),
    ] = None,
    entries: Annotated[
        Path | None, typer.Option(help="Proofs of your own entries, from `barrio who-looked NAME --proofs`.")
    ] = None,
    config: Config = None,
) -> None:
    """Look whether the log of who looked was changed, cut or rewritten; exit 1 when it was.

    With --checkpoints: whether the log as it is now still holds all that it held whenever you kept a checkpoint.
    Without, on the hub itself: whether every entry, batch and checkpoint is as it was written.
    """
    if checkpoints is None:
        _check_own(do(config, "log.check", {}))
        return
    text = do(config, "log.published", {})["batches"] if log_of is None else _batches_of(log_of)
    key, roots = _read(text)
    kept = _kept(checkpoints.read_text(encoding="utf-8"), key)
    if not kept.notes:
        raise CommandError(f"{checkpoints}: there is no checkpoint in it: keep some first, with `barrio log keep`")
    heads = _verified(kept.key or key, kept.notes, roots)
    typer.echo(f"{len(heads)} checkpoints, up to {heads[-1].size} leaves: the log is what it was when you kept them.")
    if kept.key is None:
        typer.echo("The file names no key, so the hub's own was believed: put it on the file's first line.", err=True)
    if entries is not None:
        _check_entries(entries.read_text(encoding="utf-8"), heads)


def _read(text: str) -> tuple[str, list[bytes]]:
    """Key and roots of a list of batches."""
    try:
        return witness.read(text)
    except NotGenuine as error:
        raise CommandError(str(error)) from error


def _asked(one: dict[str, Any], told: Any) -> str:  # noqa: ANN401 - how a moment is told
    since, until = (None if one[end] is None else told(one[end]) for end in ("since", "until"))
    return (f", measured from {since}" if since else "") + (f", measured until {until}" if until else "")


def _kept(text: str, key: str) -> witness.Kept:
    """A witness's file; a log that came under another key than the file's is refused."""
    kept = witness.kept(text)
    if kept.key is not None and kept.key != key:
        raise CommandError(
            "the log is signed with another key than the one in your file: it is another log, or somebody put another "
            "in its place; keep your file and ask the hub's people"
        )
    return kept


def _verified(key: str, notes: tuple[str, ...], roots: list[bytes]) -> list[Checkpoint]:
    try:
        return witness.verified(key, notes, roots)
    except NotGenuine as error:
        raise CommandError(str(error)) from error


def _check_own(found: dict[str, Any]) -> None:
    for line in found["trouble"]:
        typer.echo(line)
    if found["trouble"]:
        raise CommandError("the log was changed: restore it from a backup, and tell the owners")
    typer.echo(f"{found['batches']} batches, {found['checkpoints']} checkpoints: everything is as it was written.")


def _check_entries(text: str, heads: list[Checkpoint]) -> None:
    try:
        proofs = witness.unpacked(text)
    except NotGenuine as error:
        raise CommandError(str(error)) from error
    by_size = {head.size: head for head in heads}
    for proof in proofs:
        head = by_size.get(proof.size)
        if head is None:
            raise CommandError(
                f"no checkpoint of size {proof.size} is in your file: keep the newest, then print the proofs again"
            )
        if not witness.is_in_log(proof, head):
            raise CommandError(f"the entry at {proof.index} does not stand in the log as it is printed: it was changed")
    typer.echo(f"{len(proofs)} entries: each stands in the log, word for word.")


def _batches_of(where: str) -> str:
    if where.startswith(("http://", "https://")):
        return _fetched(f"{where.rstrip('/')}/log/batches")
    return Path(where).read_text(encoding="utf-8")


def _fetched(address: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise CommandError(f"{address}: say where the hub's pages are, as in http://hub.example/")
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - a web address, asked above
            return str(answer.read(_LONGEST).decode())
    except (OSError, UnicodeDecodeError, urllib.error.URLError) as error:
        raise CommandError(f"{address}: cannot be read: {error}") from error
