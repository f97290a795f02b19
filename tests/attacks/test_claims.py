"""Attack 19: to say that something of a neighbour's is one's own, or to speak, ask and act as if it were."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hub import actions
from hub.actions import ActionRefused
from hub.core.audience import PUBLIC
from hub.core.grade import HOUR, MINUTE, Grade
from hub.core.query import Query
from tests.attacks.figures import Figures
from tests.attacks.town import MIDNIGHT, Device, Said, Town, rows, town

SECRET = 4242.5
NOBODY = 2**31 - 5
"""A number that nobody has."""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("claims")) as made:
        made.pass_by(MIDNIGHT)
        yield made


CLAIMS: dict[str, Callable[[Town, int, int, int], object]] = {
    "raise it": lambda t, thief, _, stream: actions.set_grade(t.registry, stream, Grade.OPEN, by=thief, now=t.now),
    "lower it": lambda t, thief, _, stream: actions.set_grade(t.registry, stream, Grade.HOME, by=thief, now=t.now),
    "pause it": lambda t, thief, _, stream: actions.pause(t.registry, stream, by=thief, now=t.now),
    "end its pause": lambda t, thief, _, stream: actions.unpause(t.registry, stream, by=thief, now=t.now),
    "be given it": lambda t, thief, thing, _: actions.hand_over(t.registry, thing, thief, by=thief, now=t.now),
    "describe it": lambda t, thief, thing, _: actions.describe(t.registry, thing, title="x", by=thief, now=t.now),
    "move it": lambda t, thief, thing, _: actions.set_place(t.registry, thing, t.somewhere(), by=thief, now=t.now),
    "close it": lambda t, thief, thing, _: actions.close_thing(t.registry, thing, by=thief, now=t.now),
}  # fmt: skip


def refusal(claim: Callable[[], object]) -> tuple[str, str] | None:
    try:
        claim()
    except ActionRefused as refused:
        return refused.code, refused.text
    return None


@pytest.mark.attack(19)
@pytest.mark.parametrize("claim", CLAIMS)
def test_what_is_anothers_is_refused_in_the_words_for_what_nobody_has(
    street: Town, figures: Figures, claim: str
) -> None:
    owner, thief = street.person(), street.person()
    device = street.device(owner, "dust")
    there = refusal(lambda: CLAIMS[claim](street, thief, device.thing, device.streams["dust"]))
    nowhere = refusal(lambda: CLAIMS[claim](street, thief, NOBODY, NOBODY))
    figures.tell(f"claims granted: {claim}", int(there is None))
    assert there is not None
    assert there == nowhere
    assert street.stream(device, "dust").owner == owner


def spoken_as(made: Town, thief: Device, victim: Device) -> None:
    """Publish under the victim's names, from one's own credential."""
    pretended = Device(thief.party, victim.name, thief.place, thief.credential, victim.thing, victim.handle, "", "")
    made.say([Said(pretended, "dust", made.now + MINUTE, SECRET)])


@pytest.mark.attack(19)
def test_who_speaks_under_anothers_name_speaks_in_a_room_of_his_own(street: Town, figures: Figures) -> None:
    owner, thief = street.person(), street.person()
    device, own = street.device(owner, "dust"), street.device(thief, "dust")
    street.wish(device, "dust", Grade.OPEN)
    street.pass_by(street.now + HOUR)
    spoken_as(street, own, device)
    query = Query(things=frozenset({device.handle}))
    as_owner = [v for _, _, v in rows(street.read(street.audience(owner)))]
    as_public = [v for _, _, v in rows(street.read(PUBLIC, query))]
    figures.tell("false readings that came under the neighbour's name", len(as_owner) + len(as_public))
    assert SECRET not in as_owner + as_public
    assert SECRET in [v for _, _, v in rows(street.read(street.audience(thief)))]


@pytest.mark.control(19)
def test_with_the_neighbours_own_password_the_same_message_is_believed(street: Town, figures: Figures) -> None:
    device = street.device(street.person(), "dust")
    street.say([Said(device, "dust", street.now + MINUTE, SECRET)])
    believed = [v for _, _, v in rows(street.read(street.audience(device.party)))].count(SECRET)
    figures.tell("readings that came under the neighbour's name", believed, 1)
    assert believed == 1


@pytest.mark.attack(19)
def test_asking_for_what_is_not_ones_own_brings_nothing(street: Town, figures: Figures) -> None:
    device = street.device(street.person(), "dust", "power")
    street.say([Said(device, "power", street.now + MINUTE, SECRET)])
    thief = street.audience(street.person())
    asked = Query(things=frozenset({device.handle}), properties=frozenset({"power", "dust"}))
    found = len(street.read(thief, asked)) + len(street.gate.mine(thief))
    figures.tell("rows and things seen by asking for a neighbour's by name", found)
    assert found == 0
