"""The sentence at the head of each page: one answer, made from disclosed numbers.

Rule: its number is the hero, so it comes apart in four: what is before it, the number, its unit, what is after it.
Without a number the whole sentence is `before`.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from hub.core.disclosed import OwnThing
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.settings import PropertySettings
from hub.web.series import Series
from hub.web.words import (
    NOTHING_HERE,
    against_usual,
    at_then,
    class_of,
    counted,
    figure,
    listed,
    local,
    lower,
    never_alone,
    part_of_day,
    since_then,
    span,
    this_part_of_day,
)  # fmt: skip

INDOORS = "indoors"
"""The family of what is told of the insides of homes."""
_CLEAN = ("very low", "low")
_WARMTHS = {"air_temperature": "In {place} it is", "water_temperature": "The water in {place} has"}
_LEAVES = {
    Grade.COUNTED: "in averages",
    Grade.COMMONS: "to your project",
    Grade.STREET: "as “somebody around here”",
    Grade.OPEN: "as a public instrument",
}


class Sentence(Struct, frozen=True):
    """A sentence in four parts; `number` is empty when there is none to tell."""

    before: str
    number: str = ""
    unit: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """The sentence as it is read aloud."""
        return " ".join(part for part in (self.before, self.number, self.unit, self.after) if part)


def now_sentence(
    observed: PropertySettings, place: str, value: float | None, usual: float | None, hour: int, now: int,
    zone: ZoneInfo,
) -> Sentence:  # fmt: skip
    """How it is now: `value` of the closed hour that began at `hour` (µs), `usual` the same hour of other days."""
    if value is None:
        return _nothing(observed, f"in {place} now")
    fresh = now - hour < 3 * HOUR
    when = this_part_of_day(now, zone) if fresh else at_then(hour + HOUR, now, zone)
    before = _opening(observed, place, class_of(observed, value), when, fresh=fresh)
    after = against_usual(observed, value, usual)
    return _told(observed, before, value, after)


def over_time_sentence(observed: PropertySettings, series: Series, what: str, zone: ZoneInfo) -> Sentence:
    """What happened in a stretch of time; `what` names it: ``hour``, ``day``, ``week`` or ``time``."""
    known = series.known()
    if not known:
        return _nothing(observed, _stretch(what))
    last, first = known[-1][1], known[0][1]
    if what == "hour":
        return _told(observed, f"{_change(observed, first, last)} in the last hour: it is", last, "")
    at, most, low, high = series.summit()
    if high is not None and low is not None and most > high + _notable(observed):
        usual = f"where {span(figure(low, observed.decimals), figure(high, observed.decimals))} is usual"
        when = _when(at, series, zone)
        return _told(observed, f"{_mostly(observed, series)} {_stretch(what)}, but {when} it rose to", most, usual)
    values = [v for _, v in known]
    between = f"{figure(min(values), observed.decimals)} and {figure(max(values), observed.decimals)}"
    ended = "it is" if what in ("day", "week") else "at the end it was"
    if figure(min(values), observed.decimals) == figure(max(values), observed.decimals):
        return _told(observed, f"{observed.short} stayed the same {_stretch(what)}: {ended}", last, "")
    return _told(observed, f"{observed.short} stayed between {between} {_stretch(what)}: {ended}", last, "")


def mine_sentence(
    things: Sequence[OwnThing], silent: Sequence[tuple[str, int]], now: int, zone: ZoneInfo, *, sealing: int = 0
) -> str:
    """What leaves an owner's home; `silent` are names and when each was last heard (µs), `sealing` how many seal."""
    grades = [s.grade for t in things for s in t.streams]
    if not grades:
        sealed = "Your things seal what they measure: only your household opens it."
        return sealed if sealing else "None of your things has been heard yet."
    leaving = [g for g in grades if g > Grade.HOME]
    all_of_them = f"Of your {counted(len(grades))} values" if len(grades) > 1 else "Of your one value"
    if not leaving:
        told = f"{all_of_them} none leaves your home."
    else:
        ways = [f"{counted(leaving.count(g))} {_LEAVES[g]}" for g in sorted(_LEAVES, reverse=True) if g in leaving]
        verb = "leaves" if len(leaving) == 1 else "leave"
        told = f"{all_of_them} {counted(len(leaving))} {verb} your home: {listed(ways)}."
    for name, heard in silent[:2]:
        told += f" {name} has been silent since {since_then(heard, now, zone)}."
    more = len(silent) - 2
    return told + (f" {counted(more).capitalize()} more {'is' if more == 1 else 'are'} silent too." if more > 0 else "")


def greeting(name: str, now: int, zone: ZoneInfo) -> str:
    """``Good evening, Hana``."""
    part = part_of_day(now, zone)
    return f"Good {'evening' if part == 'night' else part}{', ' + name if name else ''}"


def _nothing(observed: PropertySettings, when: str) -> Sentence:
    """Nothing to tell: of people nothing more is said; what nobody may ever see is said openly."""
    if never_alone(observed):
        return Sentence(f"{observed.name} is never shown on its own: nobody outside a household sees a value of it.")
    return Sentence(f"{observed.short} {when}: {NOTHING_HERE[0].lower()}{NOTHING_HERE[1:]}")


def _told(observed: PropertySettings, before: str, value: float, after: str) -> Sentence:
    """Put together, with the full stop at its end and a comma where the sentence goes on."""
    unit = observed.symbol
    if not unit:
        return Sentence(before, figure(value, observed.decimals), "", f"{after}." if after else "")
    return Sentence(
        before, figure(value, observed.decimals), f"{unit}{',' if after else '.'}", f"{after}." if after else ""
    )


def _opening(observed: PropertySettings, place: str, word: str, when: str, *, fresh: bool) -> str:
    is_ = "is" if fresh else "was"
    if observed.family == "air" and word in _CLEAN:
        return f"The air in {place} {is_} clean {when}: {lower(observed.short)}"
    if word:
        return f"{observed.short} in {place} {is_} {word} {when}:"
    if fresh and observed.id in _WARMTHS and observed.family != INDOORS:
        return _WARMTHS[observed.id].format(place=place)
    return f"{observed.short} in {place} {when}:"


def _stretch(what: str) -> str:
    return {"hour": "in the last hour", "day": "all day", "week": "all week"}.get(what, "in this time")


def _notable(observed: PropertySettings) -> float:
    """How far above the usual range a value must be to be worth a sentence."""
    above = [s for s in observed.usual_steps if s > 0]
    return above[1] if len(above) > 1 else 10.0**-observed.decimals


def _change(observed: PropertySettings, first: float, last: float) -> str:
    above = [s for s in observed.usual_steps if s > 0]
    if abs(last - first) <= (above[0] if above else 10.0**-observed.decimals):
        return f"{observed.short} has hardly changed"
    return f"{observed.short} {'rose' if last > first else 'fell'} from {figure(first, observed.decimals)}"


def _mostly(observed: PropertySettings, series: Series) -> str:
    middle = series.middle()
    word = class_of(observed, middle)
    return f"{observed.short} was mostly {word or 'about ' + figure(middle, observed.decimals)}"


def _when(at: int, series: Series, zone: ZoneInfo) -> str:
    if series.until - series.since <= DAY + HOUR:
        return f"at {local(at, zone):%H:%M}"
    if series.until - series.since <= 8 * DAY:
        return f"on {local(at, zone):%A} {part_of_day(at, zone)}"
    return f"on {local(at, zone).day} {local(at, zone):%B}"


def thing_sentence(
    name: str, observed: PropertySettings, value: float, time: int, now: int, zone: ZoneInfo
) -> Sentence:  # fmt: skip
    """What a public instrument says: its newest value, and from when."""
    when = "just now" if now - time < 3 * MINUTE else at_then(time, now, zone)
    return _told(observed, f"{name} measured {lower(observed.short)} {when}:", value, "")
