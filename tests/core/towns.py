"""Homes for enrolment: a few cells near each other and one far away, and short ways to enrol and to close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import h3
import numpy as np
from hypothesis import strategies as st

from hub.core.blocks import NOBODY, Block, Chain, Epoch, Home
from hub.core.catalogue import ObservedProperty
from hub.core.enrolment import enrol
from hub.core.grade import DAY, Grade
from hub.core.observations import Values
from hub.core.regions import CITY
from hub.core.releases import CARRIED
from tests.core.world import CORNER, FAR

CENTRE = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 9)
CELLS = sorted(h3.grid_disk(CENTRE, 4))
ELSEWHERE = h3.latlng_to_cell(FAR.lat, FAR.lon, 9)
COUNTED = Chain(Grade.COUNTED)
CHAINS = [COUNTED, Chain(Grade.COMMONS, 900), Chain(Grade.STREET, 900, h3.cell_to_parent(CENTRE, 8))]
QUIET = ObservedProperty(
    id="quiet", name="Quiet", unit="1", family="x", low=-1e6, high=1e6, step_commons=1e-6, step_street=1.0
)
"""A property that is hardly rounded, so that tests see what was added up."""
KEY = b"the blocks of a test"

cells = st.sampled_from([*CELLS, ELSEWHERE, CITY, h3.cell_to_parent(CENTRE, 7)])


def home(number: int, cell: str = CENTRE, chain: Chain = COUNTED, datastreams: tuple[int, ...] | None = None) -> Home:
    """Home `number`, with the datastream 1000 + number unless said otherwise."""
    return Home(number, cell, chain, (1000 + number,) if datastreams is None else datastreams)


@st.composite
def towns(draw: st.DrawFn, *, most: int = 60, chains: Sequence[Chain] = CHAINS) -> list[Home]:
    """Up to `most` homes, many of them in few cells."""
    where = draw(st.lists(cells, min_size=1, max_size=8))
    count = draw(st.integers(0, most))
    return [home(n, draw(st.sampled_from(where)), draw(st.sampled_from(chains))) for n in range(count)]


def enrolled(homes: Sequence[Home], *, day: int = 0, previous: Epoch | None = None, k: int = 5, public_k: int = 8,
             key: bytes = KEY, more: int = 0) -> Epoch:  # fmt: skip
    """The epoch of a day; blocks of commons have `more` homes than `k` at least."""
    return enrol(
        observed=QUIET.id, where="outdoor", since=day * DAY, until=(day + 1) * DAY, homes=homes, k=k,
        public_k=public_k, k_of=lambda chain: k + more * (chain.commons > 0), key=key, previous=previous,
    )  # fmt: skip


def speaking(epoch: Epoch) -> list[Block]:
    """The blocks that do not rest."""
    return [b for b in epoch.blocks if b.number not in epoch.resting]


def counted(blocks: Iterable[Block]) -> Counter[int]:
    """How often each home counts."""
    return Counter(h for b in blocks for h in b.homes if h != NOBODY)


def steady(epoch: Epoch, value: dict[int, float] | None = None) -> Values:
    """Values for `close`: every home live in each window, with its number or what `value` says (NaN: never heard)."""
    homes = [h for b in epoch.blocks for h in b.homes]
    column = np.array([float(h) if value is None else value.get(h, np.nan) for h in homes], np.float64)
    return np.repeat(column[:, None], 1 + CARRIED, axis=1)
