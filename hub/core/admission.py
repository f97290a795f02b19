"""What a credential is allowed at the door: the answer of the registry to a name and a password.

Rule: no admission, no connection. There is no anonymous credential and no default admission; who comes with a token,
or for the first time with what he was given for it, is a newcomer, and has no right but to become more.
"""

from __future__ import annotations

from msgspec import Struct

ENROL = "enrol"
"""The user name of whoever comes with a one-time token as his password; no credential ever has it."""


class Newcomer(Struct, frozen=True):
    """Somebody whose credential does not count yet, of the enrolment with this id, until a moment (µs).

    `given` is the hash of the password that he came in with, of a credential that counts from then on; it is empty when
    he came with the token itself.
    """

    enrolment: int
    until: int
    given: str = ""


class Given(Struct, frozen=True):
    """What a newcomer is told once: all that his device needs, as JSON, and the hash by which it will be known."""

    payload: bytes
    mark: str


class Admission(Struct, frozen=True):
    """A credential that may connect, and how much of the hub it may use.

    `credential` is its id, which is also its topic space; `messages_per_second` is what all its connections together
    may publish (0: no limit; more is read later, never dropped); `max_connections` is how many it may hold at once.
    `lock` is another when others may come in than before: who came by a former one has to go.
    """

    credential: int
    messages_per_second: int = 0
    max_connections: int = 16
    newcomer: Newcomer | None = None
    lock: str = ""
