"""What grows old: raw readings become quarter-hourly means, those go, and so does what was written beside them.

Rule: how long something is kept goes by the grade that holds now, and is the same wherever it is asked; what was shown
to anybody does not change by it (`hub.core.store.Thinning`), and releases stay.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hub.core.catalogue import Catalogue
from hub.core.grade import DAY, MINUTE, Grade
from hub.core.history import BEGINNING, History
from hub.core.holdings import Datastream, Holdings
from hub.core.store import Store, Thinning
from hub.registry import Registry
from hub.settings import RetentionSettings

QUARTER = 15 * MINUTE


def thinning(holdings: Holdings, catalogue: Catalogue, kept: RetentionSettings, now: int) -> Thinning:
    """How old the rows of every datastream may be at `now` (µs)."""
    streams = holdings.datastreams
    cuts = [(d.id, moment) for d in streams for moment in _cuts(d.history)]
    return Thinning(
        window=QUARTER,
        datastream=np.array([d.id for d in streams], np.int32),
        raw=np.array([before(now, kept.raw(d.grade(now).word)) for d in streams], np.int64),
        last=np.array([before(now, kept.means(d.grade(now).word)) for d in streams], np.int64),
        late=np.array([QUARTER + _watermark(d, catalogue) for d in streams], np.int64),
        cut_datastream=np.array([d for d, _ in cuts], np.int32),
        cut=np.array([moment for _, moment in cuts], np.int64),
    )


def before(now: int, days: int) -> int:
    """The moment (µs) before which something is too old; a whole day (UTC), so that it is done once a day."""
    return (now - days * DAY) // DAY * DAY if days else BEGINNING


def thin(registry: Registry, store: Store, kept: RetentionSettings, now: int) -> str:
    """Make old rows coarser and let very old ones go; in words, how many fewer there are."""
    fewer = store.thin(thinning(registry.holdings(), registry.catalogue, kept, now))
    return f"{fewer:,} rows fewer" if fewer else ""


def tidy(registry: Registry, kept: RetentionSettings, now: int) -> str:
    """Let go what the registry no longer needs; in words, what went."""
    sealed = before(now, kept.means(Grade.SEALED.word))
    gone = registry.forget_old(
        now, readings=before(now, kept.raw_days), sealed=sealed, log=before(now, kept.log_days),
        quarantine=before(now, kept.quarantine_days),
    )  # fmt: skip
    return ", ".join(f"{count} {what}" for what, count in gone.items() if count)


def words(kept: RetentionSettings) -> str:
    """How long things are kept, for the operator."""
    usual = _words(kept.raw_days, kept.quarter_hours_days)
    others = [
        f"{g.word}: {_words(kept.raw(g.word), kept.means(g.word))}"
        for g in Grade
        if (kept.raw(g.word), kept.means(g.word)) != (kept.raw_days, kept.quarter_hours_days)
    ]
    return "; ".join([usual, *others])


def _words(raw: int, means: int) -> str:
    if not raw and not means:
        return "raw for ever"
    if not raw or (means and means <= raw):
        return f"raw {means} days, then gone"
    return f"raw {raw} days, quarter-hourly {f'{means} days' if means else 'for ever'}"


def _cuts(history: History) -> Iterator[int]:
    """The moments of arrival at which what a reading may be known as changes."""
    yield from (s.since for s in history.steps if s.since > BEGINNING)
    for tick in history.ticks:
        yield from (tick.at, tick.since, tick.until)


def _watermark(stream: Datastream, catalogue: Catalogue) -> int:
    observed = catalogue.get(stream.property)
    return 30 * MINUTE if observed is None else observed.watermark
