"""What is said when something cannot be shown."""

from __future__ import annotations

import logging

import pytest

from hub.web.context import Context
from tests.web.asking import words
from tests.web.world import SECRET, World


def test_unknown_and_hidden_pages_answer_alike_for_people_and_machines(hub: World) -> None:
    pages = [hub.client.get(p) for p in ("/no-such-page", "/thing/handle8", "/property/nothing", "/?property=nothing")]
    assert {p.status_code for p in pages} == {404}
    assert len({p.content for p in pages}) == 1
    data = [hub.client.get(p) for p in ("/thing/handle8.csv", "/map/nothing.geojson", "/map/ground.pmtiles")]
    assert len({d.content for d in data}) == 1
    assert data[0].json() == {
        "code": 404, "type": "NotFound",
        "message": "There is no such page, or nothing is shown on it. Begin again at the map.",
    }  # fmt: skip


def test_a_store_that_cannot_answer_is_told_in_words_and_tried_again(own_hub: World) -> None:
    own_hub.store.broken = True
    page = own_hub.client.get("/")
    assert page.status_code == 503
    assert "Nothing is lost" in words(page.text)
    assert own_hub.client.get("/map/pm25.geojson").json()["type"] == "StoreUnavailable"
    assert own_hub.client.get("/healthz").status_code == 503
    own_hub.store.broken = False
    assert own_hub.client.get("/").status_code == 200
    assert own_hub.client.get("/healthz").json() == {"status": "ok"}


def test_what_nobody_foresaw_is_answered_and_logged_without_what_it_said(
    own_hub: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def burst(_: Context) -> None:
        raise RuntimeError(f"this text holds {SECRET}")

    monkeypatch.setattr(Context, "shown_properties", burst)
    with caplog.at_level(logging.DEBUG):
        answer = own_hub.client.get("/")
    assert answer.status_code == 500
    assert "not with you" in words(answer.text)
    assert "RuntimeError" in caplog.text
    assert str(SECRET) not in caplog.text + answer.text


def test_nobodys_address_or_link_is_in_the_log(hub: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="hub"):
        hub.client.get("/mine/some-secret-link")
        hub.client.get("/thing/handle8")
    assert caplog.text == ""
