"""One face: what a thing, or a household in one family of properties, shows of itself must not show it twice.

Rule (design.md §2, "One face"): individually visible readings of one thing, and those of one household in one property
family, are either `open`, or `commons`/`street` with at most one commons. Everything else is at most `counted`.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from hub.core.grade import Grade


class Showing(Struct, frozen=True):
    """How one datastream shows itself, or would.

    `household` are the parties that live as one with its owner (empty: not a home's), `family` the property's family
    (empty: not known); `grades` every grade that holds now or has been announced; `named` as people call it.
    """

    thing: int
    household: frozenset[int]
    family: str
    grades: frozenset[Grade]
    commons: int | None
    named: str


def conflict(proposed: Showing, others: Iterable[Showing]) -> str | None:
    """Why this cannot be shown beside the others, in a resident's words; None when it can."""
    for other in others:
        if not _together(proposed, other):
            continue
        if _public(proposed) and _pseudonymous(other):
            return (
                f"“{other.named}” is shown without your name; beside an open “{proposed.named}” anybody could tell "
                f"that it is yours. Bring “{other.named}” down to counted first, or leave “{proposed.named}” closed."
            )
        if _pseudonymous(proposed) and _public(other):
            return (
                f"“{other.named}” is open under its name; beside it “{proposed.named}” would not stay nameless. "
                f"Choose open or counted for “{proposed.named}”, or bring “{other.named}” down to counted first."
            )
        if _two_projects(proposed, other):
            return (
                f"“{other.named}” is shown to another project; two projects could put them together. Show both to "
                "the same project, or bring one down to counted."
            )
    return None


def _together(a: Showing, b: Showing) -> bool:
    """Whether one could be told from the other: the same thing, or the same home and the same kind of value."""
    return a.thing == b.thing or (a.family == b.family != "" and not a.household.isdisjoint(b.household))


def _public(showing: Showing) -> bool:
    return Grade.OPEN in showing.grades


def _pseudonymous(showing: Showing) -> bool:
    return not showing.grades.isdisjoint((Grade.COMMONS, Grade.STREET))


def _two_projects(a: Showing, b: Showing) -> bool:
    both = _pseudonymous(a) and _pseudonymous(b)
    return both and a.commons is not None and b.commons is not None and a.commons != b.commons
