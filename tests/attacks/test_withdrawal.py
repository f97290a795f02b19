"""Attacks 9 and 24: to look before and after somebody leaves, and to leave and be back on the same day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hub import actions
from hub.core.audience import PUBLIC
from hub.core.blocks import release_key, span
from hub.core.catalogue import Catalogue, PartyKind
from hub.core.counting import Enrolled
from hub.core.grade import DAY, HOUR, MINUTE, Grade, Kind
from hub.core.places import Place
from tests.attacks.figures import Figures
from tests.attacks.town import CORNER, DUST, MIDNIGHT, Device, Said, Town, town

pytestmark = pytest.mark.slow

HOMES, HOURS = 8, 8
FAR = Place(49.2, 16.6)
ONLY_DUST = Catalogue([DUST])
Scrape = Counter[tuple[str, int, float]]


def _to_a_project(made: Town, device: Device) -> None:
    commons = actions.add_commons(made.registry, "Project", "to know", now=made.now).commons
    actions.join(made.registry, commons, device.party, now=made.now)
    made.wish(device, "dust", Grade.COMMONS, commons)


def _housemate(made: Town, device: Device) -> None:
    home = actions.add_party(made.registry, PartyKind.HOUSEHOLD, "Together", now=made.now)
    actions.add_household_member(made.registry, home, device.party, now=made.now)
    actions.add_household_member(made.registry, home, made.person(at_home=False), now=made.now)


WAYS: dict[str, Callable[[Town, Device], object]] = {
    "lowers to counted": lambda t, d: t.wish(d, "dust", Grade.COUNTED),
    "lowers to home": lambda t, d: t.wish(d, "dust", Grade.HOME),
    "pauses for an hour": lambda t, d: actions.pause(t.registry, d.streams["dust"], until=t.now + HOUR, now=t.now),
    "erases an hour": lambda t, d: actions.erase(
        t.registry, t.store, d.party, datastreams=[d.streams["dust"]], since=MIDNIGHT, until=MIDNIGHT + HOUR, now=t.now
    ),
    "erases everything": lambda t, d: actions.erase(t.registry, t.store, d.party, now=t.now),
    "moves away": lambda t, d: actions.set_place(t.registry, d.thing, FAR, now=t.now),
    "hides the place": lambda t, d: actions.set_place(t.registry, d.thing, d.place, grade=Grade.HOME, now=t.now),
    "closes the thing": lambda t, d: actions.close_thing(t.registry, d.thing, now=t.now),
    "hands it over": lambda t, d: actions.hand_over(t.registry, d.thing, t.person(), now=t.now),
    "shows it to a project": _to_a_project,
    "takes a housemate in": _housemate,
    "opens it by name": lambda t, d: t.wish(d, "dust", Grade.OPEN),
}  # fmt: skip


def scrape(made: Town) -> Scrape:
    """Everything the public sees under nobody's name: cell, window, value; what is there twice counts twice."""
    shown = made.read(PUBLIC)
    faces = shown.faces
    return Counter(
        (faces[f].key, t, round(v, 6))
        for f, t, v in zip(shown.face.tolist(), shown.time.tolist(), shown.value.tolist(), strict=True)
        if faces[f].kind is Kind.NOBODY
    )


def speak(made: Town, devices: list[Device], first: int, hours: int) -> None:
    for hour in range(first, first + hours):
        start = MIDNIGHT + hour * HOUR
        made.say(Said(d, "dust", start + (5 + n) * MINUTE, round(20 + n + made.random.random(), 6))
                 for n, d in enumerate(devices))  # fmt: skip
        made.pass_by(start + HOUR + 31 * MINUTE)
        made.releaser.step()


def settled(made: Town, grade: Grade, homes: int = HOMES) -> list[Device]:
    with made.registry.transaction():
        devices = [made.device(made.person(), "dust", place=CORNER) for _ in range(homes)]
        for d in devices:
            made.wish(d, "dust", grade)
    return devices


@pytest.mark.attack(9)
@pytest.mark.parametrize("way", WAYS)
def test_who_looks_before_and_after_somebody_leaves_sees_no_rows_of_his_go(
    tmp_path: Path, figures: Figures, way: str
) -> None:
    with town(tmp_path, catalogue=ONLY_DUST) as made:
        devices = settled(made, Grade.STREET)
        speak(made, devices, 0, HOURS)
        before = scrape(made)
        assert before.total() == HOMES * HOURS
        WAYS[way](made, devices[3])
        made.pass_by(made.now + MINUTE)
        after = [scrape(made)]
        speak(made, [d for n, d in enumerate(devices) if n != 3], HOURS, 3)
        after.append(scrape(made))
        made.pass_by(MIDNIGHT + 3 * DAY)
        after.append(scrape(made))
        gone = before - after[0]
        figures.tell(f"rows that are seen to be his when he {way}", 0 if gone in (before, Counter()) else gone.total())
        assert gone in (before, Counter())
        for later in after[1:]:
            # What is there later was there at once, or is of windows that nobody had seen.
            assert not (later & before) - after[0]
            company = set(Counter(t for _, t, _ in (later - before).elements()).values())
            assert len(company) <= 1, "each new window shows as many"
            assert not company or min(company) >= 5


@pytest.mark.control(9)
def test_a_hub_that_only_took_his_rows_away_would_show_which_they_were(tmp_path: Path, figures: Figures) -> None:
    with town(tmp_path, catalogue=ONLY_DUST) as made:
        devices = settled(made, Grade.STREET)
        speak(made, devices, 0, HOURS)
        before = scrape(made)
        own = made.read(made.audience(devices[3].party))
        his = {round(v, 6) for v in own.value[[own.faces[f].kind is Kind.EXACT for f in own.face]].tolist()}
        naive = Counter({row: n for row, n in before.items() if row[2] not in his})
        gone = before - naive
        figures.tell("rows that are seen to be his", gone.total(), HOURS)
        assert {value for _, _, value in gone} == his


def enrolled(made: Town) -> Enrolled:
    since, _ = span(DUST, "outdoor", made.now)
    kept = made.registry.releases.epoch(release_key("dust", "outdoor"), since)
    assert kept is not None
    assert kept.body is not None
    return msgspec.msgpack.decode(kept.body, type=Enrolled)


def published(made: Town) -> dict[tuple[str, int], float]:
    """What was published to everybody: place and window → the average."""
    shown = made.read(PUBLIC)
    faces = shown.faces
    return {
        (faces[f].key, t): v
        for f, t, v in zip(shown.face.tolist(), shown.time.tolist(), shown.value.tolist(), strict=True)
        if faces[f].kind is Kind.RELEASE
    }


def _up_and_down(made: Town, device: Device) -> None:
    made.wish(device, "dust", Grade.HOME)
    made.pass_by(made.now + MINUTE)
    made.wish(device, "dust", Grade.COUNTED)


def _pause(made: Town, device: Device) -> None:
    actions.pause(made.registry, device.streams["dust"], until=made.now + MINUTE, now=made.now)
    made.pass_by(made.now + 2 * MINUTE)


def _away(made: Town, device: Device) -> None:
    actions.set_place(made.registry, device.thing, FAR, now=made.now)
    made.pass_by(made.now + HOUR)
    made.releaser.step()
    actions.set_place(made.registry, device.thing, device.place, now=made.now)


def _again(made: Town, device: Device) -> None:
    made.say([Said(device, "dust", MIDNIGHT + HOUR + 5 * MINUTE, 900.0, made.now)])


BACK: dict[str, Callable[[Town, Device], object]] = {
    "lowers it and raises it again": _up_and_down,
    "pauses it and ends the pause": _pause,
    "moves it away for an hour": _away,
    "erases an hour and stays": WAYS["erases an hour"],
    "sends an hour again, late": _again,
}


@pytest.mark.attack(24)
@pytest.mark.parametrize("way", BACK)
def test_who_comes_back_the_same_day_is_counted_no_more_that_day_and_nothing_published_changes(
    tmp_path: Path, figures: Figures, way: str
) -> None:
    with town(tmp_path, catalogue=ONLY_DUST) as made:
        devices = settled(made, Grade.COUNTED, homes=10)
        speak(made, devices, -7, 7 + HOURS)
        before = published(made)
        assert len(before) == HOURS, "an average an hour"
        blocks = {d: b.number for b in enrolled(made).epoch.blocks for member in b.members for d in member}
        his = blocks[devices[3].streams["dust"]]
        BACK[way](made, devices[3])
        made.pass_by(made.now + MINUTE)
        speak(made, devices, HOURS, 5)
        after = published(made)
        again = {key for key in before if after.get(key) != before[key]}
        figures.tell(f"published averages that change when somebody {way}", len(again), len(before))
        assert again == set()
        if way != "sends an hour again, late":
            counts = his not in enrolled(made).silent
            figures.tell(f"blocks that go on counting a home that {way}", int(counts))
            assert not counts
            assert len(after) == len(before), "five homes alone are too few for everybody"


@pytest.mark.control(24)
def test_who_stays_is_counted_on(tmp_path: Path, figures: Figures) -> None:
    with town(tmp_path, catalogue=ONLY_DUST) as made:
        devices = settled(made, Grade.COUNTED, homes=10)
        speak(made, devices, -7, 7 + HOURS + 5)
        figures.tell("averages of thirteen hours in which nobody leaves", len(published(made)))
        assert len(published(made)) == HOURS + 5
