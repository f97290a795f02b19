"""Which kind of absence it is that others see nothing of her, in an owner's words: on her page and nowhere else.

Rule: of others it names no number and nobody; public pages keep their one sentence for all of these.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hub.core.absence import Absent, Why
from hub.core.grade import Grade
from hub.web.words import day_and_clock

_WORDS = {
    Why.FEW: "Fewer homes than needed show or count it around you.",
    Why.SILENT: "It has said nothing for hours.",
    Why.PLACE: "Its place is not given, or you keep it back.",
    Why.HOME: "It belongs to no home, and only homes are counted together.",
    Why.NAMELESS: "You have no name in the project now: bring the key of this epoch.",
    Why.LATER: "The last hours are not told yet, or too few of the others were heard in them.",
    Why.HELD: "Held back until a few more homes have come or gone: they are counted anew together.",
    Why.RESTS: "It rests.",
    Why.PAUSED: "You have paused it.",
}
_UNTIL = {
    Why.HELD: "Held back until {}: what is new counts from then on.",
    Why.PAUSED: "Paused: what it measures until {} stays at home.",
    Why.RESTS: "The homes it is counted with rest until {}.",
}
_CELL_RESTS = "Your area rests until {}."


def why(absent: Absent | None, grade: Grade, zone: ZoneInfo) -> str:
    """Why others see nothing of a value of this grade; empty when there is nothing to say."""
    if absent is None:
        return ""
    if absent.until is None or absent.why not in _UNTIL:
        return _WORDS[absent.why]
    on_the_street = absent.why is Why.RESTS and grade is Grade.STREET
    return (_CELL_RESTS if on_the_street else _UNTIL[absent.why]).format(day_and_clock(absent.until, zone))
