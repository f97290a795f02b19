"""An owner's things in words: how they are, what they say, and what other eyes see of it, from the gate itself.

Rule: what others would see is read as they would read it, with their rights and not hers; nothing is imagined.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct, structs

from hub.core.absence import RECENT, Absences
from hub.core.audience import PUBLIC, Audience
from hub.core.charter import Charter
from hub.core.disclosed import Disclosed, OwnStream, OwnThing
from hub.core.face import Face
from hub.core.grade import DAY, HOUR, MINUTE, Grade, Kind
from hub.core.places import Place
from hub.core.query import Query
from hub.core.releases import band_words
from hub.settings import PropertySettings
from hub.web.absent import why
from hub.web.around import home_cell
from hub.web.between import INDOOR
from hub.web.context import Context
from hub.web.series import cadence
from hub.web.words import EN_DASH, MINUS, age, clock, day_and_clock, ended, figure, how_often, since_then, span

_LEAST_SILENCE = 30 * MINUTE
_PATIENCE = 4
"""A thing is silent when it has missed so many of its times."""
_HERSELF, _PROJECT = "You", "Your project"
_EXPOSURES = {"indoor": "indoors", "outdoor": "outdoors", "station": "a station away from homes"}


class Seen(Struct, frozen=True):
    """What one pair of eyes sees: a figure and what stands with it; an empty figure is nothing."""

    who: str
    figure: str = ""
    about: str = ""


class Stream(Struct, frozen=True):
    """One datastream on its owner's page.

    `capped` says why the grades above its cap are not to be had, `projects` which commons it can be shown to, `why` why
    others see nothing of it though they might.
    """

    own: OwnStream
    what: str
    latest: str
    eyes: tuple[Seen, ...]
    capped: str
    projects: tuple[Charter, ...] = ()
    why: tuple[str, ...] = ()


class Thing(Struct, frozen=True):
    """One thing on its owner's page; `silent` is when it was last heard (µs) if it misses its times."""

    own: OwnThing
    health: str
    silent: int | None
    streams: tuple[Stream, ...]


def own_things(context: Context, audience: Audience, now: int) -> list[Thing]:
    """All things of whoever asks.

    Raises:
        StoreUnavailable: the store cannot answer now.
    """
    things = context.gate.mine(audience)
    handles = frozenset(t.handle for t in things)
    day = context.gate.read(Query(things=handles, since=now - DAY), audience)
    newest = context.gate.read(Query(things=handles, newest=True), audience)
    others = _others(context, audience, things, now)
    joined = tuple(c for c in context.gate.charters(audience) if c.joined)
    told = [_with_projects(_thing(context, t, day, newest, others, now), joined) for t in things]
    return _with_reasons(context, audience, told)


def _with_projects(thing: Thing, joined: tuple[Charter, ...]) -> Thing:
    """The same with the commons that ask for each of its values."""
    streams = tuple(
        structs.replace(s, projects=tuple(c for c in joined if not c.properties or s.own.property in c.properties))
        for s in thing.streams
    )
    return structs.replace(thing, streams=streams)


def _with_reasons(context: Context, audience: Audience, things: list[Thing]) -> list[Thing]:
    """The same, and where others see nothing of what they might see, why."""
    blank = {
        s.own.datastream for t in things for s in t.streams
        if s.own.grade >= Grade.COUNTED and not all(e.figure for e in s.eyes)
    }  # fmt: skip
    reasons = context.gate.why_absent(blank, audience) if blank else {}
    return [
        structs.replace(t, streams=tuple(_with_reason(s, reasons.get(s.own.datastream), context) for s in t.streams))
        for t in things
    ]


def _with_reason(stream: Stream, reasons: Absences | None, context: Context) -> Stream:
    """Each reason once: that of her project, and that of everybody else."""
    if reasons is None:
        return stream
    blank = {e.who for e in stream.eyes if not e.figure}
    project = why(reasons.project, stream.own.grade, context.zone) if _PROJECT in blank else ""
    others = why(reasons.public, stream.own.grade, context.zone) if blank - {_PROJECT, _HERSELF} else ""
    if project and others and project != others:
        return structs.replace(stream, why=(f"{_PROJECT}: {_inside(project)}", f"The others: {_inside(others)}"))
    return structs.replace(stream, why=tuple(filter(None, [project or others])))


def _inside(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _others(context: Context, audience: Audience, things: Sequence[OwnThing], now: int) -> dict[str, Disclosed]:
    """What the others see of the properties that leave the home at all."""
    visible = frozenset(s.property for t in things for s in t.streams if s.grade >= Grade.COUNTED)
    asked = Query(properties=visible, since=now - RECENT)
    eyes = {
        _PROJECT: Audience(memberships=audience.memberships),
        "The city": Audience(staff=True),
        "A stranger": PUBLIC,
    }
    return {who: context.gate.as_seen(asked, whose, audience) for who, whose in eyes.items()}


def _thing(
    context: Context, thing: OwnThing, day: Disclosed, newest: Disclosed, others: dict[str, Disclosed], now: int
) -> Thing:  # fmt: skip
    rhythm = min((c for s in thing.streams if (c := _rhythm(day, s)) is not None), default=None)
    silent = _silent(thing, rhythm, now)
    order = list(context.properties)
    ordered = sorted(
        thing.streams, key=lambda s: (-s.grade, order.index(s.property) if s.property in order else len(order))
    )
    streams = tuple(_stream(context, thing, s, newest, others) for s in ordered)
    return Thing(thing, _health(thing, rhythm, silent, now, context.zone), silent, streams)


def _rhythm(day: Disclosed, stream: OwnStream) -> int | None:
    number = next((i for i, f in enumerate(day.faces) if f.datastream == stream.datastream), None)
    return None if number is None else cadence(day.of(number)[0])


def _silent(thing: OwnThing, rhythm: int | None, now: int) -> int | None:
    heard = thing.last_heard
    if heard is None or thing.closed is not None or now - heard <= max(_LEAST_SILENCE, _PATIENCE * (rhythm or HOUR)):
        return None
    return heard


def _health(thing: OwnThing, rhythm: int | None, silent: int | None, now: int, zone: ZoneInfo) -> str:
    if thing.closed is not None:
        return ended(thing.closed, zone)
    often = f"it usually speaks {how_often(rhythm)}" if rhythm else ""
    if thing.last_heard is None:
        return "Not heard yet. Look at its user name, password and topic."
    if silent is not None:
        usual = f"; {often}" if often else ""
        return f"Silent since {since_then(silent, now, zone)}{usual}. Look at its plug, then at its Wi-Fi."
    where = _EXPOSURES.get(thing.exposure or "", "nobody said where, so it counts as indoors")
    return f"Well. Heard {age(now - thing.last_heard)}{', ' + how_often(rhythm) if rhythm else ''}; {where}."


def _stream(
    context: Context, thing: OwnThing, stream: OwnStream, newest: Disclosed, others: dict[str, Disclosed]
) -> Stream:  # fmt: skip
    observed = context.properties.get(stream.property)
    number = next((i for i, f in enumerate(newest.faces) if f.datastream == stream.datastream), None)
    latest, place = "", None
    eyes = [Seen(_HERSELF)]
    if number is not None:
        time, value = newest.of(number)
        place = newest.faces[number].place
        if len(time):
            said = _said(float(value[-1]), observed, stream)
            latest = f"{said} at {clock(int(time[-1]), context.zone)}"
            eyes = [Seen(_HERSELF, said, day_and_clock(int(time[-1]), context.zone))]
    eyes += [_seen(who, shown, thing, stream, place, context) for who, shown in others.items()]
    what = observed.name if observed else stream.named
    return Stream(stream, what, latest or "nothing yet", tuple(eyes), _capped(thing, stream, observed))


def _said(value: float, observed: PropertySettings | None, stream: OwnStream) -> str:
    """A value exactly as its owner measured it."""
    text = f"{value:.6g}".replace("-", MINUS)
    unit = observed.symbol if observed else stream.unit or ""
    return f"{text} {unit}".strip()


def _seen(
    who: str, shown: Disclosed, thing: OwnThing, stream: OwnStream, place: Place | None, context: Context
) -> Seen:
    """What somebody else sees of this datastream: its own face, one shared with others around, or an average."""
    observed = context.properties.get(stream.property)
    if observed is None or stream.grade < Grade.COUNTED:
        return Seen(who)
    around = {kind: _around(place, shown, kind) for kind in (Kind.NOBODY, Kind.RELEASE)}
    faces = [(i, f) for i, f in enumerate(shown.faces) if f.property == stream.property]
    for i, face in sorted(faces, key=lambda one: one[1].kind, reverse=True):
        rows = shown.where(shown.face == i)
        if len(rows) and _is_of(face, thing, stream, around.get(face.kind)):
            return _as_shown(who, face, rows, observed, context.zone)
    return Seen(who)


def _around(place: Place | None, shown: Disclosed, kind: Kind) -> str | None:
    """The finest cell of a kind that a place lies in; None stands for the whole neighbourhood, too."""
    return home_cell(place, [f.cell for f in shown.faces if f.kind is kind and f.cell]) if place else None


def _is_of(face: Face, thing: OwnThing, stream: OwnStream, around: str | None) -> bool:
    """Whether a datastream is shown under a face."""
    match face.kind:
        case Kind.NAMED:
            return face.thing == thing.handle
        case Kind.PSEUDONYM:
            return face.name == stream.pseudonym
        case Kind.NOBODY:
            return stream.grade is Grade.STREET and around is not None and face.cell == around
        case Kind.RELEASE:
            return face.cell == around and (face.where == INDOOR) is (thing.exposure in (None, INDOOR))
        case _:
            return False


def _as_shown(who: str, face: Face, rows: Disclosed, observed: PropertySettings, zone: ZoneInfo) -> Seen:
    """The newest of a face; of an area, from the least to the most that it shows."""
    last = int(rows.time[-1])
    value = rows.value[rows.time == last] if face.kind is Kind.NOBODY else rows.value[-1:]
    ends = dict.fromkeys(figure(float(v), observed.decimals) for v in (np.min(value), np.max(value)))
    text = f"{EN_DASH.join(ends)} {observed.symbol}".strip()
    when = span(clock(last, zone), clock(last + face.window, zone)) if face.window else clock(last, zone)
    if face.kind is Kind.RELEASE:
        return Seen(who, text, f"an average of {band_words(int(rows.homes[-1]))} homes around, {when}")
    name = "somebody around here" if face.kind is Kind.NOBODY else face.name
    return Seen(who, text, f"as “{name}”, {when}")


def _capped(thing: OwnThing, stream: OwnStream, observed: PropertySettings | None) -> str:
    if observed is None:
        return "Not for something this hub does not know."
    if observed.cap == "home":
        return "Not for what a thing says about itself."
    if thing.exposure in (None, "indoor"):
        return "Not for anything indoors."
    return f"Not for {observed.short.lower()}: never further than {stream.cap.word}."
