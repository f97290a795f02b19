"""Who may do what at an outside mosquitto: its `acl_file` and its `password_file`, as the registry has the prefixes.

Rule: a name may write below its own prefix and read the hub's answers there; nobody but the hub reads anything else.
What no line grants is denied. A password is in a result once; the file has mosquitto's own hash of it
(PBKDF2-HMAC-SHA512, as `mosquitto_passwd` writes it).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

HEAD = "# Written by `barrio source rights`: changes here are lost."
_KIND = "$7$"
_ROUNDS = 10_000
_SALT = 12
_HASH = 64


class Speaker(NamedTuple):
    """A user name at the broker, and the prefix that is his."""

    user: str
    prefix: str


class Passwords(NamedTuple):
    """The text of a `password_file`, and the passwords that are new in it, by user name."""

    text: str
    fresh: dict[str, str]


def acl(hub: str, speakers: Collection[Speaker]) -> str:
    """The `acl_file`; `hub` is the name by which the hub comes in.

    Raises:
        ValueError: a name or a prefix would mean something else in such a file.
    """
    lines = [HEAD, "", f"user {_word(hub)}", "topic read #"]
    lines += [f"topic write {_topic(s.prefix)}/things/+/errors" for s in sorted(set(speakers))]
    for user, prefixes in _by_user(speakers):
        lines += ["", f"user {_word(user)}"]
        for prefix in prefixes:
            lines += [f"topic write {prefix}/#", f"topic read {prefix}/things/+/errors"]
    return "\n".join(lines) + "\n"


def passwords(
    before: str, given: dict[str, str], users: Iterable[str], renew: Collection[str], new: Callable[[], str]
) -> Passwords:
    """The `password_file` after `before`: whoever is neither among `users` nor `given` a password is no longer in it.

    Users keep what they have; those without, or to `renew`, get a `new` one. Those `given` one get that.

    Raises:
        ValueError: a name cannot stand in such a file.
    """
    kept = dict(line.split(":", 1) for line in before.splitlines() if ":" in line and not line.startswith("#"))
    lines: dict[str, str] = {}
    fresh: dict[str, str] = {}
    for user, password in given.items():
        has = kept.get(user, "")
        lines[_word(user)] = has if opens(has, password) else hashed(password)
    for user in sorted(set(users) - set(given)):
        if user in renew or not kept.get(user, "").startswith(_KIND):
            fresh[user] = new()
        lines[_word(user)] = hashed(fresh[user]) if user in fresh else kept[user]
    return Passwords("".join(f"{user}:{line}\n" for user, line in lines.items()), fresh)


def hashed(password: str) -> str:
    """A password as mosquitto 2 keeps it: `$7$` rounds `$` salt `$` hash."""
    salt = secrets.token_bytes(_SALT)
    return f"{_KIND}{_ROUNDS}${_text(salt)}${_text(_derived(password, salt, _ROUNDS))}"


def opens(line: str, password: str) -> bool:
    """Whether a password is the one whose hash this is."""
    try:
        rounds, salt, kept = line.removeprefix(_KIND).split("$")
        made = _derived(password, base64.b64decode(salt), int(rounds))
        return line.startswith(_KIND) and hmac.compare_digest(made, base64.b64decode(kept))
    except ValueError:
        return False


def _by_user(speakers: Iterable[Speaker]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for s in sorted(set(speakers)):
        found.setdefault(s.user, []).append(_topic(s.prefix))
    return list(found.items())


def _word(user: str) -> str:
    if not user or not all(c.isalnum() or c in "-_." for c in user):
        raise ValueError(f"a broker's user name is of letters, digits, - _ and . only: {user!r}")
    return user


def _topic(prefix: str) -> str:
    if not prefix or prefix != prefix.strip() or set(prefix) & set("+#\r\n\0"):
        raise ValueError(f"this prefix cannot stand in a file of rights: {prefix!r}")
    return prefix


def _derived(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, _HASH)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
