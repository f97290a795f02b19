"""What is to be done after somebody has left who knew passwords, in words.

Rule: a new password is printed once, beside the device that needs it.
"""

from __future__ import annotations

from typing import Any

import typer

from hub.cli.asking import table


def tell_what_next(found: dict[str, Any]) -> None:
    """Print the new passwords, and what the hub cannot do by itself."""
    if found["devices"]:
        typer.echo("\nThese need the new password (shown once; the hub keeps only a hash):\n")
        table(found["devices"], ("devices", "owner", "user", "password"))
    for broker in found["brokers"]:
        typer.echo(f"\nChange the password at your own {broker} too: the hub cannot.")
    if found["keys"]:
        typer.echo(
            "\nThe sealing key has ended. Make a new one (`barrio household new-key`) and give it to the devices."
        )
