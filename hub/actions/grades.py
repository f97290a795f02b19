"""What an owner wishes: grades, ticks and pauses.

Rule: a cap is never passed, the strictest of several adults holds, a raise among several waits a day, and every change
is checked for one face in the transaction that writes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from hub.actions.commons import check_open, is_member, show_to
from hub.actions.results import ActionRefused, Graded
from hub.actions.rights import give_receipt, moment, speaks_for, stream_of, tell
from hub.core.grade import Grade
from hub.core.history import END, Span, grade_at, whole_days
from hub.core.one_face import Showing, conflict
from hub.core.receipts import Event, Matter
from hub.registry import Registry, Transaction
from hub.registry import tables as t
from hub.registry.grades import NOTICE, lapse, rest, settle, wish
from hub.registry.streams import Stream, read_streams

_AT_ONCE = 1_000
"""Steps that are made together lie so many µs apart at most."""


def set_grade(
    registry: Registry, datastream: int, grade: Grade, *, by: int | None = None, commons: int | None = None,
    until: int | None = None, ticks: Sequence[Span] = (), now: int | None = None,
) -> Graded:  # fmt: skip
    """Wish a grade for a datastream, from `now` (µs) on; with `until` (µs) it falls to `home` by itself then.

    `by` speaks for himself among those who decide; None is the operator, who has heard them all. `commons`: show it to
    this one (None: as before), until that ends at most: then it falls to `counted` by itself. `ticks`: past periods of
    arrival that the raise shall open too.

    Raises:
        ActionRefused: a cap, one face, a commons of which its owner is no member, or a tick stands against it.
    """
    now = moment(now)
    with registry.transaction() as tx:
        stream = stream_of(tx, registry.catalogue, datastream)
        speakers = speaks_for(tx, stream, by)
        _check_cap(stream, grade, now)
        target = _choose_commons(registry, tx, stream, grade, commons, now)
        for party in speakers:
            begins = wish(tx, stream, party, grade, now)
            _end_by_itself(tx, stream, party, grade, target, begins, until)
        held = settle(tx, stream, registry.street, now)
        after = check_face(registry, tx, stream, now)
        for period in ticks:
            _tick(tx, after, grade, period, by, now)
        registry.consents.follow(tx, [after], now)
        made = _graded(after, held, now)
        tell(tx, now, by, stream.owner, _words(stream, grade, waits=made.coming is not None))
    return made


def pause(
    registry: Registry, datastream: int, *, by: int | None = None, until: int = END, now: int | None = None
) -> None:
    """What is measured from now to `until` (µs) stays at home, for ever; the past stays as it is."""
    now = moment(now)
    with registry.transaction() as tx:
        stream = stream_of(tx, registry.catalogue, datastream)
        speaks_for(tx, stream, by)
        if until <= now:
            raise ActionRefused("time", "A pause ends later than it begins.")
        tx.connection.execute(insert(t.pauses).values(datastream=datastream, since=now, until=until))
        tx.changed()
        if grade_at(stream.history.steps, now) is Grade.STREET:
            rest(tx, stream, registry.street, now)
        ends = None if until >= END else until
        give_receipt(registry, tx, stream.owner, Event.PAUSED, _matter(stream, since=now, until=ends), now)
        tell(tx, now, by, stream.owner, f"paused {stream.named} of {stream.title}")


def unpause(registry: Registry, datastream: int, *, by: int | None = None, now: int | None = None) -> int:
    """End the pauses of a datastream; when (µs) that counts: among several adults a day later."""
    now = moment(now)
    with registry.transaction() as tx:
        stream = stream_of(tx, registry.catalogue, datastream)
        speaks_for(tx, stream, by)
        ends = now + NOTICE if len(tx.people.deciders(stream.owner)) > 1 else now
        p = t.pauses.c
        tx.connection.execute(
            update(t.pauses).where(p.datastream == datastream, p.since <= ends, p.until > ends).values(until=ends)
        )
        tx.changed()
        give_receipt(registry, tx, stream.owner, Event.UNPAUSED, _matter(stream, since=ends), now)
        tell(tx, now, by, stream.owner, f"ends the pause of {stream.named} of {stream.title}")
    return ends


def check_face(registry: Registry, tx: Transaction, stream: Stream, now: int) -> Stream:
    """One face, with all that could be put together with it; the datastream as it is after the change.

    Raises:
        ActionRefused: it would show a second one.
    """
    circle = {stream.owner} | tx.people.household(stream.owner)
    circle |= {p for p, homes in tx.people.households.items() if homes & circle}
    streams = {s.id: s for s in read_streams(tx, registry.catalogue, owners=circle)}
    after = streams.pop(stream.id)
    proposed = _showing(tx, after, now)
    if max(proposed.grades) > Grade.COUNTED:
        reason = conflict(proposed, (_showing(tx, other, now) for other in streams.values()))
        if reason is not None:
            raise ActionRefused("one_face", reason)
    return after


def _showing(tx: Transaction, stream: Stream, now: int) -> Showing:
    steps = stream.history.steps
    grades = {grade_at(steps, now), *(s.grade for s in steps if s.since > now)}
    return Showing(
        stream.thing, tx.people.household(stream.owner), stream.family,
        frozenset(min(g, stream.cap) for g in grades), stream.commons, f"{stream.title} {stream.named}",
    )  # fmt: skip


def _check_cap(stream: Stream, grade: Grade, now: int) -> None:
    if stream.closed and grade > grade_at(stream.history.steps, now):
        raise ActionRefused("closed", "This thing was closed: what it measured can be shown less, not more.")
    if grade <= stream.cap:
        return
    if not stream.property:
        why = "the hub does not know what it measures"
    elif stream.cap is Grade.HOME:
        why = "it says something about the thing or about people, and nothing about the neighbourhood"
    else:
        why = "indoors, and of meters, it would show when somebody is at home"
    raise ActionRefused(
        "cap", f"“{stream.named}” of {stream.title} can be {stream.cap.word} at most, because {why}. "
        "If it stands outdoors, say so on its page.",
    )  # fmt: skip


def _end_by_itself(
    tx: Transaction, stream: Stream, party: int, grade: Grade, commons: int | None, begins: int, until: int | None
) -> None:
    """Write down at once how a wish falls at its end, so that it does whether or not anybody is there."""
    if until is not None:
        if until <= begins:
            raise ActionRefused("time", "It ends before it begins: name a later day, or say nothing of an end.")
        lapse(tx, stream, party, Grade.HOME, until)
    if grade in (Grade.COMMONS, Grade.STREET) and commons is not None:
        ends = tx.connection.execute(select(t.commons.c.ends).where(t.commons.c.id == commons)).scalar()
        if ends is not None and begins < ends and (until is None or ends < until):
            lapse(tx, stream, party, Grade.COUNTED, ends)


def _graded(stream: Stream, held: Grade, now: int) -> Graded:
    ahead = [s for s in stream.history.steps if s.since > now + _AT_ONCE]
    coming = next((s for s in ahead if s.grade > held), None)
    top, since = (held, now) if coming is None else (coming.grade, coming.since)
    falls = next((s for s in ahead if s.since > since and s.grade < top), None)
    return Graded(
        stream.id, held, None if coming is None else coming.grade, None if coming is None else coming.since,
        None if falls is None else falls.grade, None if falls is None else falls.since,
    )  # fmt: skip


def _choose_commons(
    registry: Registry, tx: Transaction, stream: Stream, grade: Grade, commons: int | None, now: int
) -> int | None:
    """The commons that it is shown to from now on, if any."""
    target = stream.commons if commons is None else commons
    if target is None:
        if grade is Grade.COMMONS:
            raise ActionRefused("commons", "Say which project may see it: join one, then choose it here.")
        return None
    if grade in (Grade.COMMONS, Grade.STREET) or commons is not None:
        asked = check_open(tx, target, now)
        if not is_member(tx, target, stream.owner):
            raise ActionRefused("commons", "Join the project first.")
        if asked and stream.property not in asked:
            raise ActionRefused("commons", f"The project does not ask for “{stream.named}”.")
    if target != stream.commons:
        show_to(registry, tx, stream, target, now)
    return target


def _tick(tx: Transaction, stream: Stream, grade: Grade, period: Span, by: int | None, now: int) -> None:
    """Open a past period, once the raise holds."""
    several = len(tx.people.deciders(stream.owner)) > 1
    if grade in (Grade.SEALED, Grade.STREET):
        raise ActionRefused("tick", f"The past cannot be made {grade.word}: it holds from now on.")
    if several and by is not None:
        raise ActionRefused("tick", "The past of several adults is opened by all of them together, with the operator.")
    if period.since >= period.until or period.until > now:
        raise ActionRefused("tick", "A past period begins before it ends, and has ended.")
    period = whole_days(period, now)
    if period.since >= period.until:
        raise ActionRefused("tick", "What is older than a week is opened by whole days: name a longer period.")
    steps = stream.history.steps
    soonest = now + NOTICE if several else max([now, *(s.since for s in steps if s.since <= now + 1)])
    moments = [soonest, *(s.since for s in steps if s.since > soonest)]
    at = next((m for m in moments if grade_at(steps, m) >= grade), None)
    if at is None:
        raise ActionRefused("tick", "Others have not agreed yet: name past periods once they have.")
    a = t.appearances.c
    shown = select(a.until).where(a.datastream == stream.id)
    if grade is not Grade.OPEN:
        shown = shown.where(a.commons != stream.commons)
    if any(until is None or period.since < until for until in tx.connection.execute(shown).scalars()):
        raise ActionRefused("tick", "A project has seen readings of that time: nobody else may see them singly.")
    tx.connection.execute(
        insert(t.ticks).values(datastream=stream.id, at=at, since=period.since, until=period.until, grade=int(grade))
    )
    tx.changed()


def _matter(stream: Stream, *, since: int, until: int | None = None) -> Matter:
    return Matter(datastream=stream.id, observed=stream.property or stream.named, since=since, until=until)


def _words(stream: Stream, grade: Grade, *, waits: bool) -> str:
    when = ", from a day later unless somebody lowers it" if waits else ""
    return f"wished {grade.word} for {stream.named} of {stream.title}{when}"
