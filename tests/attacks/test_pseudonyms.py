"""Attack 12: to find that a name in one project and a name in another are the same home's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pytest

from hub import actions
from hub.core.disclosed import Disclosed
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from tests.attacks.figures import SIZE, Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, town

pytestmark = pytest.mark.slow

HOMES = 40 if SIZE.homes < 100 else 120
EPOCH = 30


class Two:
    """Homes that show noise to one project and dust to another, and somebody who watches each."""

    def __init__(self, made: Town) -> None:
        self.town = made
        self.projects = [
            actions.add_commons(made.registry, f"Project {n}", "to know", epoch_days=EPOCH, now=made.now) for n in "AB"
        ]
        self.watchers = [made.person() for _ in self.projects]
        self.devices: list[tuple[Device, Device]] = []
        with made.registry.transaction():
            for project, watcher in zip(self.projects, self.watchers, strict=True):
                actions.join(made.registry, project.commons, watcher, now=made.now)
            for _ in range(HOMES):
                self.devices.append(self._home())
        made.pass_by(MIDNIGHT)

    def _home(self) -> tuple[Device, Device]:
        made, party = self.town, self.town.person()
        pair = made.device(party, "noise"), made.device(party, "dust")
        for device, observed, project in zip(pair, ("noise", "dust"), self.projects, strict=True):
            actions.join(made.registry, project.commons, party, now=made.now)
            made.wish(device, observed, Grade.COMMONS, project.commons)
        return pair

    def nyms(self, project: int, epoch: int = 0) -> list[str]:
        """The pseudonyms of all homes in a project, in the order of the homes."""
        held = self.town.registry.holdings().fragments
        commons = self.projects[project].commons
        return [held[commons, pair[0].party][epoch].nym for pair in self.devices]

    def seen(self, project: int) -> Disclosed:
        """What the watcher of a project sees."""
        return self.town.read(self.town.audience(self.watchers[project]))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with town(tmp_path_factory.mktemp("two")) as made:
        both = Two(made)
        made.say(
            Said(d, o, MIDNIGHT + q * 15 * MINUTE + MINUTE, 30.0 + n)
            for q in range(4) for n, pair in enumerate(both.devices)
            for d, o in zip(pair, ("noise", "dust"), strict=True)
        )  # fmt: skip
        made.pass_by(MIDNIGHT + 2 * HOUR)
        yield both


def bits(nym: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([int(b) for c in nym for b in f"{'abcdefghijklmnopqrstuvwxyz234567'.index(c):05b}"])


def nearest(first: list[str], second: list[str]) -> tuple[int, float]:
    """How many names of a list are nearest (Hamming) to their own in the other, and the mean distance of those."""
    a, b = np.stack([bits(n) for n in first]), np.stack([bits(n) for n in second])
    distance = (a[:, None, :] != b[None, :, :]).sum(axis=2)
    own = np.arange(len(first))
    return int((distance.argmin(axis=1) == own).sum()), float(distance[own, own].mean())


@pytest.mark.attack(12)
def test_two_names_of_one_home_are_as_far_apart_as_those_of_two(two: Two, figures: Figures) -> None:
    right, distance = nearest(two.nyms(0), two.nyms(1))
    figures.tell("homes whose two names are the nearest to each other (chance: 1)", right, HOMES)
    figures.tell("bits of 80 in which the two names of a home differ (chance: 40)", round(distance, 1))
    assert right <= 6
    assert 36 < distance < 44


@pytest.mark.attack(12)
def test_the_next_name_in_the_same_project_is_as_far_from_this_one(two: Two, figures: Figures) -> None:
    held = two.town.registry.holdings().fragments
    later = min(len(held[two.projects[0].commons, p[0].party]) for p in two.devices)
    assert later > 1, "names are made ahead"
    right, distance = nearest(two.nyms(0), two.nyms(0, 1))
    figures.tell("homes whose next name is the nearest to this one (chance: 1)", right, HOMES)
    assert right <= 6
    assert 36 < distance < 44


@pytest.mark.attack(12)
def test_nothing_that_one_project_sees_of_a_home_is_seen_by_the_other(two: Two, figures: Figures) -> None:
    views = [[f for f in two.seen(n).faces if f.kind is Kind.PSEUDONYM] for n in (0, 1)]
    assert [len(v) for v in views] == [HOMES, HOMES]
    words = [{w for f in v for w in (f.key, f.name, f.thing, f.owner, f.named, f.description) if w} for v in views]
    figures.tell("words for homes that both projects see", len(words[0] & words[1]), len(words[0]))
    figures.tell("faces with an owner, a thing, a place or a number", sum(
        f.thing is not None or f.owner is not None or f.place is not None or f.datastream is not None
        for v in views for f in v
    ), 2 * HOMES)  # fmt: skip
    assert not words[0] & words[1]
    told = {w for v in views for f in v for w in (f.thing, f.owner, f.place, f.datastream, f.description)}
    assert told == {None}


@pytest.mark.attack(12)
def test_the_order_in_which_homes_stand_says_nothing_in_the_other_project(two: Two, figures: Figures) -> None:
    place = []
    for n in (0, 1):
        order = [f.name for f in two.seen(n).faces if f.kind is Kind.PSEUDONYM]
        held = two.town.registry.holdings().fragments
        mine = [held[two.projects[n].commons, p[0].party][0].name for p in two.devices]
        place.append([order.index(name) for name in mine])
    likeness = float(np.corrcoef(np.array(place)).reshape(-1)[1])
    figures.tell("likeness of the two orders (1: the same)", round(likeness, 2))
    assert abs(likeness) < 4 / np.sqrt(HOMES)


@pytest.mark.control(12)
def test_names_made_without_a_secret_are_found_by_trying(two: Two, figures: Figures) -> None:
    """The usual way: a hash of project and device."""

    def plain(project: str, device: int) -> str:
        return hashlib.sha256(f"{project}|{device}".encode()).hexdigest()[:16]

    devices = [p[0].thing for p in two.devices]
    names = {project: {plain(project, d) for d in devices} for project in "AB"}
    found = sum(plain("A", d) in names["A"] and plain("B", d) in names["B"] for d in devices)
    figures.tell("homes whose two names are put together by trying all devices", found, HOMES)
    assert found == HOMES
