"""An owner's own page: exact to her, by a link that holds, and beside it what others see."""

from __future__ import annotations

import pytest

from hub.core.grade import HOUR
from hub.web.pages.mine_link import COOKIE
from tests.web.asking import every_path, words
from tests.web.world import NOW, SECRET, TOKEN, World


def mine(hub: World, token: str) -> str:
    return hub.client.get("/mine", cookie=f"{COOKIE}={token}").text


def test_the_link_becomes_a_strict_cookie_of_this_page_alone_and_leaves_the_address(hub: World) -> None:
    answer = hub.client.get(f"/mine/{TOKEN}")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={TOKEN}; HttpOnly; Path=/mine; SameSite=strict")
    assert "expires" not in cookie.lower()
    assert answer.headers["cache-control"] == "no-store"
    assert 'content="0; url=/mine"' in answer.text
    assert TOKEN not in answer.text
    hub.client.forget()


def test_an_unknown_link_an_old_cookie_and_none_are_told_the_same(hub: World) -> None:
    answers = [
        hub.client.get("/mine/no-such-link"),
        hub.client.get("/mine"),
        hub.client.get("/mine", cookie=f"{COOKIE}=x"),
    ]
    assert {a.status_code for a in answers} == {403}
    assert len({a.content for a in answers}) == 1
    assert "barrio party link" in answers[0].text


def test_an_owner_sees_her_exact_values_and_that_nobody_else_does(hub: World) -> None:
    told = words(mine(hub, TOKEN))
    assert "Good evening, Neighbour8" in told
    assert "none leaves your home" in told
    assert f"You {SECRET} µg/m³" in told
    assert "A stranger nothing" in told


def test_a_street_value_is_shown_to_strangers_as_the_areas_span(hub: World) -> None:
    told = words(mine(hub, "street"))
    assert "one as “somebody around here”" in told
    assert "You 6 µg/m³" in told
    assert "A stranger 6-11 µg/m³ as “somebody around here”, 18:00-19:00" in told.replace("\N{EN DASH}", "-")


def test_an_open_value_is_shown_to_strangers_under_its_chosen_name(hub: World) -> None:
    assert "A stranger 6 µg/m³ 19:40, as “School roof”" in words(mine(hub, "open")).replace(
        " as “School roof”, 19:40", " 19:40, as “School roof”"
    )


def test_a_commons_value_is_shown_to_the_project_under_its_pseudonym_and_to_nobody_else(hub: World) -> None:
    told = words(mine(hub, "commons"))
    assert f"Your project {SECRET - 0.5:.0f} µg/m³ as “Heron”" in told
    assert "A stranger nothing" in told
    assert "The city nothing" in told


@pytest.mark.slow
def test_she_and_only_she_is_told_why_others_see_nothing(own_hub: World) -> None:
    told = words(mine(own_hub, "commons"))
    assert "Why they see nothing (only you are told) Fewer homes than needed show or count it around you." in told
    own_hub.clock[0] = NOW + 9 * HOUR
    told = words(mine(own_hub, "street"))
    assert "Why they see nothing (only you are told) It has said nothing for hours." in told
    own_hub.client.forget()
    public = [words(own_hub.client.get(path).text) for path in every_path(own_hub)]
    assert not [page for page in public if "Why they see nothing" in page or "It has said nothing for hours" in page]


def test_where_everybody_sees_it_or_nobody_should_there_is_no_reason(hub: World) -> None:
    for token in (TOKEN, "open", "street"):
        assert "Why they see nothing" not in mine(hub, token)


def test_her_project_and_the_others_may_see_nothing_for_two_reasons(own_hub: World) -> None:
    own_hub.nameless(1010)
    told = words(mine(own_hub, "commons"))
    assert "Your project: you have no name in the project now" in told
    assert "The others: fewer homes than needed" in told


def test_refusals_and_silence_are_told_in_words(hub: World) -> None:
    assert "is no number" in words(mine(hub, "street"))
    hub.clock[0] = NOW + 9 * HOUR
    assert "Monitor 8 has been silent since" in words(mine(hub, TOKEN))
    hub.clock[0] = NOW


def test_the_grades_above_a_cap_stay_visible_and_say_why(own_hub: World) -> None:
    page = own_hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}").text
    assert page.count('class="rung') == 6
    assert page.count("checked") == 1


def test_an_owners_page_is_never_kept_on_the_way(hub: World) -> None:
    answer = hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert str(SECRET) not in hub.client.get("/mine").text
