"""Cards, charters and letters: what somebody finds who is measured without owning."""

from __future__ import annotations

import re

import pytest

from hub.web.pages.mine_link import COOKIE
from tests.web.asking import words
from tests.web.world import CELL, World

STREET = f"/card/pm25-{CELL}"


def wrote(hub: World, card: str, said: str) -> str:
    """Write to a card; the address of the answer."""
    answer = hub.client.post(f"{card}/object", {"words": said})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def test_the_cards_say_what_measures_here_in_one_sentence_first(hub: World) -> None:
    told = words(hub.client.get("/cards").text)
    sentence = (
        "What everybody shares in Bubeneč is measured by one public instrument for everybody to see, "
        "and by homes in one area without being named."
    )
    assert sentence in told
    assert told.index(sentence) < told.index("School roof")
    assert "School roof fine dust and warmth, in the south" in told


def test_a_card_says_what_why_how_far_and_whom_to_ask(hub: World) -> None:
    told = words(hub.client.get("/card/handle7").text)
    for part in (
        "Fine dust (PM2.5), in µg/m³",
        "To know the air of our street.",
        "Neighbour7",
        "Whom to ask",
        "no sound",
    ):
        assert part in told, part
    street = words(hub.client.get(STREET).text)
    assert "At least five homes in the south measure fine dust (PM2.5) outdoors. Nobody is told which." in street
    assert "for seven days" in street
    assert not re.search(r"Neighbour\d|Monitor", street)


@pytest.mark.parametrize("key", ["handle1", "handle8", "nobody", f"power-{CELL}", "pm25-"])
def test_what_is_hidden_and_what_is_not_there_have_no_card_alike(hub: World, key: str) -> None:
    nothing = hub.client.get("/card/never")
    for more in ("", "/object"):
        hidden = hub.client.get(f"/card/{key}{more}")
        assert (hidden.status_code, hidden.content) == (404, nothing.content)
    posted = hub.client.post(f"/card/{key}/object", {"words": "Hello?"})
    assert (posted.status_code, posted.content) == (404, nothing.content)


def test_words_written_without_a_name_reach_the_owners_and_the_answer_comes_back(own_hub: World) -> None:
    address = wrote(own_hub, STREET, "Why here?\nI walk past.")
    page = own_hub.client.get(address)
    assert "There is no answer yet" in words(page.text)
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers
    mine = own_hub.client.get("/mine", cookie=f"{COOKIE}=street").text
    assert "Why here?\nI walk past." in mine
    number = re.search(r'name="letter" value="(\d+)"', mine)
    assert number is not None
    form = {"do": "answer", "letter": number.group(1), "words": "For the school."}
    done = own_hub.client.post("/mine", form, cookie=f"{COOKIE}=street")
    assert (done.status_code, done.headers["location"]) == (303, "/mine?done=answer#letters")
    answered = words(own_hub.client.get(address).text)
    assert "You have an answer" in answered
    assert "For the school." in answered
    assert "Neighbour1" not in answered


def test_words_reach_nobody_else(own_hub: World) -> None:
    wrote(own_hub, "/card/handle7", "Is it loud?")
    for link, reaches in (("open", True), ("street", False), ("commons", False), ("a-link-that-holds", False)):
        page = own_hub.client.get("/mine", cookie=f"{COOKIE}={link}").text
        assert ("Is it loud?" in page) is reaches, link


def test_whoever_was_not_reached_cannot_answer(own_hub: World) -> None:
    wrote(own_hub, "/card/handle7", "Is it loud?")
    form = {"do": "answer", "letter": str(own_hub.gate.objections(own_hub.registry.links["open"])[0].id), "words": "x"}
    assert own_hub.client.post("/mine", form, cookie=f"{COOKIE}=street").status_code == 404
    assert own_hub.client.post("/mine", form).status_code == 403


def test_words_are_shown_as_words(own_hub: World) -> None:
    address = wrote(own_hub, STREET, "<script>alert(1)</script> {{ 7*7 }}")
    page = own_hub.client.get(address).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in page


def test_what_cannot_be_kept_is_said_beside_the_words_and_nothing_is_lost(own_hub: World) -> None:
    answer = own_hub.client.post(f"{STREET}/object", {"words": "x" * 1001})
    assert answer.status_code == 422
    assert "between one and 1000 characters" in words(answer.text)
    assert "x" * 1001 in answer.text
    assert 'role="alert"' in answer.text


def test_too_many_from_one_address_wait_and_keep_their_words(own_hub: World) -> None:
    told = [own_hub.client.post(f"{STREET}/object", {"words": f"Number {n}"}).status_code for n in range(7)]
    assert told == [303] * 6 + [429]


def test_a_letters_address_that_nobody_has_is_a_page_that_is_not_there(hub: World) -> None:
    nothing = hub.client.get("/no-such-page")
    unknown = hub.client.get("/objection/aaaaaaaaaaaaaaaaaaaaaaaaaa")
    assert (unknown.status_code, unknown.content) == (404, nothing.content)


def test_search_engines_are_asked_to_leave_letters_alone(hub: World) -> None:
    assert "Disallow: /objection\n" in hub.client.get("/robots.txt").text


def test_a_charter_says_its_purpose_and_its_rules_and_nobodys_name(hub: World) -> None:
    listed = words(hub.client.get("/commons").text)
    assert "One shared project runs in Bubeneč" in listed
    assert "Clean courtyards Less dust" in listed
    told = words(hub.client.get("/commons/yards").text)
    for part in ("Clean courtyards: less dust.", "Fewer than five", "90 days", "never the address"):
        assert part in told, part
    assert "Heron" not in told
    assert "Neighbour" not in told
    assert hub.client.get("/commons/nobody").status_code == 404
