"""What the pages say: figures, ages, times and sentences, made from disclosed numbers alone.

Rule: short, warm, exact, no jargon. Pure functions; whatever they need is an argument. Times are µs since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.settings import PropertySettings

NOTHING_HERE = "Nothing is shown here: too few homes, or they rest."
"""The one sentence for every absence that depends on people (privacy: absences look alike)."""
MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNT = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_FOR_EVER = 36_500 * DAY
_PARTS = ((5, "night"), (12, "morning"), (18, "afternoon"), (24, "evening"))


def local(moment: int, zone: ZoneInfo) -> datetime:
    """A moment on the neighbourhood's clock."""
    return (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)


def moment_of(at: datetime) -> int:
    """The moment (µs) of an aware datetime."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def clock(moment: int, zone: ZoneInfo) -> str:
    """``19:05``."""
    return f"{local(moment, zone):%H:%M}"


def span(low: str, high: str) -> str:
    """From one to the other, with the dash of a range."""
    return f"{low}{EN_DASH}{high}"


def hour_span(start: int, zone: ZoneInfo) -> str:
    """The hour that begins at `start`, from clock to clock."""
    return span(clock(start, zone), clock(start + HOUR, zone))


def day_and_clock(moment: int, zone: ZoneInfo) -> str:
    """``Sun 22 Nov, 19:05``."""
    at = local(moment, zone)
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M}"


def date(moment: int, zone: ZoneInfo) -> str:
    """``12 March 2026``."""
    at = local(moment, zone)
    return f"{at.day} {at:%B} {at.year}"


def part_of_day(moment: int, zone: ZoneInfo) -> str:
    """``night``, ``morning``, ``afternoon`` or ``evening``."""
    hour = local(moment, zone).hour
    return next(word for before, word in _PARTS if hour < before)


def this_part_of_day(moment: int, zone: ZoneInfo) -> str:
    """``this morning``, ``tonight`` …."""
    part = part_of_day(moment, zone)
    return "tonight" if part == "night" else f"this {part}"


def since_then(moment: int, now: int, zone: ZoneInfo) -> str:
    """A moment in the past as one says it today: ``16:05``, ``yesterday, 16:05``, ``12 March 2026``."""
    days = (local(now, zone).date() - local(moment, zone).date()).days
    if days <= 0:
        return clock(moment, zone)
    return f"yesterday, {clock(moment, zone)}" if days == 1 else date(moment, zone)


def ended(moment: int, zone: ZoneInfo) -> str:
    """That something is its owner's no more, but for what it measured."""
    return f"Handed over or given up on {day_and_clock(moment, zone)}; what it measured until then is still yours."


def at_then(moment: int, now: int, zone: ZoneInfo) -> str:
    """When something was, inside a sentence: ``at 16:05``, ``yesterday at 16:05``, ``on 12 March 2026``."""
    days = (local(now, zone).date() - local(moment, zone).date()).days
    if days <= 1:
        return f"{'yesterday ' if days == 1 else ''}at {clock(moment, zone)}"
    return f"on {date(moment, zone)}"


def pause_end(until: int, now: int, zone: ZoneInfo) -> str:
    """Until when a pause lasts: ``19:05``, ``Sun 22 Nov, 19:05``, or until somebody ends it."""
    if until - now > _FOR_EVER:
        return "somebody ends it"
    same_day = local(until, zone).date() == local(now, zone).date()
    return clock(until, zone) if same_day else day_and_clock(until, zone)


def age(length: int) -> str:
    """How long ago: ``just now``, ``4 min ago``, ``2 hours ago``, ``3 days ago``."""
    if length < MINUTE:
        return "just now"
    if length < HOUR:
        return f"{length // MINUTE} min ago"
    count, unit = (length // HOUR, "hour") if length < 2 * DAY else (length // DAY, "day")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def how_often(length: int) -> str:
    """A cadence: ``every minute``, ``every 5 minutes``, ``every 2 hours``."""
    for unit, one in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        count = round(length / one)
        if length >= one:
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    return "several times a minute"


def rounded(value: float, decimals: int) -> float:
    """A value as it is shown, halves away from zero; never minus nought."""
    step = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP)) + 0.0


def figure(value: float, decimals: int) -> str:
    """A value in figures, with a true minus, not a hyphen."""
    shown = rounded(value, decimals)
    return f"{MINUS if shown < 0 else ''}{abs(shown):.{decimals}f}"


def difference(value: float, decimals: int) -> str:
    """A difference from usual, with its sign: ``+2``, ``±0``."""
    shown = rounded(value, decimals)
    return f"±{0:.{decimals}f}" if shown == 0 else f"{MINUS if shown < 0 else '+'}{abs(shown):.{decimals}f}"


def counted(number: int) -> str:
    """A small number in words: ``two``; from thirteen on in figures."""
    return _COUNT[number] if number < len(_COUNT) else str(number)


def listed(things: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return ", ".join(things[:-1]) + " and " + things[-1] if len(things) > 1 else "".join(things)


def class_of(observed: PropertySettings, value: float) -> str:
    """The standard's word for a value (``low``); empty where no standard has words."""
    classes = observed.classes
    if classes is None or classes.words is None:
        return ""
    number = sum(value > step for step in classes.steps)
    return classes.words[number] if number < len(classes.words) else ""


def never_alone(observed: PropertySettings) -> bool:
    """Whether a cap that depends on no person keeps every single value of this from everybody outside its home."""
    closed = (Grade.HOME.word, Grade.COUNTED.word)
    return observed.cap in closed and observed.station_cap in (None, *closed)


def lower(name: str) -> str:
    """A property's name inside a sentence: ``fine dust (PM2.5)``, but ``CO2``."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def against_usual(observed: PropertySettings, value: float, usual: float | None) -> str:
    """How a value stands to what is usual at its hour; empty when not enough is known to say."""
    if usual is None:
        return ""
    apart = rounded(value, observed.decimals) - rounded(usual, observed.decimals)
    # What is told in steps cannot be told apart by less than half of one.
    little = max([observed.step_street / 2, *(s for s in observed.usual_steps if s > 0)][:2])
    if abs(apart) <= little:
        return "as usual at this hour"
    return f"{figure(abs(apart), observed.decimals)} {'more' if apart > 0 else 'less'} than usual at this hour"
