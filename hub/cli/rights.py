"""The files by which an outside mosquitto knows who may do what, written so that it never reads half of one.

Rule: each file is replaced whole, and stays its owner's with its mode; run again without a change nothing changes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

from hub.control.names import CommandError
from hub.mqtt.rights import HEAD, Speaker, acl, passwords
from hub.registry.keys import new_secret
from hub.settings import SourceSettings

_HUB = "barrio"
_MODE = 0o600


def write_rights(
    folder: Path, source: SourceSettings | None, speakers: Iterable[Collection[str]], renew: Collection[str]
) -> dict[str, str]:
    """Write barrio.acl and barrio.passwd; the passwords that are new, by user name.

    The hub itself has the name and the password that the source's settings give it.

    Raises:
        CommandError: a file cannot be written, or a name or a prefix cannot stand in it.
    """
    known = [Speaker(*s) for s in speakers]
    hub = _HUB if source is None or source.username is None else source.username
    if hub in {s.user for s in known}:
        raise CommandError(f"{hub} is a neighbour's name already: give the source another username in barrio.toml")
    for user in renew:
        if user not in {s.user for s in known}:
            raise CommandError(f"nobody who has a prefix is called {user!r}")
    rules, secrets = folder / "barrio.acl", folder / "barrio.passwd"
    try:
        _check_ours(rules, secrets)
        password = None if source is None or source.password_file is None else source.password_file.read_text()
        given = {} if password is None else {hub: password.strip()}
        before = secrets.read_text() if secrets.exists() else ""
        made = passwords(before, given, [s.user for s in known], renew, new_secret)
        _replace(rules, acl(hub, known))
        _replace(secrets, made.text)
    except ValueError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror}: run this as who may write there") from error
    return made.fresh


def _check_ours(rules: Path, secrets: Path) -> None:
    """See that nobody's own files would be lost."""
    ours = rules.exists() and rules.read_text().startswith(HEAD)
    for file in (rules, secrets):
        if file.exists() and not ours:
            raise CommandError(
                f"{file}: somebody else wrote this, and it would be lost: move it away, or name another DIR"
            )


def _replace(file: Path, text: str) -> None:
    """Put a text in a file's place, durable on return; nothing is done when it is there already."""
    if file.exists() and file.read_text() == text:
        return
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w") as new:
            new.write(text)
            new.flush()
            os.fchmod(new.fileno(), _MODE)
            if file.exists():
                before = file.stat()
                os.fchmod(new.fileno(), before.st_mode & 0o777)
                os.fchown(new.fileno(), before.st_uid, before.st_gid)
            os.fsync(new.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
