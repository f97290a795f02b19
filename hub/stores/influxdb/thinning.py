"""Thinning in the InfluxDB engine, a stretch of time and some datastreams at once.

Rule: what is left of a stretch stands in the bucket a second time (`new`) before the stretch goes and comes back
coarser; a mark (`swap`) says so. Whoever finds the mark finishes the work, so that a crash in between loses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from hub.core.grade import DAY
from hub.core.observations import Ints, Observations
from hub.core.store import Thinning
from hub.stores.influxdb.bucket import Bucket
from hub.stores.influxdb.coarser import changed, coarser, gone
from hub.stores.influxdb.flux import Asked, question
from hub.stores.influxdb.points import FIRST, LAST, NANO, odd_lines
from hub.stores.influxdb.rows import Finder
from hub.stores.influxdb.served import LEAST, MOST

ROWS = 200_000
"""About so many rows are put together at once."""
MANY = 20
"""So many datastreams or more go in one deletion, if there are no others."""
Step = Callable[[], tuple[Ints, int]]
"""A part of the work: which datastreams changed, and how many rows fewer there are."""
_State = tuple[int, int, int]
_ALL = 0
_NOBODY = np.empty(0, np.int32)


class Span(NamedTuple):
    """Datastreams to look at between two moments (µs)."""

    datastreams: Ints
    since: int
    until: int
    rows: int


class Thinner:
    """Remembers which stretches are as they should be: how many rows they have, and until when those are old."""

    def __init__(self, bucket: Bucket, finder: Finder) -> None:
        self._bucket = bucket
        self._finder = finder
        self._done: dict[int, dict[int, _State]] = {}

    def came(self, late: Ints) -> None:
        """Datastreams with rows that may have come into a stretch that was thinned."""
        for datastream in np.unique(late).tolist():
            self._done.pop(datastream, None)

    def forget(self) -> None:
        """Any of them may have."""
        self._done.clear()

    def steps(self, thinning: Thinning, known: Ints) -> Iterator[Step]:
        """What there is to do, one part after the other."""
        ids = np.intersect1d(thinning.datastream, known)
        if not len(ids):
            return
        yield lambda: self._odd(thinning, ids)
        window = int(thinning.window)
        for span in self._spans(thinning, ids, window * max(1, DAY // window)):
            left: Counter[int] = Counter()
            part = -(-(span.until - span.since) // window // (1 + span.rows // ROWS)) * window
            for since in range(span.since, span.until, part):
                yield partial(self._thin, thinning, span, since, min(since + part, span.until), left)
            yield partial(self._remember, thinning, span, left)

    def recover(self) -> None:
        """Finish what a crash left half done."""
        asked = Asked(0, 2, measurement="swap")
        flux = "\n".join(question(self._bucket.access.bucket, asked, f) for f in ("since", "until"))
        answer = self._bucket.ask(flux)
        if {"since", "until"} <= answer.keys():
            since, until = (
                dict(zip(answer[f]["ds"].tolist(), answer[f]["_value"].tolist(), strict=True))
                for f in ("since", "until")
            )
            kept = self._bucket.rows(None, FIRST, LAST, "new")
            self._exchange([(d, since[d], until[d]) for d in since], kept)
        self._clear()

    def _spans(self, t: Thinning, ids: Ints, span: int) -> Iterator[Span]:
        """Days, or whatever `span` is, that are not known to be as they should be."""
        until = min(LAST, int(max(t.raw.max(initial=FIRST), t.last.max(initial=FIRST))))
        order = np.argsort(t.datastream)
        for days in self._bucket.counts(ids.tolist(), until, span) if until > FIRST else []:
            w = days.windows
            at = order[np.searchsorted(t.datastream[order], w.datastream)]
            raw, last = (np.clip(age[at], w.start, w.start + span) for age in (t.raw, t.last))
            states = zip(days.count.tolist(), raw.tolist(), last.tolist(), strict=True)
            keys = zip(w.datastream.tolist(), w.start.tolist(), strict=True)
            known = [self._done.get(d, {}).get(start) == s for (d, start), s in zip(keys, states, strict=True)]
            todo = (np.maximum(raw, last) > w.start) & ~np.array(known, bool)
            for start in np.unique(w.start[todo]).tolist():
                mine = todo & (w.start == start)
                yield Span(w.datastream[mine], start, start + span, int(days.count[mine].sum()))

    def _thin(self, t: Thinning, span: Span, since: int, until: int, left: Counter[int]) -> tuple[Ints, int]:
        before = self._bucket.rows(span.datastreams.tolist(), max(since, FIRST), min(until, LAST))
        after = coarser(before, t)
        goes, differs = gone(before, after), changed(before, after)
        touched = np.union1d(before.datastream[goes], after.datastream[differs])
        if goes.any():
            self._swap(before, after, np.unique(before.datastream[goes]), since, until)
        self._bucket.store(after.take(differs))
        left.update(after.datastream.tolist())
        return touched, len(before) - len(after)

    def _swap(self, before: Observations, after: Observations, ids: Ints, since: int, until: int) -> None:
        """Exchange the rows of some datastreams; where nobody else has any, those of all that are there at once."""
        stretches = [(d, since, until) for d in ids.tolist()]
        kept = after.take(np.isin(after.datastream, ids))
        if len(ids) >= MANY and set(self._bucket.present(since, until).tolist()) <= set(before.datastream.tolist()):
            stretches, kept = [(_ALL, since, until)], after
        if len(kept):
            marks = (f"swap,ds={d} since={a}i,until={b}i 1\n" for d, a, b in stretches)
            self._bucket.store(kept, "new")
            self._bucket.write("".join(marks).encode())
        self._exchange(stretches, kept)
        if len(kept):
            self._clear()

    def _exchange(self, stretches: Iterable[tuple[int, int, int]], kept: Observations) -> None:
        for datastream, since, until in stretches:
            if datastream == _ALL:
                self._bucket.delete('_measurement="o"', since * NANO, until * NANO)
            else:
                self._bucket.delete_rows(datastream, since, until)
        self._bucket.store(kept)

    def _clear(self) -> None:
        for measurement in ("swap", "new"):
            self._bucket.delete(f'_measurement="{measurement}"', LEAST, MOST)

    def _remember(self, t: Thinning, span: Span, left: Counter[int]) -> tuple[Ints, int]:
        order = np.argsort(t.datastream)
        at = order[np.searchsorted(t.datastream[order], span.datastreams)]
        raw, last = (np.clip(age[at], span.since, span.until).tolist() for age in (t.raw, t.last))
        for d, r, gone_by in zip(span.datastreams.tolist(), raw, last, strict=True):
            self._done.setdefault(d, {})[span.since] = left[d], r, gone_by
        return _NOBODY, 0

    def _odd(self, thinning: Thinning, ids: Ints) -> tuple[Ints, int]:
        """Rows with odd times, which are few: each is changed or deleted where it stands."""
        before = self._finder.odd(ids.tolist())
        after = coarser(before, thinning)
        goes, differs = gone(before, after), changed(before, after)
        self._bucket.write(odd_lines(after.take(differs)))
        self._bucket.delete_odd(before.take(goes))
        touched = np.union1d(before.datastream[goes], after.datastream[differs])
        return touched.astype(np.int32), int(goes.sum())
