"""What an owner does on her own computer: her names in commons, and the receipts of what she agreed to.

Rule: her secret stays in her file; what is printed for the hub holds nothing of it. Receipts are checked without asking
any hub.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from hub.cli.asking import Config, do, table
from hub.control.names import CommandError
from hub.core.fragments import SECRET_BYTES, bring, written
from hub.core.receipts import Signed, faults

owner = typer.Typer()
_Party = Annotated[str, typer.Argument(metavar="PARTY", help="A name or a number of `barrio party list`.")]


@owner.command()
def fragment(
    commons: Annotated[str, typer.Argument(metavar="HANDLE", help="Of the commons: its charter or `commons show`.")],
    secret: Annotated[Path, typer.Option(help="Her secret: made if it is not there. Keep a copy, give it to nobody.")],
    epoch: Annotated[int, typer.Option(help="From this epoch on, as the charter says.", min=0)] = 0,
    count: Annotated[int, typer.Option(help="For so many epochs.", min=1, max=100)] = 4,
    turn: Annotated[int, typer.Option(help="Which name within the epochs, if the hub asks for it.", min=0)] = 0,
) -> None:
    """Make names for a commons of which only their bearer holds the secret. Asks no hub.

    The lines are for the hub, the names on stderr for her:

      barrio fragment k3l5nqv7 --secret ana.secret > ana.names

      barrio commons join "Clean yards" Ana --fragments ana.names
    """
    kept = _secret(secret)
    for number in range(epoch, epoch + count):
        brought = bring(kept, commons, number, turn)
        typer.echo(written(brought))
        typer.echo(f"epoch {number}: {brought.nym}", err=True)


@owner.command()
def receipts(
    called: _Party,
    to: Annotated[Path | None, typer.Option(help="Write them to this file instead.")] = None,
    config: Config = None,
) -> None:
    """The receipts of what somebody agreed to, took back or let lapse: JSON-LD, signed, each chained to the last.

    Keep them, and check them whenever you like with `barrio check-receipts FILE`.
    """
    found = do(config, "party.receipts", {"party": called})["receipts"]
    text = msgspec.json.format(msgspec.json.encode(found)).decode()
    if to is None:
        typer.echo(text)
        return
    try:
        to.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{to} cannot be written: {error.strerror}") from error
    typer.echo(f"{len(found)} receipts in {to}")


@owner.command()
def consents(called: _Party, config: Config = None) -> None:
    """What somebody agreed to that holds now: how far, for what, until when."""
    found = do(config, "party.consents", {"party": called})["consents"]
    table(found, ("thing", "value", "grade", "since", "until", "purpose"))


@owner.command("check-receipts")
def check_receipts(
    file: Annotated[Path, typer.Argument(help="What `barrio receipts` wrote, or receipts.json of an export.")],
    key: Annotated[str | None, typer.Option(help="The hub's key that you know (hex), not the one in the file.")] = None,
) -> None:
    """Check that receipts are as the hub signed them and that none is missing. Asks no hub."""
    kept = _kept(file)
    chains: dict[str, list[Signed]] = {}
    for entry in kept:
        chains.setdefault(entry["party"], []).append(Signed(entry["receipt"], entry["signature"]))
    public = bytes.fromhex(key or next((entry["key"] for entry in kept), "00" * 32))
    wrong = [f"party {party}: {fault}" for party, chain in chains.items() for fault in faults(chain, public)]
    if wrong:
        raise CommandError("; ".join(wrong))
    typer.echo(f"{len(kept)} receipts, all as signed by the hub with the key {public.hex()}, none missing in between")


def _kept(file: Path) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[dict[str, Any]])
    except (OSError, msgspec.DecodeError) as error:
        raise CommandError(f"{file}: these are no receipts ({error})") from error


def _secret(file: Path) -> bytes:
    """The secret in a file that nobody else may read; made when there is none."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise CommandError(f"{file}: others may read it; run: chmod 600 {file}") from None
        kept = file.read_bytes()
        if len(kept) != SECRET_BYTES:
            raise CommandError(f"{file}: this is no secret of {SECRET_BYTES} bytes; name another file") from None
        return kept
    except OSError as error:
        raise CommandError(f"{file} cannot be made: {error.strerror}") from error
    made = secrets.token_bytes(SECRET_BYTES)
    with os.fdopen(handle, "wb") as new:
        new.write(made)
    typer.echo(f"{file} is a new secret: keep a copy of it in a safe place", err=True)
    return made
