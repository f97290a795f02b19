"""What an owner does from her page is done as she, with her rights and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import actions
from hub.core.catalogue import PartyKind
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.history import arrival_grade, effective
from hub.web.deeds import DEEDS
from hub.web.pages.mine_link import COOKIE
from tests.registry.town import person
from tests.web.asking import words
from tests.web.real import Real, real
from tests.web.world import NOW


@pytest.fixture
def hers(tmp_path: Path) -> Iterator[Real]:
    with real(tmp_path) as made:
        yield made


def test_a_grade_is_kept_and_the_page_shows_how_it_is_now(hers: Real) -> None:
    assert hers.do("grade", stream=str(hers.dust), grade="open") == (303, f"/mine?done=grade#stream-{hers.dust}")
    assert hers.grade(hers.dust) is Grade.OPEN
    hers.clock[0] += HOUR
    hers.do("grade", stream=str(hers.dust), grade="counted")
    hers.clock[0] += HOUR
    assert hers.grade(hers.dust) is Grade.COUNTED
    assert 'value="counted" checked' in hers.page()


def test_a_grade_with_a_last_day_ends_by_itself_with_that_day(hers: Real) -> None:
    hers.do("grade", stream=str(hers.dust), grade="open", until="2026-11-24")
    hers.clock[0] = NOW + 2 * DAY  # Tuesday the 24th, 19:40
    assert hers.grade(hers.dust) is Grade.OPEN
    hers.clock[0] += 5 * HOUR
    assert hers.grade(hers.dust) is Grade.HOME


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "2020-01-01", "9999-12-31"])
def test_a_last_day_that_is_none_is_refused_in_words(hers: Real, day: str) -> None:
    status, told = hers.do("grade", stream=str(hers.dust), grade="open", until=day)
    assert status == 409
    assert "That was not done" in told
    assert hers.grade(hers.dust) is Grade.HOME


def test_what_a_cap_forbids_is_refused_in_words_and_nothing_has_changed(hers: Real) -> None:
    status, told = hers.do("grade", stream=str(hers.power), grade="open")
    assert status == 409
    assert "can be counted at most" in words(told)
    assert 'href="/mine"' in told
    assert hers.grade(hers.power) is Grade.HOME


def test_nobody_elses_things_can_be_changed(hers: Real) -> None:
    unknown = hers.do("grade", stream="1234567", grade="open")
    for deed, form in (
        ("grade", {"stream": str(hers.neighbours), "grade": "open"}),
        ("pause", {"thing": hers.registry.holdings().things[hers.stream(hers.neighbours).thing].handle, "hours": "8"}),
    ):
        assert hers.do(deed, **form) == unknown
    assert hers.grade(hers.neighbours) is Grade.HOME


def test_a_pause_keeps_what_comes_at_home_until_it_is_over_or_ended(hers: Real) -> None:
    handle = hers.registry.holdings().things[hers.stream(hers.dust).thing].handle
    hers.do("grade", stream=str(hers.dust), grade="open")
    hers.clock[0] += HOUR
    assert hers.do("pause", thing=handle, hours="8") == (303, f"/mine?done=pause#thing-{handle}")
    assert arrival_grade(hers.stream(hers.dust).history, hers.clock[0]) is Grade.HOME
    assert "Paused until Mon 23 Nov, 04:40" in words(hers.page())
    hers.clock[0] += HOUR
    hers.do("unpause", thing=handle)
    assert arrival_grade(hers.stream(hers.dust).history, hers.clock[0] + 1) is Grade.OPEN


def test_joining_shows_nothing_until_a_value_is_shown_and_leaving_takes_it_back(hers: Real) -> None:
    assert hers.do("join", commons=hers.project) == (303, "/mine?done=join#projects")
    assert hers.grade(hers.dust) is Grade.HOME
    hers.clock[0] += HOUR
    page = hers.page()
    assert 'name="commons">' in page
    assert "where you are “" in page
    hers.do("grade", stream=str(hers.dust), grade="commons", commons=hers.project)
    assert hers.grade(hers.dust) is Grade.COMMONS
    hers.clock[0] += HOUR
    assert hers.do("leave", commons=hers.project)[0] == 303
    hers.clock[0] += HOUR
    assert hers.grade(hers.dust) is Grade.COUNTED


def test_a_name_is_proposed_shown_from_the_next_quarter_of_an_hour_on_and_taken_back(hers: Real) -> None:
    hers.do("join", commons=hers.project)
    assert 'name="name" type="text" maxlength="60" autocomplete="off" required value="Ana"' in hers.page()
    hers.do("grade", stream=str(hers.dust), grade="commons", commons=hers.project)
    hers.clock[0] += MINUTE
    assert hers.do("name", commons=hers.project, name="Ana of the yard") == (303, "/mine?done=name#projects")
    assert "Your name “Ana of the yard” is shown there from Sun 22 Nov, 19:45 on" in words(hers.page())
    hers.clock[0] += HOUR
    told = words(hers.page())
    assert "where you are “Ana of the yard”" in told
    assert "Your name “Ana of the yard” is shown there " in told
    assert hers.do("unname", commons=hers.project) == (303, "/mine?done=unname#projects")
    hers.clock[0] += HOUR
    told = words(hers.page())
    assert "Ana of the yard" not in told
    assert "where you are “" in told
    history = hers.stream(hers.dust).history
    assert effective(Grade.OPEN, Grade.COMMONS, NOW + HOUR, history, hers.clock[0]) is Grade.COUNTED


def test_in_a_home_of_several_adults_a_name_waits_a_day_and_can_be_taken_back_at_once(hers: Real) -> None:
    ana = hers.stream(hers.dust).owner
    home = actions.add_party(hers.registry, PartyKind.HOUSEHOLD, "Number 7", now=NOW - DAY)
    for adult in (ana, person(hers.registry, "Eva", now=NOW - DAY)):
        actions.add_household_member(hers.registry, home, adult, now=NOW - DAY)
    hers.do("join", commons=hers.project)
    hers.do("name", commons=hers.project, name="The yard")
    told = words(hers.page())
    assert "Your name “The yard” is shown there from Mon 23 Nov, 19:45 on" in told
    assert "where you are “The yard”" not in told
    hers.do("unname", commons=hers.project)
    hers.clock[0] += 2 * DAY
    assert "The yard" not in words(hers.page())


@pytest.mark.parametrize("name", ["", "   ", "a\x07b", "x" * 1001])
def test_a_name_that_is_none_is_refused_and_one_where_she_is_no_member_is_unknown(hers: Real, name: str) -> None:
    assert hers.do("name", commons=hers.project, name="Ana")[0] == 404
    hers.do("join", commons=hers.project)
    assert hers.do("name", commons=hers.project, name=name)[0] == 409
    assert hers.do("unname", commons=hers.project)[0] == 409
    assert hers.do("name", commons="nowhere", name="Ana")[0] == 404


def test_nobody_else_is_told_whose_name_is_shown(hers: Real) -> None:
    hers.do("join", commons=hers.project)
    hers.do("name", commons=hers.project, name="Ana of the yard")
    hers.clock[0] += HOUR
    ben = actions.make_link(hers.registry, hers.stream(hers.neighbours).owner, now=NOW).token
    assert "of the yard" not in hers.client.get("/mine", cookie=f"{COOKIE}={ben}").text
    hers.client.forget()
    assert "of the yard" not in hers.client.get(f"/commons/{hers.project}").text


def test_only_projects_that_ask_for_a_value_are_offered_for_it(hers: Real) -> None:
    for project in (hers.project, hers.other_project):
        hers.do("join", commons=project)
    assert hers.page().count(f'<option value="{hers.project}"') == 1
    assert f'<option value="{hers.other_project}"' not in hers.page()  # power is counted at most


def test_leaving_the_page_forgets_the_link_on_this_device(hers: Real) -> None:
    gone = hers.client.get("/mine/out", cookie=hers.cookie)
    assert (gone.status_code, gone.headers["location"]) == (303, "/")
    assert 'barrio_link=""' in gone.headers["set-cookie"]
    assert "Max-Age=0" in gone.headers["set-cookie"]


def test_what_was_done_is_said_in_our_words_whatever_the_address_says(hers: Real) -> None:
    for done, (_, told) in DEEDS.items():
        assert told in words(hers.client.get(f"/mine?done={done}", cookie=hers.cookie).text)
    other = hers.client.get("/mine?done=<b>Pay%20here</b>", cookie=hers.cookie).text
    assert "Pay here" not in other
    assert 'role="status"' not in other


def test_who_looked_is_read_by_whoever_holds_the_link_and_nobody_else(hers: Real) -> None:
    told = words(hers.client.get("/mine/looks", cookie=hers.cookie).text)
    assert "Nobody has looked at more of yours than everybody sees." in told
    assert hers.client.get("/mine/looks").status_code == 403
