"""Households on the command line: who moves out, and what is sealed so that only they can read it.

Rule: a private key is made, kept and used here, on the owner's own machine; it is never sent to a hub.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from devices import keys, unseal
from hub.cli.asking import Config, config_file, do, table, when
from hub.cli.leaving import tell_what_next
from hub.control.names import CommandError
from hub.settings import read

household = typer.Typer(
    no_args_is_help=True, help="Households: their sealing keys, and what to do when somebody leaves."
)
opening = typer.Typer()

_REMARKS = """This key opens what your household has sealed. Whoever has it reads everything; without it nobody
ever does, the people who run the hub neither. Print this file, or write the line below on paper, and
keep it in a safe place. Never send it to anybody."""
Household = Annotated[str, typer.Argument(help="A name or a number of `barrio party list`.")]


@household.command("remove-member")
def remove_member(
    called: Household, person: Annotated[str, typer.Argument(help="Who moves out.")], config: Config = None
) -> None:
    """Somebody moves out: all that he could know ends within seconds, and what is shown stays as it was.

    Passwords of the household's things change (they are printed, once), links and open pages end, so does the sealing
    key. No grade is raised by it. He is told nothing, of this and of what comes after.
    """
    found = do(config, "household.remove-member", {"household": called, "person": person})
    typer.echo(
        f"{found['person']} has left {found['household']}. Links, open pages and connections end within seconds."
    )
    tell_what_next(found)
    if found["own"]:
        typer.echo(f"\n{found['person']}'s own things ended too: `barrio thing credential` gives them a new password.")
    typer.echo("\nEverybody who stays needs a new link: `barrio party link NAME`.")


@household.command("new-key")
def new_key(file: Annotated[Path, typer.Argument(help="The new file that will hold the private key.")]) -> None:
    """Make a household's key, on this machine; prints the public half, for the hub and for the devices.

    Lose the file and its print, and nobody ever reads what was sealed to it.
    """
    private = secrets.token_bytes(32)
    try:
        keys.write_file(file, keys.PRIVATE, private, _REMARKS)
    except keys.KeyTrouble as error:
        raise CommandError(str(error)) from error
    typer.echo(keys.public_of(private))
    typer.echo(f"The private half is in {file}: print it now. Without it nobody ever reads what is sealed.", err=True)


@household.command("key")
def key(
    called: Household,
    public: Annotated[str | None, typer.Argument(metavar="PUBLIC_KEY", help="seal-…, from `new-key`.")] = None,
    end: Annotated[str | None, typer.Option(metavar="KEY", help="End a key, by its name in the list.")] = None,
    config: Config = None,
) -> None:
    """Add a public key to which a household's things seal, end one, or list them.

    All adults of the household read in their diary that there is a new key.
    """
    settings = read(config_file(config))
    found = do(config, "household.key", {"household": called, "key": public, "end": end})
    rows = [
        {
            "key": k["key"], "since": when(settings, k["since"]),
            "ended": "" if k["until"] is None else when(settings, k["until"]),
        }
        for k in found["keys"]
    ]  # fmt: skip
    table(rows, ("key", "since", "ended"))


@household.command("signing-key")
def signing_key(
    thing: Annotated[str, typer.Argument(help="A name or a number of `barrio thing list`.")],
    public: Annotated[
        str | None, typer.Argument(metavar="PUBLIC_KEY", help="thing-…; none: the next it names.")
    ] = None,
    config: Config = None,
) -> None:
    """Say with which key a thing signs what it seals, after it was set up anew.

    The hub keeps to the first key a thing introduces itself by, so that nobody else can speak for it.
    """
    found = do(config, "household.signing-key", {"thing": thing, "key": public})
    what = "that key" if public is not None else "the next key that it introduces itself by"
    typer.echo(f"{found['name']} signs with {what} from now on.")


@opening.command("unseal")
def unseal_file(
    file: Annotated[Path, typer.Argument(help="What /mine/sealed.jsonl gave.")],
    private: Annotated[Path, typer.Option("--key", help="The household's private key (open-…).")],
    signer: Annotated[
        list[str] | None, typer.Option("--signed-by", metavar="PUBLIC_KEY", help="thing-…; none: as the file says.")
    ] = None,
) -> None:
    """Open what the household has sealed, on this machine, without a hub: prints CSV."""
    try:
        opened = unseal.Unsealed(file, keys.read_file(keys.PRIVATE, private), signer or ())
        for line in opened.lines():
            typer.echo(line)
    except (keys.KeyTrouble, unseal.FileTrouble) as error:
        raise CommandError(str(error)) from error
    for trouble, count in opened.troubles.items():
        typer.echo(f"{count} envelopes were not opened: {trouble}", err=True)
    if not opened.whole:
        typer.echo("The file is cut short: get it again.", err=True)
    if opened.troubles or not opened.whole:
        raise typer.Exit(1)
