"""Enrolling: a device makes of a one-time token a credential of its own, and keeps it in a file.

Rule: the credential is on disk, for its owner alone (0600), before the hub is told that it is; until the hub was told,
the same token may ask again. So neither a lost answer nor a power cut costs anything. The token itself is kept nowhere.

On the wire: CONNECT with the user name `enrol` and the token as password; SUBSCRIBE `enrol/credential`, which brings
one message, `{"user", "password", "thing", "topics"}`; PUBLISH anything to `enrol/done` with QoS 1.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from devices.link import WRONG, Link

USER = "enrol"
CREDENTIAL = "enrol/credential"
DONE = "enrol/done"
_PAUSE = 0.05
_ENDED = "the hub does not take this token: mistyped, used already, or too old; ask for a new one"

Dial = Callable[[str, str, str], Link]
"""User, password, the topic to listen to → a connection that is not open yet."""


class EnrolTrouble(Exception):
    """The device could not be enrolled; the text says what to do next, and never holds the token."""


@dataclass(frozen=True)
class Credential:
    """What lets a device in. `host` and `port` are where it was told so; `topics` are the hub's words for a person.

    `thing` is its name in its own topics; empty for a gateway, which has many.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    thing: str
    topics: Any = None


def enrolled(host: str, port: int, token: str | None, keep: Path, dial: Dial, patience: float = 10.0) -> Credential:
    """The credential in the file `keep`, or the one that the hub gives for `token`, which is then in that file.

    With a file and a token the file is tried first, so that the same call may stand at a device's every start. A hub
    that cannot be reached says nothing against what is in the file.

    Raises:
        EnrolTrouble: no file and no token, the hub does not take the token or cannot be reached, or the file cannot be
            read or written.
    """
    kept = read_credential(keep)
    if kept is not None and (token is None or _comes_in(kept, dial, patience) is not False):
        return kept
    if token is None:
        raise EnrolTrouble(f"{keep} is not there yet: a token is needed once; `barrio thing enrol` makes one")
    _look_at(keep.parent)
    given, sure = _asked(token, dial, patience, lambda told: _kept(keep, told, host, port))
    comes_in = given is not None and (sure or _comes_in(given, dial, patience))
    if given is None or comes_in is None:
        raise EnrolTrouble("the hub did not answer in time; nothing is lost: try again with the same token")
    if not comes_in:
        raise EnrolTrouble(_ENDED)
    return given


def read_credential(path: Path) -> Credential | None:
    """The credential in a file; None if there is no such file.

    Raises:
        EnrolTrouble: the file is no credential, or cannot be read.
    """
    try:
        return Credential(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as problem:
        raise EnrolTrouble(f"{path} holds no credential, or cannot be read; remove it and enrol anew") from problem


def write_credential(path: Path, credential: Credential) -> None:
    """Write a credential, whole or not at all, into a file that only its owner may read.

    Raises:
        EnrolTrouble: it cannot be written.
    """
    half = path.with_name(f"{path.name}.part")
    try:
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(credential), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        _settle(path.parent)
    except OSError as problem:
        raise EnrolTrouble(f"{path} cannot be written ({problem.strerror}): nothing was enrolled") from problem


def _asked(
    token: str, dial: Dial, patience: float, kept: Callable[[bytes], Credential]
) -> tuple[Credential | None, bool]:
    """What the hub gave, which is `kept` now, and whether the hub said that it has heard so."""
    link = dial(USER, token, CREDENTIAL)
    try:
        if not link.open(patience) and link.trouble is not None:
            raise EnrolTrouble(_refusal(link.trouble))
        told = _last_heard(link, patience)
        if told is None:
            return None, False
        given = kept(told)
        sure = link.publish(DONE, b"1", patience)
        newer = link.heard()  # the connection was lost on the way, and the hub asked anew: this one counts
        return (kept(newer[-1]) if newer else given), sure
    finally:
        link.close()


def _last_heard(link: Link, patience: float) -> bytes | None:
    """The newest answer: each one ends the credential in those before.

    Raises:
        EnrolTrouble: the token has ended in the meantime.
    """
    until = time.monotonic() + patience
    while True:
        told = link.heard()
        if told:
            return told[-1]
        if link.trouble in WRONG:
            raise EnrolTrouble(_refusal(str(link.trouble)))
        if time.monotonic() > until:
            return None
        time.sleep(_PAUSE)


def _kept(keep: Path, told: bytes, host: str, port: int) -> Credential:
    """What the hub told, once it is on disk."""
    try:
        said = json.loads(told)
        thing = said.get("thing") or ""
        credential = Credential(host, port, str(said["user"]), str(said["password"]), str(thing), said.get("topics"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EnrolTrouble("what answered is no credential: is this a Barrio hub?") from None
    write_credential(keep, credential)
    return credential


def _comes_in(credential: Credential, dial: Dial, patience: float) -> bool | None:
    """Whether the hub lets this credential in, which makes a new one count; None where the hub cannot be asked."""
    link = dial(credential.user, credential.password, f"things/{credential.thing}/errors")
    try:
        opened = link.open(patience)
        return True if opened else False if link.trouble in WRONG else None
    finally:
        link.close()


def _refusal(trouble: str) -> str:
    if trouble in WRONG:
        return _ENDED
    return f"the hub does not let this device in now ({trouble}); try again later with the same token"


def _look_at(folder: Path) -> None:
    """Better now than with a credential in hand."""
    if not os.access(folder, os.W_OK):
        raise EnrolTrouble(f"{folder} cannot be written: the credential would have nowhere to be")


def _settle(folder: Path) -> None:
    """The name of a file, too, has to be on the disk."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
