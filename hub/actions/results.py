"""What actions give back, and how they refuse.

Rule: a refusal says in a resident's words why, and what can be done; a secret is in a result once and nowhere else.
"""

from __future__ import annotations

from msgspec import Struct

from hub.core.grade import Grade
from hub.core.silence import Asked


class ActionRefused(Exception):
    """The action was not done; nothing has changed. `code` is one word for machines, `text` is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class NewCredential(Struct, frozen=True):
    """A credential just made: `password` is shown now and never again; `topic` is where to publish."""

    credential: int
    user: str
    password: str
    topic: str


class NewThing(Struct, frozen=True):
    """A thing just made; without `user` and `password` when it speaks through a gateway."""

    thing: int
    handle: str
    credential: int
    user: str | None
    password: str | None
    topic: str


class Invitation(Struct, frozen=True):
    """A token by which a device fetches a credential of its own: shown now and never again; it ends at `expires` (µs).

    `enrolment` is the number it is withdrawn by.
    """

    enrolment: int
    token: str
    expires: int


class HandOver(Struct, frozen=True):
    """A token by which a thing becomes its holder's: shown now and never again; it ends at `expires` (µs)."""

    token: str
    thing: int
    expires: int


class NewClaim(Struct, frozen=True):
    """A claim just begun: its `code` is shown now and never again, and counts on `topic` until it `expires` (µs).

    Or `asked` says when the thing is to be switched off instead, and there is no code.
    """

    claim: int
    code: str
    topic: str
    expires: int
    asked: Asked | None = None


class NewCommons(Struct, frozen=True):
    """A commons just made, and the handle of its page."""

    commons: int
    handle: str


class Joined(Struct, frozen=True):
    """A membership: the name that exists only in this commons (None: no key has been brought for the present epoch)."""

    commons: int
    party: int
    pseudonym: str | None


class Graded(Struct, frozen=True):
    """What became of a wish: the grade that holds now, and the one that will hold `at` (µs) if that differs.

    After that it falls by itself to `falls`, at the moment `falls_at` (µs), if an end was named or its commons has one.
    """

    datastream: int
    grade: Grade
    coming: Grade | None = None
    at: int | None = None
    falls: Grade | None = None
    falls_at: int | None = None


class Link(Struct, frozen=True):
    """An owner's link: `token` is shown now and never again; it expires at `expires` (µs)."""

    token: str
    party: int
    expires: int


class Renewed(Struct, frozen=True):
    """A credential with a new password, shown now and never again: whose, its name, the things it speaks for."""

    credential: int
    party: int
    user: str
    password: str
    label: str
    things: tuple[str, ...]


class Removed(Struct, frozen=True):
    """Somebody has left: what he could have known has ended.

    `ended` are the credentials whose old passwords and certificates have: `renewed` those with a new one, all but his
    own. `brokers` are outside brokers where he may still have a login, `keys` the sealing keys that have ended.
    """

    ended: tuple[int, ...]
    renewed: tuple[Renewed, ...] = ()
    brokers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


class Erased(Struct, frozen=True):
    """What was erased: the number of the receipt, and how many readings went. It is hidden from every view already."""

    receipt: int
    rows: int
