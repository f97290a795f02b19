"""Attacks 10 and 13: to learn from the form of an answer what its content does not say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub import actions
from hub.core.audience import PUBLIC, Audience
from hub.core.catalogue import PartyKind
from hub.core.grade import HOUR, MINUTE, Grade, Kind
from tests.attacks.exits import PARAMETERS, answers, pages, written
from tests.attacks.figures import THOROUGH, Figures
from tests.attacks.town import CORNER, MIDNIGHT, Device, Said, Town, town, twins

pytestmark = pytest.mark.slow

HOMES, HOURS = 12, 30 if THOROUGH else 6
BEFORE = 6


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Town, list[Device], list[Audience]]]:
    """Two courses of the same days: 12 homes show dust to everybody, one keeps everything at home, one counts alone."""
    with town(tmp_path_factory.mktemp("twins")) as made:
        with made.registry.transaction():
            staff = actions.add_party(made.registry, PartyKind.INSTITUTION, "The city", staff=True, now=made.now)
            commons = actions.add_commons(made.registry, "Project", "to know", now=made.now).commons
            devices = [made.device(made.person(), "dust", "power", place=CORNER) for _ in range(HOMES + 3)]
            for n, d in enumerate(devices[:HOMES]):
                made.wish(d, "dust", Grade.COUNTED if n % 2 else Grade.STREET)
            member, alone = devices[HOMES], devices[HOMES + 1]
            for d in (member, devices[0]):
                actions.join(made.registry, commons, d.party, now=made.now)
            made.wish(member, "dust", Grade.COMMONS, commons)
            made.wish(alone, "power", Grade.COUNTED)
        # the last one of all keeps everything at home
        who = [PUBLIC, made.audience(staff, "air"), made.audience(devices[0].party)]
        with twins(made) as (one, other):
            yield one, other, devices, who


def a_day(made: Town, devices: list[Device], *, other: bool) -> None:
    """The same hours; in the `other` course, readings lie elsewhere in their windows, and secrets are others."""
    for hour in range(-BEFORE, HOURS):
        start = MIDNIGHT + hour * HOUR
        said = []
        for n, d in enumerate(devices[: HOMES + 1]):
            value = 20.0 + n + hour % 7 + (0.25 if n < HOMES else 0.5)
            # within the quarter of an hour as well: a project sees so finely
            at = start + 15 * MINUTE * (n % 3) + (1 + (n * 5 + hour) % 13 if other else 1 + n % 11) * MINUTE
            said.append(Said(d, "dust", at, value))
        secret, alone = devices[HOMES + 2], devices[HOMES + 1]
        if other:
            said += [Said(secret, "dust", start + m * MINUTE, 700.0 + m) for m in range(0, 60, 9)]
            said += [Said(alone, "power", start + 3 * MINUTE, 4242.5)] if hour % 3 else []
        elif hour % 4:
            said += [Said(secret, "dust", start + 40 * MINUTE, 3.0), Said(alone, "power", start + 31 * MINUTE, 9.0)]
        made.say(said)
        made.pass_by(start + HOUR + 31 * MINUTE)
        made.releaser.step()
    made.pass_by(MIDNIGHT + HOURS * HOUR + 35 * MINUTE)


@pytest.mark.attack(10)
@pytest.mark.attack(13)
def test_hidden_readings_and_the_moment_of_a_reading_change_no_byte_of_any_answer(
    both: tuple[Town, Town, list[Device], list[Audience]], figures: Figures
) -> None:
    one, other, devices, who = both
    a_day(one, devices, other=False)
    a_day(other, devices, other=True)
    shown = one.read(who[2])
    assert {f.kind for f in shown.faces} >= {Kind.EXACT, Kind.NOBODY, Kind.PSEUDONYM, Kind.RELEASE}
    asked = differ = 0
    for audience in who[:2]:
        for a, b in zip(answers(one, audience), answers(other, audience), strict=True):
            asked, differ = asked + 1, differ + (a != b)
    figures.tell("questions to the gate whose answers differ", differ, asked)
    some = PARAMETERS if THOROUGH else PARAMETERS[1::4]
    mine, theirs = pages(one, some), pages(other, some)
    changed = [path for path in mine if mine[path] != theirs.get(path)]
    figures.tell("addresses whose status, headers or body differ", len(changed), len(mine))
    assert differ == 0
    assert changed == []
    assert mine.keys() == theirs.keys()
    assert len(mine) > 50
    assert any(b"31.25" in body for _, _, body in mine.values()), "pages show what may be seen"


@pytest.mark.attack(10)
def test_a_project_sees_no_reading_move_within_its_quarter_of_an_hour(
    both: tuple[Town, Town, list[Device], list[Audience]], figures: Figures
) -> None:
    one, other, _, who = both
    seen = []
    for made in (one, other):
        shown = made.read(who[2])
        nameless = {i for i, f in enumerate(shown.faces) if f.kind is Kind.PSEUDONYM}
        keep = [i in nameless for i in shown.face.tolist()]
        seen.append([
            (shown.faces[f].key, t, v)
            for f, t, v, k in zip(shown.face.tolist(), shown.time.tolist(), shown.value.tolist(), keep, strict=True)
            if k
        ])  # fmt: skip
    figures.tell("windows of others in the project that differ", len(set(seen[0]) ^ set(seen[1])), len(seen[0]))
    assert seen[0] == seen[1] != []


@pytest.mark.control(10)
@pytest.mark.control(13)
def test_the_owner_sees_both_differ_so_there_was_something_to_find(
    both: tuple[Town, Town, list[Device], list[Audience]], figures: Figures
) -> None:
    one, other, devices, _ = both
    differ = sum(
        written(one.read(one.audience(d.party))) != written(other.read(other.audience(d.party))) for d in devices
    )
    figures.tell("homes whose own answers differ", differ, len(devices))
    assert differ == len(devices)
