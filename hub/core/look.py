"""Who looked at whose data: what the log writes for an owner to read.

Rule: every answer that shows more than everyone may see is told to those whose it is, and each is told of his own
alone: his datastreams and how many of his values. What a household reads of its own is nobody's business and is not
here; nor is what everyone may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from hub.core.audience import Audience
from hub.core.disclosed import Disclosed
from hub.core.grade import MINUTE, Kind
from hub.core.holdings import Datastream, Holdings
from hub.core.query import Query
from hub.core.regions import CITY
from hub.core.scope import Scope
from hub.core.store import Rows

_SECOND = 1_000_000
_EVER = Query()


class Looker(StrEnum):
    """In which role somebody looked."""

    MEMBER = "member"
    STAFF = "staff"
    OPERATOR = "operator"


_PRECISION = {Looker.MEMBER: 15 * MINUTE, Looker.STAFF: _SECOND, Looker.OPERATOR: _SECOND}
"""To what (µs) the time of a look is told. A member is a neighbour: his habits are his own, and two of his names in two
projects must not be found to belong together by the second."""


class Values(Struct, frozen=True, gc=False):
    """How many values of one datastream, and under which grade they were shown."""

    datastream: int
    grade: str
    rows: int


class Entry(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A look as it is written, without saying whose data it was at: whoever reads it knows.

    `number` counts each owner's entries from 1, so that none can be taken away unseen (0: not written yet). `who` is
    the looker's name in that `commons` (its handle) and empty otherwise; `at`, `since`, `until` are µs, the last two
    as asked (None: no bound). A look at regions names the property in `observed` and has no values.
    """

    number: int = 0
    at: int
    role: Looker
    who: str = ""
    purpose: str | None = None
    commons: str | None = None
    values: tuple[Values, ...] = ()
    observed: str | None = None
    regions: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None


class Look(Struct, frozen=True, gc=False):
    """One look at what is one `owner`'s; without one, at the averages of regions over several homes each."""

    owner: int | None
    entry: Entry


class Seen(Struct, frozen=True):
    """What an answer held that is not for everyone.

    `streams`: (owner, datastream) → how many rows, and the newest of their times (µs); `regions`: a property (with
    ``@indoor``) → its cells, rows and newest time, of averages nearer than everyone's.
    """

    streams: Mapping[tuple[int, int], tuple[int, int]] = MappingProxyType({})
    regions: Mapping[str, tuple[tuple[str, ...], int, int]] = MappingProxyType({})


NOTHING_SEEN = Seen()
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def body(look: Look, number: int) -> bytes:
    """What the log commits to: the entry, with its number, as JSON."""
    return _encoder.encode(msgspec.structs.replace(look.entry, number=number))


def entry(written: bytes | str) -> Entry:
    """An entry as it was written.

    Raises:
        msgspec.DecodeError: it is none; somebody has changed it.
    """
    return _decoder.decode(written)


def seen(rows: Rows, scope: Scope, shown: Disclosed, audience: Audience, holdings: Holdings) -> Seen:
    """What an answer shows of others that is not for everyone.

    In: what was found under the audience's scope, what is shown of it, and the holdings the scope was made from. A
    datastream that is shown but has no row here counts too: that it is there has been shown.
    """
    # Whoever may be shown averages nearer than everyone's; a membership that ended this moment counts still.
    near = audience.memberships or (audience.staff and audience.purpose)
    return Seen(_streams(rows, scope, holdings), _regions(shown) if near else {})


def looks(found: Seen, query: Query, audience: Audience, holdings: Holdings, now: int) -> list[Look]:
    """The looks that an answer is: one for each owner in it (and commons), one for each property of near averages.

    In: what `seen` gave. A member appears in each commons by the name that he has there and by none anywhere else; the
    times are as exact as his role allows.
    """
    names = holdings.called(audience.parties, now) if found.streams else {}
    streams = {d.id: d for d in holdings.datastreams} if found.streams else {}
    together: dict[tuple[int, int | None], list[Datastream]] = defaultdict(list)
    for owner, number in sorted(found.streams):
        together[owner, streams[number].commons].append(streams[number])
    told = []
    for (owner, project), own in together.items():
        commons = holdings.commons.get(project) if project is not None else None
        who = "" if project is None else names.get(project, "")
        values = tuple(Values(d.id, d.grade(now).word, found.streams[owner, d.id][0]) for d in own)
        handle = None if commons is None else commons.handle
        told.append(_look(owner, audience, query, now, Looker.MEMBER, who=who, commons=handle, values=values))
    role = Looker.STAFF if audience.staff and audience.purpose else Looker.MEMBER
    for observed, (cells, _, _) in sorted(found.regions.items()):
        told.append(_look(None, audience, query, now, role, observed=observed, regions=cells))
    return told


def looks_of_operator(streams: Iterable[tuple[Datastream, int]], query: Query, purpose: str, now: int) -> list[Look]:
    """The looks that an operator's own reading is: datastreams with how many rows of each he was given."""
    together: dict[int, list[Values]] = defaultdict(list)
    for d, rows in streams:
        together[d.owner].append(Values(d.id, d.grade(now).word, rows))
    nobody = Audience(purpose=purpose)
    return [
        _look(owner, nobody, query, now, Looker.OPERATOR, values=tuple(values))
        for owner, values in sorted(together.items())
    ]


def news(before: Seen, found: Seen) -> Seen:
    """Of a repeated answer: what of it was not in the one before (another count, a newer row, a datastream more)."""
    return Seen(
        {key: rows for key, rows in found.streams.items() if before.streams.get(key) != rows},
        {key: rows for key, rows in found.regions.items() if before.regions.get(key) != rows},
    )


def missing(numbers: Sequence[int]) -> list[int]:
    """The numbers that an owner's entries skip: somebody has taken them away, or she had them erased."""
    return sorted(set(range(min(numbers), max(numbers))) - set(numbers)) if numbers else []


def _streams(rows: Rows, scope: Scope, holdings: Holdings) -> dict[tuple[int, int], tuple[int, int]]:
    pseudonyms = [n for n, f in enumerate(scope.faces) if f.kind is Kind.PSEUDONYM]
    if not pseudonyms:
        return {}
    of = np.unique(scope.members["datastream"][np.isin(scope.members["face"], pseudonyms)])
    wanted = set(of.tolist())
    owner = {d.id: d.owner for d in holdings.datastreams if d.id in wanted}
    begin, end = (np.searchsorted(rows.datastream, of, side).tolist() for side in ("left", "right"))
    return {
        (owner[d], d): (last - first, int(rows.time[last - 1]) if last > first else 0)
        for d, first, last in zip(of.tolist(), begin, end, strict=True)
    }


def _regions(shown: Disclosed) -> dict[str, tuple[tuple[str, ...], int, int]]:
    """The releases in an answer, by property."""
    of: dict[str, list[int]] = defaultdict(list)
    for n, face in enumerate(shown.faces):
        if face.kind is Kind.RELEASE:
            of[face.property + ("@indoor" if face.where == "indoor" else "")].append(n)
    found = {}
    for observed, numbers in of.items():
        mine = np.isin(shown.face, numbers)
        cells = tuple(sorted(shown.faces[n].cell or CITY for n in numbers))
        found[observed] = cells, int(mine.sum()), int(shown.time[mine].max(initial=0))
    return found


def _look(owner: int | None, audience: Audience, query: Query, now: int, role: Looker, **more: Any) -> Look:  # noqa: ANN401 - an entry's other fields
    step = _PRECISION[role]
    told = Entry(
        at=now // step * step, role=role, purpose=audience.purpose,
        since=None if query.since == _EVER.since else query.since,
        until=None if query.until == _EVER.until else query.until, **more,
    )  # fmt: skip
    return Look(owner, told)
