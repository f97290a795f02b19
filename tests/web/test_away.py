"""Erasing and taking a copy from her page: looked at twice, hers alone, and the receipt says what is known."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyrage
import pytest

from hub import actions
from hub.chores import chores
from hub.core.catalogue import PartyKind
from hub.core.grade import DAY, HOUR
from hub.core.query import Query
from hub.settings import HubSettings, Settings
from hub.upkeep import Upkeep
from hub.web.pages.mine_link import COOKIE
from tests.registry.town import monitor, person
from tests.stores.worlds import Row, batch
from tests.web.asking import words
from tests.web.real import Real, real
from tests.web.world import NOW

TODAY, YESTERDAY = "2026-11-22", "2026-11-21"


@pytest.fixture
def hers(tmp_path: Path) -> Iterator[Real]:
    with real(tmp_path) as made:
        for d in (made.dust, made.power, made.neighbours):
            owner = made.stream(d).owner
            made.store.append(batch(*(Row(d, NOW - n * DAY - HOUR, 7.5 + n, owner=owner) for n in range(3))))
        yield made


def post(hers: Real, deed: str, **form: str) -> httpx.Response:
    return hers.client.post("/mine/away", {"do": deed, **form}, cookie=hers.cookie)


def page(hers: Real) -> str:
    return words(hers.client.get("/mine/away", cookie=hers.cookie).text)


def of(hers: Real, title: str) -> str:
    """The value under which something stands in the list."""
    listed = re.findall(
        r'<option value="([^"]+)"[^>]*>([^<]+)<', hers.client.get("/mine/away", cookie=hers.cookie).text
    )
    return str(next(value for value, text in listed if text == title))


def left(hers: Real) -> dict[int, int]:
    """How many readings there are of each datastream."""
    audiences = (hers.registry.audience_of_party(p) for p in hers.registry.holdings().parties)
    found: dict[int, int] = {}
    for audience in audiences:
        assert audience is not None
        shown = hers.gate.read(Query(since=-(2**62)), audience)
        found |= {f.datastream: int((shown.face == n).sum()) for n, f in enumerate(shown.faces) if f.datastream}
    return found


def test_a_first_look_says_what_goes_and_what_stays_and_erases_nothing(hers: Real) -> None:
    before = left(hers)
    answer = post(hers, "look", of=of(hers, "All my things"), first=YESTERDAY, last=TODAY)
    told = words(answer.text)
    assert "Erase what your things measured from 21 November 2026 to 22 November 2026?" in told
    assert "Averages over several homes that were published" in told
    assert "There is no way back" in told
    assert answer.headers["cache-control"] == "no-store"
    assert left(hers) == before
    assert "What was erased" not in page(hers)


def test_the_second_look_erases_these_days_and_no_others(hers: Real) -> None:
    done = post(hers, "erase", of=of(hers, "All my things"), first=YESTERDAY, last=YESTERDAY)
    assert (done.status_code, done.headers["location"]) == (303, "/mine/away?done=erase#erased")
    assert left(hers) == {hers.dust: 2, hers.power: 2, hers.neighbours: 3}
    told = page(hers)
    assert "Everything of some time 2 readings" in told
    assert "Hidden from every view since Sun 22 Nov, 19:40" in told
    assert "not known yet" in told


def test_the_form_of_the_second_look_does_what_the_first_one_said(hers: Real) -> None:
    look = post(hers, "look", of=of(hers, "kitchen"), first="", last=YESTERDAY)
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', look.text))
    assert form["do"] == "erase"
    assert "Erase what “kitchen” measured until 21 November 2026?" in words(look.text)
    assert post(hers, **{"deed": form.pop("do"), **form}).status_code == 303
    assert left(hers) == {hers.dust: 3, hers.power: 1, hers.neighbours: 3}


def test_everything_takes_the_diary_along(hers: Real) -> None:
    look = post(hers, "look", of=of(hers, "All my things"), all="yes")
    assert "Erase everything?" in words(look.text)
    assert "the diary, who looked" in words(look.text)
    hers.clock[0] += HOUR
    assert post(hers, "erase", of=of(hers, "All my things"), all="yes").status_code == 303
    assert left(hers) == {hers.dust: 0, hers.power: 0, hers.neighbours: 3}
    ana = hers.stream(hers.dust).owner
    assert [e.what for e in hers.registry.journal(ana)] == ["erased everything"]


def test_the_receipt_says_gone_only_after_the_hub_has_looked_which_it_does_by_itself(
    hers: Real, tmp_path: Path
) -> None:
    upkeep = Upkeep(
        chores(Settings(hub=HubSettings(data=tmp_path)), hers.registry, hers.store), lambda: hers.clock[0]
    )  # fmt: skip
    upkeep.step()
    post(hers, "erase", of=of(hers, "All my things"), first=TODAY, last=TODAY)
    assert "Gone from every file of the hub: not known yet" in page(hers)
    hers.clock[0] += 15_000_000
    upkeep.step()
    assert "Gone from every file of the hub: it has looked, Sun 22 Nov, 19:40" in page(hers)


@pytest.mark.parametrize(("form", "why"), [
    ({"first": "", "last": ""}, "Say which days"),
    ({"first": TODAY, "last": YESTERDAY}, "swap the two"),
    ({"first": "soon", "last": ""}, "Write a day as in 2026-12-31"),
    ({"first": "9999-12-31", "last": "9999-12-31"}, "Write a day as in 2026-12-31"),
])  # fmt: skip
def test_days_that_are_none_are_refused_beside_the_form_and_kept_in_it(
    hers: Real, form: dict[str, str], why: str
) -> None:
    before = left(hers)
    for deed in ("look", "erase"):
        answer = post(hers, deed, of=of(hers, "All my things"), **form)
        assert answer.status_code == 422
        assert why in words(answer.text)
        assert f'name="first" type="date" max="{TODAY}" value="{form["first"]}"' in answer.text
    assert left(hers) == before


def test_nobody_elses_things_can_be_chosen(hers: Real) -> None:
    ben, before = hers.stream(hers.neighbours), left(hers)
    handle = hers.registry.holdings().things[ben.thing].handle
    ana = hers.stream(hers.dust).owner
    for value in (f"{ben.owner}", f"{ben.owner}/{handle}", f"{ana}/{handle}", "", "nonsense"):
        for deed in ("look", "erase"):
            assert post(hers, deed, of=value, all="yes").status_code == 404
            assert post(hers, deed, of=value, first=TODAY).status_code == 404
    assert post(hers, "dance").status_code == 404
    assert left(hers) == before


def test_the_actions_refuse_it_too_whatever_a_page_lets_through(hers: Real) -> None:
    audience = hers.registry.audience_of_party(hers.stream(hers.dust).owner)
    ben = hers.stream(hers.neighbours)
    handle = hers.registry.holdings().things[ben.thing].handle
    assert audience is not None
    assert audience.party is not None
    for owner, thing in ((ben.owner, None), (ben.owner, handle), (audience.party, handle), (audience.party, "none")):
        with pytest.raises(actions.ActionRefused):
            hers.own.erase(audience, owner, thing)


def test_one_of_several_adults_may_erase_what_is_the_homes_and_the_other_reads_it_in_his_diary(hers: Real) -> None:
    ana = hers.stream(hers.dust).owner
    home = actions.add_party(hers.registry, PartyKind.HOUSEHOLD, "Number 7", now=NOW - DAY)
    eva = person(hers.registry, "Eva", now=NOW - DAY)
    for adult in (ana, eva):
        actions.add_household_member(hers.registry, home, adult, now=NOW - DAY)
    (co2,) = monitor(hers.registry, home, "pm25", name="hall", now=NOW - DAY)
    (evas,) = monitor(hers.registry, eva, "pm25", name="evas", now=NOW - DAY)
    for d, owner in ((co2, home), (evas, eva)):
        hers.store.append(batch(Row(d, NOW - HOUR, owner=owner)))
    assert "hall (the household Number 7)" in page(hers)
    assert "evas" not in page(hers), "what is another adult's own is hers to erase"
    look = words(post(hers, "look", of=of(hers, "All things of the household Number 7"), all="yes").text)
    assert "Erase everything of the household Number 7?" in look
    assert "What stands in the diaries of those who decide for it." in look
    assert post(hers, "erase", of=of(hers, "hall (the household Number 7)"), first=TODAY, last=TODAY).status_code == 303
    assert left(hers)[co2] == 0
    assert "of the household Number 7 1 reading " in page(hers)
    assert any("erased what one thing measured" in e.what for e in hers.registry.journal(eva))


def test_a_copy_holds_what_is_hers_and_is_kept_by_nobody(hers: Real) -> None:
    answer = post(hers, "copy", key="")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="barrio-{TODAY}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as made:
        assert len(made.read("readings.csv").splitlines()) == 1 + 6
        assert "Bubeneč" in made.read("README.txt").decode()


def test_a_copy_for_a_key_is_of_use_to_that_key_alone(hers: Real) -> None:
    key = pyrage.x25519.Identity.generate()
    answer = post(hers, "copy", key=f" {key.to_public()} ")
    assert answer.headers["content-disposition"].endswith('.zip.age"')
    assert b"readings.csv" not in answer.content
    with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(answer.content, [key]))) as made:
        assert "readings.csv" in made.namelist()


@pytest.mark.parametrize("key", ["age1nonsense", "ssh-rsa nonsense", "\N{SNOWMAN}"])
def test_a_key_that_is_none_is_said_beside_its_field(hers: Real, key: str) -> None:
    answer = post(hers, "copy", key=key)
    assert answer.status_code == 422
    assert "This is no public key" in words(answer.text)
    assert f'value="{key}"' in answer.text


def test_without_a_link_nothing_is_shown_and_nothing_done(hers: Real) -> None:
    before, value = left(hers), of(hers, "All my things")
    hers.client.forget()
    stranger = hers.client.get("/mine/away")
    assert (stranger.status_code, stranger.content) == (403, hers.client.get("/mine").content)
    for form in ({"do": "copy"}, {"do": "erase", "of": value, "all": "yes"}, {"do": "look", "of": value}):
        assert hers.client.post("/mine/away", form).content == stranger.content
        elsewhere = hers.client.post("/mine/away", form, cookie=hers.cookie, sec_fetch_site="cross-site")
        assert elsewhere.status_code == 403
    assert left(hers) == before
    assert COOKIE in hers.cookie
