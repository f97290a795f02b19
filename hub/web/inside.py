"""Outdoors or inside homes: two things that are never put together, whatever the property is called.

Rule: a page tells of one of them and says which; the other is a link away where it is shown at all.
"""

from __future__ import annotations

from msgspec import Struct
from starlette.requests import Request

from hub.settings import PropertySettings
from hub.web.context import Context
from hub.web.sentences import INDOORS


class Side(Struct, frozen=True):
    """What a page tells of: the property as it is called there; `other` leads to the other side (empty: not shown)."""

    observed: PropertySettings
    inside: bool
    other: str

    @property
    def parameter(self) -> str:
        """What keeps to this side in an address."""
        return "&where=indoor" if self.inside else ""


def side_of(context: Context, request: Request, observed: PropertySettings) -> Side:
    """The side that ``?where=indoor`` or ``?where=outdoor`` asks for, else outdoors if that is shown."""
    sides = context.shown_where().get(observed.id, frozenset())
    asked = {"indoor": True, "outdoor": False}.get(request.query_params.get("where", ""))
    inside = asked if asked is not None else sides == {True}
    other = ("outdoor" if inside else "indoor") if (not inside) in sides else ""
    return Side(_called(observed) if inside else observed, inside, other)


def _called(observed: PropertySettings) -> PropertySettings:
    """The same property inside homes, where no public instrument measures it."""
    short = f"{observed.short} indoors"
    name = (
        observed.name.replace(observed.short, short, 1)
        if observed.short in observed.name
        else f"{observed.name} indoors"
    )
    return observed.model_copy(update={"short": short, "name": name, "family": INDOORS})
