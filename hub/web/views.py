"""A view of the grade table in a resident's words."""

from __future__ import annotations

from hub.core.grade import DAY, HOUR, MINUTE, RELEASE_HOMES_INTIMATE, Kind, View
from hub.web.words import counted


def in_words(view: View) -> str:
    """What somebody with this view sees."""
    match view.kind:
        case Kind.NOTHING:
            return "nothing"
        case Kind.EXACT:
            return "everything, exactly"
        case Kind.NAMED:
            return "exact place, time and value, under the chosen name"
        case Kind.PSEUDONYM:
            return f"{_means(view)} under a name of that project, in an area, never the address"
        case Kind.NOBODY:
            kept = f", for {counted(view.lasts // DAY)} days" if view.lasts else ""
            homes = f"if at least {counted(view.homes)} homes there show it"
            return f"{_means(view)} of “somebody around here”, in a large area, {homes}{kept}"
        case Kind.RELEASE:
            homes = f"at least {counted(view.homes)} homes (energy, indoors: {RELEASE_HOMES_INTIMATE})"
            return f"only averages of {homes}"


def _means(view: View) -> str:
    if not view.window:
        return "values"
    span = "an hour" if view.window == HOUR else f"{view.window // MINUTE} minutes"
    return f"rounded means over {span}"
