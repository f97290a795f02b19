"""What whole days of looking bring together: every number that anybody was shown, hour by hour.

Rule: the attacker forgets nothing. A number that was shown once counts, even if it is gone an hour later; and a number
that becomes another one is a finding by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import h3
import numpy as np
from numpy.typing import NDArray

from hub.core.audience import PUBLIC, Audience
from hub.core.blocks import Chain, Level, Where, span
from hub.core.catalogue import Catalogue
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from hub.core.history import Step, grade_at
from hub.core.regions import CITY
from tests.attacks.explain import Explained, Figure, Ledger, Reading
from tests.attacks.figures import SIZE, THOROUGH
from tests.attacks.story import begin, churn
from tests.attacks.town import CATALOGUE, DUST, NOISE, POWER, town

BEFORE = 8
"""Hours before midnight in which things are heard already: who comes new into an epoch has to be."""


OUTSIDE = Catalogue([DUST, NOISE, POWER])


SHORTEST = {Kind.RELEASE: HOUR, Kind.NOBODY: HOUR, Kind.PSEUDONYM: 15 * MINUTE}
"""The shortest window of what is not somebody's own and not a public instrument's."""


class Viewer(NamedTuple):
    """Somebody who looks, and at which level averages are told to him."""

    word: str
    level: Level
    audience: Audience


@dataclass
class Days:
    """Everything that was seen over all those hours, and what was said."""

    ledger: Ledger
    figures: set[Figure] = field(default_factory=set)
    singly: dict[str, set[tuple[str, Reading]]] = field(default_factory=lambda: defaultdict(set))
    """Who looked → of which property he saw which home's window on its own."""
    changed: int = 0
    """Numbers that were another when they were looked at again."""
    odd: int = 0
    """Values shown singly that nobody had said."""
    early: int = 0
    """Rows that were shown before their window had closed and waited for what is late."""
    fine: int = 0
    """Places that were shown finer than the index's resolution 9, or exactly."""
    explained: dict[Figure, Explained | None] = field(default_factory=dict)
    wishes: dict[tuple[int, str], tuple[Step, ...]] = field(default_factory=dict)
    """A home and a property, outdoors → what its owner wished through time, as the registry knows it."""

    def audits(
        self, viewers: Iterable[str], levels: Iterable[Level], observed: str, *, apart: bool = True
    ) -> list[Audit]:
        """What these viewers have together of one property: one audit an epoch, or with `apart` False one of all days.

        Indoors and outdoors are two properties.
        """
        levels = set(levels)
        seen = {r for v in viewers for o, r in self.singly[v] if o == observed}
        told: dict[tuple[Where, int], list[Explained]] = defaultdict(list)
        for f, e in self.explained.items():
            if e is not None and f.observed == observed and f.level in levels:
                told[f.where, e.epoch if apart else 0].append(e)
        return [self._audit(observed, where, epoch, some, seen) for (where, epoch), some in sorted(told.items())]

    def _audit(self, observed: str, where: Where, epoch: int, told: list[Explained], seen: set[Reading]) -> Audit:
        if where == "indoor":
            return Audit(told, set(), set(), set())
        if epoch:
            # Values are constant for an epoch: what comparing days may tell is attack 25.
            seen = {(h, start) for h, start in seen if self._epoch(observed, start) == epoch}
        shown = self._shown(observed, seen)
        return Audit(told, seen, self._known(observed, seen, shown), {home for home, _ in shown})

    @staticmethod
    def _epoch(observed: str, start: int) -> int:
        return span(CATALOGUE.properties[observed], "outdoor", start)[0]

    def _shown(self, observed: str, seen: set[Reading]) -> set[tuple[int, int]]:
        """The homes that these viewers may see singly, each with the epoch.

        Those of which they saw something, and those alike to them that had only spoken too late for the quarter of an
        hour: their owners had wished `commons` or more when the epoch began, whatever the hub's list says.
        """
        found = {(home, self._epoch(observed, start)) for home, start in seen}
        owner = self.ledger.party_of
        for (prop, where, epoch), enrolled in self.ledger.enrolled.items():
            if (prop, where) != (observed, "outdoor"):
                continue
            chains: dict[Chain, set[int]] = defaultdict(set)
            for block in enrolled.epoch.blocks:
                chains[block.chain] |= {owner[min(m)] for m in block.members if m}
            for homes in chains.values():
                if any((home, epoch) in found for home in homes):
                    found |= {(h, epoch) for h in homes if self._wished(h, observed, epoch) >= Grade.COMMONS}
        return found

    def _wished(self, home: int, observed: str, moment: int) -> Grade:
        return grade_at(self.wishes.get((home, observed), ()), moment)

    def _known(self, observed: str, seen: set[Reading], shown: set[tuple[int, int]]) -> set[Reading]:
        """What these viewers have seen singly or may see so: all of those homes that did not wish for less."""
        owner = self.ledger.party_of
        return seen | {
            (owner[stream], start)
            for (stream, start), one in self.ledger.in_time.items()
            if one.observed == observed and (one.wish is None or one.wish >= Grade.COMMONS)
            and (owner[stream], self._epoch(observed, start)) in shown
        }  # fmt: skip


class Audit:
    """The rows of some viewers who tell each other everything."""

    def __init__(self, told: list[Explained], seen: set[Reading], known: set[Reading], visible: set[int]) -> None:
        """`seen` were shown, `known` may be; `visible` are the homes of both."""
        self.visible = visible
        homes = {h for e in told for h in e.homes} | self.visible
        readings = {r for e in told for r in e.readings} | seen
        self.homes: dict[Hashable, int] = {h: n for n, h in enumerate(sorted(homes))}
        self.readings: dict[Hashable, int] = {r: n for n, r in enumerate(sorted(readings))}
        self.by_home = _matrix([*(e.homes for e in told), *({h} for h in self.visible)], self.homes)
        self.by_reading = _matrix([*(e.readings for e in told), *({r} for r in seen)], self.readings)
        self.hidden = {n for h, n in self.homes.items() if h not in self.visible}
        self.unseen = {n for r, n in self.readings.items() if r not in known}

    def called(self, columns: Collection[int]) -> set[Hashable]:
        """The homes of these columns."""
        return {home for home, n in self.homes.items() if n in columns}


def days(folder: Path, homes: int = SIZE.homes, windows: int = SIZE.windows) -> Days:
    """Live through `windows` hours, everybody looking after each of them."""
    with town(folder, catalogue=OUTSIDE) as made:
        story = begin(made, homes)
        ledger = Ledger(story)
        for _ in story.hours(-BEFORE, BEFORE):
            pass
        found = Days(ledger)
        a, b = (next(d.party for d in story.devices[n:] if made.grade(d, "dust")) for n in (0, 1))
        viewers = [
            Viewer("everybody", "public", PUBLIC),
            Viewer("the city", "near", made.audience(story.staff, "air in the streets")),
            Viewer("a member of A", "near", made.audience(a)),
            Viewer("a member of B", "near", made.audience(b)),
            Viewer("a project of one", "near", made.audience(story.of_one)),
        ]
        for hour, _ in enumerate(story.hours(0, windows)):
            made.releaser.step()
            ledger.look()
            for n, viewer in enumerate(viewers):
                if THOROUGH or n == 0 or hour % 2 == n % 2:
                    scrape(found, viewer)
            churn(story, hour)
        steps = {d.id: d.history.steps for d in made.registry.holdings().datastreams}
        found.wishes = {(d.party, o): steps[s] for d in (*story.devices, *story.gone) for o, s in d.streams.items()}
        found.explained = {f: ledger.explain(f) for f in sorted(found.figures)}
        return found


def scrape(found: Days, viewer: Viewer) -> None:
    """Read everything, as this viewer."""
    made = found.ledger.story.town
    shown = made.read(viewer.audience)
    known = {f[:5]: f.value for f in found.figures}
    faces = shown.faces
    for number, time, value in zip(shown.face.tolist(), shown.time.tolist(), shown.value.tolist(), strict=True):
        face = faces[number]
        if face.kind not in (Kind.EXACT, Kind.NAMED):
            watermark = CATALOGUE.properties[face.property].watermark
            found.early += time + face.window + watermark > made.now or face.window < SHORTEST[face.kind]
            found.fine += face.place is not None or (face.cell is not None and h3.get_resolution(face.cell) > 9)
        if face.kind is Kind.RELEASE:
            where: Where = "indoor" if face.where == "indoor" else "outdoor"
            figure = Figure(face.property, where, viewer.level, face.cell or CITY, time, value)
            found.changed += known.get(figure[:5], value) != value
            found.figures.add(figure)
        elif face.kind is not Kind.EXACT:
            one = found.ledger.by_value.get((face.property, round(value, 6)))
            found.odd += one is None
            if one is not None:
                found.singly[viewer.word].add((face.property, one))


def _matrix(rows: Iterable[Collection[Hashable]], columns: Mapping[Hashable, int]) -> NDArray[np.int64]:
    rows = list(rows)
    made = np.zeros((len(rows), len(columns)), np.int64)
    for i, row in enumerate(rows):
        made[i, [columns[c] for c in row]] = 1
    return made
