"""Attacks 1 and 2: to take averages apart, over days in which people come, leave and are late."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from hub.core.blocks import Level
from tests.attacks import naive
from tests.attacks.auditor import audit, solved_by_two
from tests.attacks.figures import SIZE, Figures
from tests.attacks.scrapes import Days, days
from tests.attacks.town import FINE

pytestmark = pytest.mark.slow

EVERYBODY = ("everybody", "the city", "a member of A", "a member of B", "a project of one")
TOGETHER: dict[str, tuple[tuple[str, ...], tuple[Level, ...]]] = {
    "everybody": (("everybody",), ("public",)),
    "the city": (("everybody", "the city"), ("near", "public")),
    "a member of A": (("everybody", "a member of A"), ("near", "public")),
    "a member of B": (("everybody", "a member of B"), ("near", "public")),
    "who founded a project of one": (("everybody", "a project of one"), ("near", "public")),
    "all of them together": (EVERYBODY, ("near", "public")),
}
PROPERTIES = ("dust", "noise", "power")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Days:
    return days(tmp_path_factory.mktemp("days"))


@pytest.mark.attack(1)
def test_every_published_number_is_made_of_whole_blocks(lived: Days, figures: Figures) -> None:
    unexplained = [f for f, e in lived.explained.items() if e is None]
    figures.tell("homes", len(lived.ledger.story.devices) + len(lived.ledger.story.gone))
    figures.tell("hours", SIZE.windows)
    figures.tell("published averages", len(lived.figures))
    figures.tell("averages that no choice of whole blocks explains", len(unexplained), len(lived.figures))
    figures.tell("averages that changed after they were published", lived.changed, len(lived.figures))
    assert len(lived.figures) > 4 * SIZE.windows
    assert unexplained == []
    assert lived.changed == lived.odd == 0


@pytest.mark.attack(2)
def test_no_number_is_shown_before_its_time_or_finer_than_promised(lived: Days, figures: Figures) -> None:
    figures.tell("rows shown before their window had closed and waited for what is late", lived.early)
    figures.tell("rows with a place finer than a cell of some hundred metres", lived.fine)
    assert lived.early == lived.fine == 0


@pytest.mark.attack(1)
@pytest.mark.parametrize("observed", PROPERTIES)
@pytest.mark.parametrize("who", TOGETHER)
def test_nobodys_value_follows_from_all_that_was_published(
    lived: Days, figures: Figures, who: str, observed: str
) -> None:
    exact: set[Hashable] = set()
    insiders, hidden, numbers = set(exact), set(exact), 0
    for told in lived.audits(*TOGETHER[who], observed):
        found = audit(told.by_home)
        exact |= told.called(found.exact & told.hidden)
        insiders |= told.called({v for _, v in found.insiders} & told.hidden)
        hidden, numbers = hidden | told.called(told.hidden), numbers + len(told.by_home)
    figures.tell(f"{observed}: homes solved by {who}", len(exact), len(hidden))
    figures.tell(f"{observed}: homes solved by {who} with the value of one home", len(insiders), len(hidden))
    assert numbers > SIZE.windows // 2
    assert hidden, "there is somebody whom these do not see singly"
    assert exact == insiders == set()


@pytest.mark.attack(1)
@pytest.mark.parametrize("observed", PROPERTIES)
@pytest.mark.parametrize("who", TOGETHER)
def test_no_single_reading_follows_from_all_days_together(
    lived: Days, figures: Figures, who: str, observed: str
) -> None:
    exact = insiders = unseen = 0
    for told in lived.audits(*TOGETHER[who], observed, apart=False):
        found = audit(told.by_reading)
        exact += len(found.exact & told.unseen)
        insiders += len({v for _, v in found.insiders} & told.unseen)
        unseen += len(told.unseen)
    figures.tell(f"{observed}: single readings solved by {who}", exact, unseen)
    figures.tell(f"{observed}: single readings solved by {who} with one of one's own", insiders, unseen)
    assert unseen
    assert exact == insiders == 0


@pytest.mark.attack(3)
@pytest.mark.parametrize("observed", PROPERTIES)
def test_two_neighbours_who_put_their_values_together_learn_no_third(
    lived: Days, figures: Figures, observed: str
) -> None:
    solved: set[Hashable] = set()
    hidden = set(solved)
    for told in lived.audits(*TOGETHER["all of them together"], observed):
        solved |= told.called({v for _, _, v in solved_by_two(told.by_home)} & told.hidden)
        hidden |= told.called(told.hidden)
    figures.tell(f"{observed}: homes solved by any two of them together", len(solved), len(hidden))
    assert solved == set()


@pytest.mark.attack(2)
def test_no_published_number_is_one_homes_value(lived: Days, figures: Figures) -> None:
    indoors = {s for d in lived.ledger.story.indoors for s in d.streams.values()}
    owner = lived.ledger.party_of
    said = {
        (one.observed, stream in indoors, owner[stream], start): one.value
        for (stream, start), one in lived.ledger.in_time.items()
    }  # fmt: skip
    alike = [
        f for f, e in lived.explained.items()
        if e is not None and any(abs(said[f.observed, f.where == "indoor", *r] - f.value) < FINE for r in e.readings)
    ]  # fmt: skip
    figures.tell("published averages that equal something somebody said", len(alike), len(lived.figures))
    least = min((len(e.homes) for e in lived.explained.values() if e is not None), default=0)
    figures.tell("homes behind the smallest published average", least)
    assert alike == []
    assert least >= 5
    told = [e for e in lived.explained.values() if e is not None]
    assert all(len(e.homes) >= 8 for e in told if e.figure.level == "public")
    intimate = [e for e in told if e.figure.observed == "power" or e.figure.where == "indoor"]
    assert intimate
    assert all(len(e.homes) >= 15 for e in intimate)


@pytest.mark.attack(25)
def test_what_would_follow_if_nobodys_value_ever_changed_from_day_to_day_is_told(lived: Days, figures: Figures) -> None:
    (told,) = [a for a in lived.audits(*TOGETHER["all of them together"], "dust", apart=False) if a.visible]
    found = audit(told.by_home)
    exact, insiders = found.exact & told.hidden, {v for _, v in found.insiders} & told.hidden
    figures.tell(
        "if values stayed the same for days: homes solved from all days together", len(exact), len(told.hidden)
    )
    figures.tell("if values stayed the same for days: with one's own value", len(insiders), len(told.hidden))
    assert len(exact) < len(told.hidden) // 2


@pytest.mark.control(1)
def test_a_map_that_averages_five_homes_at_every_zoom_gives_them_away(lived: Days, figures: Figures) -> None:
    rows, homes = naive.rows_by_home(lived.ledger, "dust", SIZE.windows)
    found = audit(rows)
    figures.tell("dust: homes solved by everybody", len(found.exact), homes)
    figures.tell("dust: homes solved by everybody with one's own value", len(found.victims), homes)
    assert len(found.exact) > homes // 4
