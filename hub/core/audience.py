"""Who asks. Rule: nobody in particular unless shown otherwise; an audience is an argument, never a global."""

from __future__ import annotations

from msgspec import Struct


class Audience(Struct, frozen=True):
    """Who asks (an XACML subject): a party or nobody, city staff or not, memberships, the stated purpose.

    `parties` are all that the asker may act as: himself, his households, the beings he is a guardian of.
    """

    party: int | None = None
    parties: frozenset[int] = frozenset()
    memberships: frozenset[int] = frozenset()
    staff: bool = False
    purpose: str | None = None


PUBLIC = Audience()
"""Nobody in particular."""
