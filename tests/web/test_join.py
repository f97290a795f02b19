"""Adding a device from her page: what opens anything is shown once, and what is somebody else's stays so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub import actions
from hub.core.admission import ENROL
from hub.core.catalogue import Exposure
from hub.core.grade import DAY
from tests.web.asking import words
from tests.web.real import Real, real
from tests.web.world import NOW


@pytest.fixture
def hers(tmp_path: Path) -> Iterator[Real]:
    with real(tmp_path) as made:
        yield made


def post(hers: Real, deed: str, *, at: str = "/mine/join", cookie: str | None = None, **form: str) -> httpx.Response:
    whose = {"of": str(hers.stream(hers.dust).owner)} if deed in ("add", "token", "take") else {}
    return hers.client.post(at, {"do": deed, **whose, **form}, cookie=hers.cookie if cookie is None else cookie)


def typed(answer: httpx.Response) -> dict[str, str]:
    """What the page says to type."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", answer.text))


def page(hers: Real) -> str:
    return words(hers.client.get("/mine/join", cookie=hers.cookie).text)


def named(hers: Real, name: str) -> list[tuple[int, Exposure | None, bool]]:
    """The things of a name: whose, where, whether they are still somebody's."""
    things = hers.registry.holdings().things.values()
    return [(t.owner, t.exposure, t.closed is None) for t in things if t.name == name]


def link(hers: Real, party: int) -> str:
    made = actions.make_link(hers.registry, party, now=NOW)
    return f"{hers.cookie.partition('=')[0]}={made.token}"


def test_a_password_is_shown_once_and_opens(hers: Real) -> None:
    shown = typed(post(hers, "add", name="roof", outdoors="yes"))
    admitted = hers.registry.admit(shown["User name"], shown["Password"].encode(), None)
    assert admitted is not None
    assert named(hers, "roof") == [(hers.stream(hers.dust).owner, Exposure.OUTDOOR, True)]
    assert shown["Topics"].startswith("things/roof/")
    assert shown["Password"] not in page(hers) + words(hers.page())


def test_what_is_not_said_to_be_outdoors_is_not(hers: Real) -> None:
    post(hers, "add", name="cellar")
    assert named(hers, "cellar")[0][1] is None


def test_a_gateway_is_no_thing_and_has_a_password(hers: Real) -> None:
    shown = typed(post(hers, "add", name="zigbee", gateway="yes"))
    assert hers.registry.admit(shown["User name"], shown["Password"].encode(), None) is not None
    assert named(hers, "zigbee") == []


def test_a_token_lets_a_device_fetch_its_password_and_can_be_ended(hers: Real) -> None:
    shown = typed(post(hers, "token", name="roof"))
    token = shown["Token, as password"]
    assert shown["User name"] == ENROL
    assert hers.registry.admit(ENROL, token.encode(), None) is not None
    assert "roof may still join until" in page(hers)
    (open_one,) = hers.registry.tokens.awaited(NOW)
    gone = post(hers, "withdraw", token=str(open_one.enrolment))
    assert (gone.status_code, gone.headers["location"]) == (303, "/mine/join?done=withdraw#tokens")
    assert hers.registry.admit(ENROL, token.encode(), None) is None
    assert "may still join" not in page(hers)


def test_a_thing_passes_on_from_her_page_to_his(hers: Real) -> None:
    ben = hers.stream(hers.neighbours).owner
    mine = hers.registry.holdings().things[hers.stream(hers.dust).thing]
    token = typed(post(hers, "offer", at=f"/mine/thing/{mine.handle}"))["Token"]
    assert "may be taken over by whoever has its token" in page(hers)
    shown = typed(hers.client.post("/mine/join", {"do": "take", "of": str(ben), "token": f" {token} "},
                                   cookie=link(hers, ben)))  # fmt: skip
    assert hers.registry.admit(shown["User name"], shown["Password"].encode(), None) is not None
    assert sorted(alive for owner, _, alive in named(hers, mine.name) if owner == mine.owner) == [False]
    assert sum(owner == ben for owner, *_ in named(hers, mine.name)) == 2
    hers.clock[0] += DAY
    assert "Handed over or given up on" in words(hers.client.get(f"/mine/thing/{mine.handle}", cookie=hers.cookie).text)
    assert 'value="offer"' not in hers.client.get(f"/mine/thing/{mine.handle}", cookie=hers.cookie).text


def test_a_token_for_a_thing_can_be_ended(hers: Real) -> None:
    mine = hers.registry.holdings().things[hers.stream(hers.dust).thing]
    token = typed(post(hers, "offer", at=f"/mine/thing/{mine.handle}"))["Token"]
    assert post(hers, "withdraw", thing=mine.handle).status_code == 303
    ben = hers.stream(hers.neighbours).owner
    refused = hers.client.post("/mine/join", {"do": "take", "of": str(ben), "token": token}, cookie=link(hers, ben))
    assert refused.status_code == 422
    assert "There is no such token" in refused.text


@pytest.mark.parametrize(
    ("deed", "form", "says"),
    [
        ("add", {"name": " "}, "Say what it is called."),
        ("add", {"name": "a/b"}, "+ # /"),
        ("token", {"name": "a#b"}, "+ # /"),
        ("take", {"token": "guess"}, "There is no such token"),
    ],
)
def test_what_cannot_be_is_said_beside_its_form(hers: Real, deed: str, form: dict[str, str], says: str) -> None:
    refused = post(hers, deed, **form)
    assert refused.status_code == 422
    assert says in words(refused.text)
    assert all(f'value="{value}"' in refused.text for value in form.values() if value.strip())


@pytest.mark.parametrize("deed", ["add", "token", "take"])
def test_nothing_is_added_for_another(hers: Real, deed: str) -> None:
    ben = hers.stream(hers.neighbours).owner
    before = hers.registry.holdings()
    answer = hers.client.post(
        "/mine/join", {"do": deed, "of": str(ben), "name": "spy", "token": "x"}, cookie=hers.cookie
    )
    assert answer.status_code in (404, 422)
    assert hers.registry.holdings().things == before.things
    assert hers.registry.tokens.awaited(NOW) == []


def test_anothers_thing_cannot_be_handed_over_nor_his_token_ended(hers: Real) -> None:
    ben = hers.stream(hers.neighbours).owner
    his = hers.registry.holdings().things[hers.stream(hers.neighbours).thing]
    assert post(hers, "offer", at=f"/mine/thing/{his.handle}").status_code == 404
    open_one = actions.invite(hers.registry, ben, "shed", now=NOW)
    actions.offer(hers.registry, his.id, now=NOW)
    assert post(hers, "withdraw", token=str(open_one.enrolment)).status_code == 404
    assert post(hers, "withdraw", thing=his.handle).status_code == 404
    assert len(hers.registry.tokens.awaited(NOW)) == len(hers.registry.tokens.offered(NOW)) == 1
    assert "shed" not in page(hers)


@pytest.mark.parametrize(
    "form", [{"do": ""}, {"do": "other"}, {"do": "add", "of": "x", "name": "a"}, {"do": "withdraw"}]
)
def test_a_form_that_is_none_of_ours_does_nothing(hers: Real, form: dict[str, str]) -> None:
    assert hers.client.post("/mine/join", form, cookie=hers.cookie).status_code == 404


def test_without_a_link_nothing_is_shown_or_made(hers: Real) -> None:
    assert "add" not in words(hers.client.get("/mine/join").text).lower().split()
    assert "<dt>" not in post(hers, "add", name="spy", cookie="barrio=none").text
    assert named(hers, "spy") == []


def test_nobody_makes_passwords_without_end(hers: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.actions.made.MOST_OWN", 4)
    answers = [post(hers, "add", name=f"n{n}", gateway="yes").status_code for n in range(5)]
    assert answers.count(422) >= 1
    assert answers[-1] == 422
    assert "passwords already" in words(post(hers, "token", name="more").text)
