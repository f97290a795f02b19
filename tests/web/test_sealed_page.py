"""What is sealed goes to its household as it came, page and file, and to nobody else."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest
from sqlalchemy import insert

from devices import keys
from hub import actions
from hub.registry import tables as t
from hub.web.pages.mine_link import COOKIE
from tests.web.asking import words
from tests.web.world import NOW, TOKEN, World

COUNT = 1203
BODIES = [b"envelope %d" % n for n in range(COUNT)]


@pytest.fixture
def sealing(own_hub: World) -> World:
    """The hub, in which the thing of the eighth neighbour has sealed more than one page of envelopes."""
    thing = next(i for i, thing in own_hub.holdings.things.items() if thing.owner == 108)
    with own_hub.registry.transaction() as tx:
        tx.connection.execute(insert(t.credentials).values(
            id=1, user="u", hash="", party=108, label="", kind="thing", since=NOW,
        ))  # fmt: skip
        tx.connection.execute(insert(t.things).values(
            id=thing, handle="x", wire="esp", name="", title="", description="", exposure_stated=False, owner=108,
            credential=1, since=NOW, signing_key=bytes(32),
        ))  # fmt: skip
        tx.connection.execute(insert(t.sealed), [
            {"thing": thing, "sequence": n, "key": "k", "received": NOW, "body": body} for n, body in enumerate(BODIES)
        ])  # fmt: skip
    return own_hub


def lines(hub: World, token: str) -> list[dict[str, object]]:
    answer = hub.client.get("/mine/sealed.jsonl", cookie=f"{COOKIE}={token}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_the_household_gets_every_envelope_once_as_it_came_and_knows_that_it_is_all(sealing: World) -> None:
    first, *rows, last = lines(sealing, TOKEN)
    assert first == {"barrio": "sealed", "version": 1}
    assert last == {"envelopes": COUNT}
    assert [base64.b64decode(str(row["envelope"])) for row in rows] == BODIES
    assert {row["signer"] for row in rows} == {base64.b64encode(bytes(32)).decode()}


def test_another_household_gets_none_of_it_and_a_stranger_not_even_a_file(sealing: World) -> None:
    assert lines(sealing, "street")[1:] == [{"envelopes": 0}]
    assert sealing.client.get("/mine/sealed.jsonl").status_code == 403
    assert sealing.client.get("/mine/sealed.jsonl").content == sealing.client.get("/mine").content


def test_a_file_that_is_on_its_way_ends_with_the_link(sealing: World) -> None:
    asked = [0]
    audience = sealing.gate.audience_of_link

    def until_the_second_page(token: str) -> object:
        asked[0] += 1
        return audience(token) if asked[0] < 4 else None

    sealing.gate.audience_of_link = until_the_second_page  # type: ignore[method-assign,assignment]  # a link that ends
    rows = lines(sealing, TOKEN)[1:]
    assert 0 < len(rows) < COUNT
    assert "envelopes" not in rows[-1]


def test_the_page_says_how_much_there_is_and_that_the_hub_cannot_read_it(sealing: World) -> None:
    told = words(sealing.client.get("/mine/sealed", cookie=f"{COOKIE}={TOKEN}").text)
    assert str(COUNT) in told
    assert "This hub cannot read what is inside" in told
    assert "No key of your household is in force" in told
    other = words(sealing.client.get("/mine/sealed", cookie=f"{COOKIE}=street").text)
    assert "None of your things has sealed anything" in other
    assert str(COUNT) not in other


def test_what_seals_stands_on_her_page_with_how_many_envelopes_and_a_way_to_them(sealing: World) -> None:
    page = sealing.client.get("/mine", cookie=f"{COOKIE}={TOKEN}").text
    assert "1,203 sealed envelopes, the last Sun 22 Nov, 19:40: only your own key opens them" in words(page)
    assert page.count('href="/mine/sealed"') == 2
    other = sealing.client.get("/mine", cookie=f"{COOKIE}=street").text
    assert "sealed envelope" not in other
    assert 'href="/mine/sealed"' not in other


def test_a_thing_that_only_seals_is_on_her_page_too(sealing: World) -> None:
    others = tuple(d for d in sealing.holdings.datastreams if d.owner != 108)
    sealing.registry.now_is(msgspec.structs.replace(sealing.holdings, datastreams=others))
    told = words(sealing.client.get("/mine", cookie=f"{COOKIE}={TOKEN}").text)
    assert "Your things seal what they measure: only your household opens it." in told
    assert "Monitor 8 It seals all it says: this hub cannot read it. 1,203 sealed envelopes" in told
    assert "When a thing of yours speaks for the first time" not in told


def test_a_household_with_a_key_finds_the_way_before_anything_is_sealed(own_hub: World) -> None:
    assert 'href="/mine/sealed"' not in own_hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}").text
    actions.add_sealing_key(own_hub.registry, 108, keys.public_of(bytes(32)), now=NOW)
    assert 'href="/mine/sealed"' in own_hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}").text
