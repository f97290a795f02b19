"""What actions give back, and how they refuse.

Rule: a refusal says in a resident's words why, and what can be done; a secret is in a result once and nowhere else.
"""

from __future__ import annotations

from msgspec import Struct

from hub.core.grade import Grade


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


class NewCommons(Struct, frozen=True):
    """A commons just made, and the handle of its page."""

    commons: int
    handle: str


class Joined(Struct, frozen=True):
    """A membership: the name that exists only in this commons."""

    commons: int
    party: int
    pseudonym: str


class Graded(Struct, frozen=True):
    """What became of a wish: the grade that holds now, and the one that will hold `at` (µs) if that differs."""

    datastream: int
    grade: Grade
    coming: Grade | None = None
    at: int | None = None


class Link(Struct, frozen=True):
    """An owner's link: `token` is shown now and never again; it expires at `expires` (µs)."""

    token: str
    party: int
    expires: int


class Removed(Struct, frozen=True):
    """Somebody has left: the credentials that have ended and need a new password (`renew_credential`)."""

    ended: tuple[int, ...]
