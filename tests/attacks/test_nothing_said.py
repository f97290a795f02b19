"""Attacks 20 and 21: a neighbourhood in which nobody has decided anything, and owners who ask for more than a cap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import actions
from hub.actions import ActionRefused
from hub.core.audience import PUBLIC, Audience
from hub.core.catalogue import Exposure, PartyKind
from hub.core.face import Face
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from tests.attacks.figures import Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, town

pytestmark = pytest.mark.slow

EVERYTHING = ("dust", "noise", "warmth", "power", "battery", "coarse", "unheard-of")
HOURS = 26


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as made:
        yield made


def a_day(made: Town, devices: list[Device], wish: Grade | None = None) -> None:
    made.say(
        Said(d, observed, MIDNIGHT + h * HOUR + 20 * MINUTE, 20.0 + n, wish=wish)
        for h in range(HOURS) for n, d in enumerate(devices) for observed in d.streams
    )  # fmt: skip
    made.pass_by(MIDNIGHT + (HOURS + 2) * HOUR)


def strangers(made: Town, joined: int) -> list[Audience]:
    """Everybody, the city with a purpose, a neighbour, and members of a project."""
    commons = actions.add_commons(made.registry, "Curious", "to see what there is", now=made.now).commons
    staff = actions.add_party(made.registry, PartyKind.INSTITUTION, "The city", staff=True, now=made.now)
    neighbour = made.person()
    for party in (joined, neighbour):
        actions.join(made.registry, commons, party, now=made.now)
    return [PUBLIC, made.audience(staff, "curiosity"), made.audience(neighbour), made.audience(made.person())]


def singly(made: Town, who: list[Audience]) -> list[Face]:
    """The faces under which any of them sees somebody's own readings."""
    return [f for one in who for f in made.read(one).faces if f.kind > Kind.RELEASE]


@pytest.mark.attack(20)
def test_where_nobody_decided_anything_nobody_sees_anything(quiet: Town, figures: Figures) -> None:
    people = [quiet.person() for _ in range(12)]
    devices = [quiet.device(p, *EVERYTHING) for p in people]
    who = strangers(quiet, people[0])
    a_day(quiet, devices)
    assert len(quiet.read(quiet.audience(people[0]))) == HOURS * len(EVERYTHING), "its owner sees what was stored"
    seen = [face for one in who for face in quiet.read(one).faces]
    figures.tell("things whose values somebody else sees", len(seen), len(devices))
    assert seen == []


@pytest.mark.control(20)
def test_the_same_neighbourhood_is_seen_where_its_owners_open_it(quiet: Town, figures: Figures) -> None:
    people = [quiet.person() for _ in range(12)]
    devices = [quiet.device(p, *EVERYTHING) for p in people]
    for d in devices:
        quiet.wish(d, "dust", Grade.OPEN)
    a_day(quiet, devices)
    seen = {f.thing for f in quiet.read(PUBLIC).faces}
    figures.tell("things whose values somebody else sees", len(seen), len(devices))
    assert seen == {d.handle for d in devices}


def insist(made: Town, device: Device, observed: str) -> int:
    """Ask for everything that might bring a value out; how often the hub gave way."""
    granted = 0
    for exposure in (Exposure.INDOOR, Exposure.STATION, Exposure.OUTDOOR, Exposure.INDOOR):
        try:
            actions.describe(made.registry, device.thing, exposure=exposure, by=device.party, now=made.now)
        except ActionRefused:
            assert exposure is Exposure.STATION
        for grade in (Grade.COMMONS, Grade.STREET, Grade.OPEN):
            try:
                made.wish(device, observed, grade)
            except ActionRefused:
                continue
            granted += 1
            made.pass_by(made.now + HOUR)
            made.say([Said(device, observed, made.now, 4242.5, wish=Grade.OPEN)])
    return granted


@pytest.mark.attack(21)
@pytest.mark.parametrize("observed", ["dust", "power", "battery", "noise", "warmth", "unheard-of"])
@pytest.mark.parametrize("exposure", [Exposure.INDOOR, None])
def test_what_shows_a_home_is_never_shown_singly_however_its_owner_asks(
    quiet: Town, figures: Figures, observed: str, exposure: Exposure | None
) -> None:
    owner = quiet.person()
    device = quiet.device(owner, observed, exposure=exposure)
    who = strangers(quiet, owner)
    quiet.pass_by(MIDNIGHT)
    insist(quiet, device, observed)
    quiet.say([Said(device, observed, quiet.now + MINUTE, 4242.5, wish=Grade.OPEN)])
    quiet.pass_by(quiet.now + 3 * HOUR)
    seen = singly(quiet, who)
    figures.tell(f"faces seen of {observed} ({'indoors' if exposure else 'nobody said where'})", len(seen))
    assert seen == []


@pytest.mark.control(21)
def test_outdoors_the_same_insistence_shows_it(quiet: Town, figures: Figures) -> None:
    device = quiet.device(quiet.person(), "dust", exposure=Exposure.OUTDOOR)
    quiet.pass_by(MIDNIGHT)
    quiet.wish(device, "dust", Grade.OPEN)
    quiet.say([Said(device, "dust", quiet.now + MINUTE, 4242.5)])
    seen = singly(quiet, [PUBLIC])
    figures.tell("faces seen of dust (outdoors)", len(seen))
    assert [f.thing for f in seen] == [device.handle]
