"""The grades and the one table that says who sees what.

Rule: the table only permits. A row says what an audience may see, never what it may not; what is in no row is
nothing. The same table is the documentation shown to residents (design words: `sentence`).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Grade(IntEnum):
    """How far a reading may be known; ordered, the higher the further. Absent or unreadable is `HOME`."""

    SEALED = 0
    HOME = 1
    COUNTED = 2
    COMMONS = 3
    STREET = 4
    OPEN = 5

    @property
    def word(self) -> str:
        """The grade's name as it is written everywhere: ``home``."""
        return self.name.lower()

    @property
    def sentence(self) -> str:
        """The grade in a resident's words."""
        return SENTENCES[self]

    @classmethod
    def read(cls, word: object) -> Grade:
        """The grade that a word means; anything that is not one of the six words is `HOME` (deny by default)."""
        return _BY_WORD.get(word, cls.HOME) if isinstance(word, str) else cls.HOME


SENTENCES = {
    Grade.SEALED: "Only our own key opens it; the hub itself cannot read it.",
    Grade.HOME: "My household and I see it, nobody else, not even in averages.",
    Grade.COUNTED: "It counts in neighbourhood averages of several homes, never on its own.",
    Grade.COMMONS: "My project sees it under a name that exists only in that project.",
    Grade.STREET: "Anyone may see that somebody around here measured it; nobody is told who.",
    Grade.OPEN: "It is a public instrument: exact place, time and value, under the name I chose.",
}
_BY_WORD = {grade.word: grade for grade in Grade}
NO_WISH = Grade.OPEN
"""A reading without a wish of its own asks for nothing stricter."""


class Role(IntEnum):
    """How near an audience stands to one datastream; ordered, the higher the nearer."""

    PUBLIC = 0
    STAFF = 1
    MEMBER = 2
    HOUSEHOLD = 3


class Kind(IntEnum):
    """What is shown at all; ordered by how much it says."""

    NOTHING = 0
    RELEASE = 1
    NOBODY = 2
    PSEUDONYM = 3
    NAMED = 4
    EXACT = 5


class View(NamedTuple):
    """What one audience sees of one grade.

    `homes` is the least number of homes a figure stands for (1: on its own), `resolution` the finest H3 resolution of
    its place (15: the exact place), `window` its time in µs (0: the instant itself), `lasts` for how long in µs
    (0: as long as it is kept), `stepped` whether values are rounded to the property's step.
    """

    kind: Kind
    homes: int = 0
    resolution: int = -1
    window: int = 0
    stepped: bool = True
    lasts: int = 0


NOTHING = View(Kind.NOTHING)
RELEASE_8 = View(Kind.RELEASE, homes=8, resolution=9, window=HOUR)
RELEASE_5 = View(Kind.RELEASE, homes=5, resolution=9, window=HOUR)
SHARED = View(Kind.PSEUDONYM, homes=1, resolution=9, window=15 * MINUTE)
SOMEBODY = View(Kind.NOBODY, homes=5, resolution=8, window=HOUR, lasts=7 * DAY)
NAMED = View(Kind.NAMED, homes=1, resolution=15, stepped=False)
EXACT = View(Kind.EXACT, homes=1, resolution=15, stepped=False)
RELEASE_HOMES_INTIMATE = 15
"""Energy and indoor releases stand for at least so many homes, whatever the view says."""

TABLE: dict[Grade, dict[Role, View]] = {
    Grade.SEALED: {Role.HOUSEHOLD: EXACT},
    Grade.HOME: {Role.HOUSEHOLD: EXACT},
    Grade.COUNTED: {
        Role.HOUSEHOLD: EXACT, Role.MEMBER: RELEASE_5, Role.STAFF: RELEASE_5, Role.PUBLIC: RELEASE_8,
    },
    Grade.COMMONS: {Role.HOUSEHOLD: EXACT, Role.MEMBER: SHARED, Role.STAFF: RELEASE_5, Role.PUBLIC: RELEASE_8},
    Grade.STREET: {Role.HOUSEHOLD: EXACT, Role.MEMBER: SHARED, Role.STAFF: SOMEBODY, Role.PUBLIC: SOMEBODY},
    Grade.OPEN: {Role.HOUSEHOLD: EXACT, Role.MEMBER: NAMED, Role.STAFF: NAMED, Role.PUBLIC: NAMED},
}  # fmt: skip
"""Design.md §2. What `SEALED` shows the household is what was stored in clear before; ciphertext is theirs to open."""


def view(grade: Grade, role: Role) -> View:
    """What a role sees of a reading whose effective grade is `grade`; `NOTHING` where the table is silent."""
    return TABLE.get(grade, {}).get(role, NOTHING)


def sees_no_more(less: View, more: View) -> bool:
    """Whether `less` shows in every respect at most what `more` shows (the order of the monotonicity test)."""
    if less.kind is Kind.NOTHING or less.kind <= Kind.RELEASE < more.kind:
        return True  # whatever is shown as rows counts in releases besides (a street row that has aged out, only there)
    return (
        less.kind <= more.kind
        and less.homes >= more.homes
        and less.resolution <= more.resolution
        and less.window >= more.window
        and less.stepped >= more.stepped
        and (more.lasts == 0 or 0 < less.lasts <= more.lasts)
    )
