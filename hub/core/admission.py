"""What a credential is allowed at the door: the answer of the registry to a name and a password.

Rule: no admission, no connection. There is no anonymous credential and no default admission.
"""

from __future__ import annotations

from msgspec import Struct


class Admission(Struct, frozen=True):
    """A credential that may connect, and how much of the hub it may use.

    `credential` is its id, which is also its topic space; `messages_per_second` is what all its connections together
    may publish (0: no limit; more is read later, never dropped); `max_connections` is how many it may hold at once.
    """

    credential: int
    messages_per_second: int = 0
    max_connections: int = 16
