"""Attacks 3 and 4: to be several of the five, by puppets, by a second name, or by values of one's own choosing."""

from __future__ import annotations

from collections.abc import Iterator

import h3
import numpy as np
import pytest
from numpy.typing import NDArray

from hub import actions
from hub.core.audience import PUBLIC
from hub.core.blocks import Chain, Epoch, Home
from hub.core.catalogue import ObservedProperty, PartyKind
from hub.core.enrolment import enrol
from hub.core.grade import DAY, Grade
from hub.core.regions import number_of
from hub.core.releases import close, home_values, seats
from tests.attacks.auditor import solved
from tests.attacks.explain import Ledger
from tests.attacks.figures import SIZE, Figures
from tests.attacks.scrapes import OUTSIDE, Days, Viewer, scrape
from tests.attacks.story import Story
from tests.attacks.town import CORNER, MIDNIGHT, Device, Town, town

HONEST, PUPPETS, HOURS = 18, 12, 4
LOUDNESS = ObservedProperty(
    id="noise", name="Noise", unit="dB[SPL]", family="noise", cap=Grade.STREET, low=0, high=140, release_low=30,
    release_high=90, release_spread=6, release_step=1e-6,
)  # fmt: skip
CELL = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 9)
BESIDE = h3.grid_ring(CELL, 1)[0]
COUNTED = Chain(Grade.COUNTED)
Values = NDArray[np.float64]


@pytest.fixture(scope="module")
def let(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Days, set[int]]]:
    """Eighteen homes; a landlord vouches for twelve puppets among them, and half of the homes have two names."""
    with town(tmp_path_factory.mktemp("let"), catalogue=OUTSIDE) as made:
        story = Story(made)
        with made.registry.transaction():
            landlord = made.person()
            theirs = [made.person(vouched_by=landlord, at_home=False) for _ in range(PUPPETS)]
            story.devices = [counted(made, p) for p in (landlord, *theirs)]
            for n in range(HONEST):
                story.devices += two_names(made) if n % 2 else [counted(made, made.person())]
        days = Days(Ledger(story))
        for _ in story.hours(-8, 8):
            pass
        for _ in story.hours(0, HOURS):
            made.releaser.step()
            days.ledger.look()
            scrape(days, Viewer("everybody", "public", PUBLIC))
        days.explained = {f: days.ledger.explain(f) for f in days.figures}
        yield days, {landlord, *theirs}


def counted(made: Town, party: int) -> Device:
    device = made.device(party, "dust", place=CORNER)
    made.wish(device, "dust", Grade.COUNTED)
    return device


def two_names(made: Town) -> list[Device]:
    """Two people in one dwelling, who have not told the hub that they are a household."""
    dwelling = actions.add_dwelling(made.registry, CORNER)
    people = [made.person(at_home=False) for _ in range(2)]
    for one in people:
        actions.settle_in(made.registry, one, dwelling, now=made.now)
    return [counted(made, one) for one in people]


@pytest.mark.slow
@pytest.mark.attack(4)
def test_a_landlord_with_twelve_puppets_isolates_nobody(let: tuple[Days, set[int]], figures: Figures) -> None:
    days, puppets = let
    assert None not in days.explained.values()
    (told,) = days.audits(["everybody"], ["public"], "dust")
    known = [n for home, n in told.homes.items() if home in puppets]
    found = solved(told.by_home, known) - set(known)
    figures.tell("homes solved by whoever holds all the puppets", len(found), len(told.homes) - len(known))
    figures.tell("homes that a landlord and twelve puppets count for", len(known), PUPPETS + 1)
    assert len(known) == 2, "his own, and all that he vouched for together"
    assert len(told.by_home) >= 1
    assert found == set()


@pytest.mark.attack(4)
def test_one_home_with_two_names_counts_once(let: tuple[Days, set[int]], figures: Figures) -> None:
    days, _ = let
    enrolled = next(iter(days.ledger.enrolled.values()))
    homes = [h for b in enrolled.epoch.blocks for h in b.homes]
    figures.tell("homes counted in blocks", len(homes), HONEST + 2)
    assert len(homes) == len(set(homes)) == HONEST + 2, "the landlord, and his puppets together, besides"


@pytest.mark.attack(4)
def test_beings_associations_and_institutions_make_no_block(let: tuple[Days, set[int]], figures: Figures) -> None:
    made = let[0].ledger.story.town
    kinds = (PartyKind.BEING, PartyKind.ASSOCIATION, PartyKind.INSTITUTION)
    homes = [made.stream(counted(made, actions.add_party(made.registry, kind, f"A {kind.value}", now=made.now)), "dust")
             .home for kind in kinds]  # fmt: skip
    figures.tell("homes that a river, a club and an office count for", sum(h is not None for h in homes), len(homes))
    assert homes == [None, None, None]


def dealt(homes: list[Home], since: int = MIDNIGHT) -> Epoch:
    return enrol(
        observed="noise", where="outdoor", since=since, until=since + DAY, homes=homes, k=5, public_k=8,
        k_of=lambda _: 5, key=bytes([since // DAY % 251] * 32), previous=None,
    )  # fmt: skip


@pytest.mark.control(4)
def test_blocks_that_counted_names_would_be_full_of_puppets(figures: Figures) -> None:
    """The same dealing, with every name as a home: 18 honest ones and 12 puppets in one street."""
    alone = tried = 0
    for day in range(SIZE.rounds):
        epoch = dealt([Home(n, CELL, COUNTED, (n,)) for n in range(HONEST + PUPPETS)], MIDNIGHT + day * DAY)
        rows = np.array([[h in b.homes for h in range(HONEST + PUPPETS)] for b in epoch.blocks], np.int64)
        alone += len(solved(rows, range(HONEST, HONEST + PUPPETS)) - set(range(HONEST, HONEST + PUPPETS)))
        tried += HONEST
    figures.tell("homes solved by whoever holds all the puppets", alone, tried)
    assert alone > 0


def published(epoch: Epoch, told: Values, usual: dict[int, float] | None = None, level: str = "near") -> Values:
    """What `close` publishes when home n has measured told[n]."""
    table = seats(epoch)
    streams = np.array([d for b in epoch.blocks for m in b.members for d in m], np.int32)
    grid = home_values(table, LOUDNESS, streams, np.zeros(len(streams), np.int32), told[streams])
    return close(table, epoch.since, grid, (), LOUDNESS, usual or {})["near" if level == "near" else "public"].means


def five() -> tuple[Epoch, Values]:
    """A block of five: three honest homes, and numbers 3 and 4 who are in league."""
    return dealt([Home(n, CELL, COUNTED, (n,)) for n in range(5)]), np.array([52.3, 61.7, 47.1, 50.0, 50.0])


CHOICES = [(a, b) for a in (0.0, 30.0, 50.0, 90.0, 140.0) for b in (0.0, 30.0, 50.0, 90.0, 140.0)]


@pytest.mark.attack(3)
def test_two_who_choose_their_values_learn_the_sum_of_the_others_and_nothing_more(figures: Figures) -> None:
    epoch, told = five()
    learnt = set()
    for a, b in CHOICES:
        told[3:] = a, b
        (mean,) = published(epoch, told)
        learnt.add(round(5 * mean - sum(np.clip([a, b], 30, 90)), 3))
    figures.tell("different things two learn by choosing 25 pairs of values", len(learnt))
    assert learnt == {round(float(told[:3].sum()), 3)}
    assert not learnt & set(told[:3].round(3).tolist())


@pytest.mark.control(3)
def test_a_trimmed_mean_tells_two_who_choose_their_values_the_quietest_and_the_loudest(figures: Figures) -> None:
    _, told = five()

    def trimmed(a: float, b: float) -> float:
        return float(np.sort([*told[:3], a, b])[1:-1].sum())

    both = trimmed(0, 140)
    loudest, quietest = both - (trimmed(0, 0) - 0), both - (trimmed(140, 140) - 140)
    read = {round(loudest, 6), round(quietest, 6)} & set(told[:3].round(6).tolist())
    figures.tell("values of neighbours read exactly", len(read), 3)
    assert read == {61.7, 47.1}


@pytest.mark.attack(3)
def test_one_liar_of_five_moves_an_average_by_two_decibels_at_most(figures: Figures) -> None:
    homes = [Home(n, CELL if n < 5 else BESIDE, COUNTED, (n,)) for n in range(10)]
    epoch = dealt(homes)
    told = np.array([50.0, 51, 52, 53, 52, 50, 51, 52, 53, 52])
    usual = {number_of(b.public): 51.6 for b in epoch.blocks if b.public is not None}
    honest = published(epoch, told, usual)
    assert len(honest) == 2
    moved = 0.0
    for lie in (-1000.0, 0.0, 140.0, 1e6):
        moved = max(moved, float(np.abs(published(epoch, np.array([lie, *told[1:]]), usual) - honest).max()))
    figures.tell("decibels by which one liar of five moves an average", moved)
    assert moved <= 2


@pytest.mark.control(3)
def test_without_bounds_around_what_is_usual_he_moves_it_by_more(figures: Figures) -> None:
    epoch, told = five()
    honest = published(epoch, told)
    moved = float(np.abs(published(epoch, np.array([140.0, *told[1:]])) - honest).max())
    figures.tell("decibels by which one liar of five moves an average", moved)
    assert moved > 2
