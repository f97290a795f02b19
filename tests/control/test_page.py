"""The operator's page: the words of the status, what needs somebody first, and nothing of anybody."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from hub import actions
from hub.control.desk import Desk
from hub.control.page import page, troubles
from hub.control.port import OperatorPort
from hub.core.catalogue import PartyKind
from hub.gate import Gate
from hub.ingest.pipeline import Counts
from hub.registry import RegistryUnavailable
from hub.settings import Settings
from hub.stores.outbox.store import Outbox
from tests.registry.town import CATALOGUE, NOW, opened
from tests.stores.contract import THEN
from tests.stores.moody import AWAY, Away
from tests.stores.worlds import Row, batch


@pytest.fixture
def engine() -> Away:
    return Away()


@pytest.fixture
def desk(engine: Away, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("hub.stores.outbox.store._PAUSES", (0.001, 0.02))
    outbox = Outbox(engine, tmp_path / "outbox.sqlite", 2_000_000)
    registry = opened(tmp_path)
    yield Desk(
        registry, outbox, Gate(outbox, registry, CATALOGUE, lambda: NOW), Settings(), lambda: NOW, counts=Counts()
    )
    registry.close()
    engine.away = False
    outbox.close()


def test_a_hub_that_is_well_says_so_and_shows_every_line_of_the_status(desk: Desk) -> None:
    told = page(desk)
    assert "The hub is well" in told
    assert "It is empty." in told
    for line in ("Parties", "Releases", "Kept", "Store", "In quarantine"):
        assert f"<dt>{line}</dt>" in told


def test_what_waits_and_why_stands_first(desk: Desk, engine: Away) -> None:
    engine.away = True
    desk.store.append(batch(*(Row(time=THEN + n) for n in range(1000))))
    told = page(desk)
    assert "One thing needs you." in told
    assert told.index(f"Readings wait on this disk: {AWAY}.") < told.index('id="outbox"')
    assert "of 2 MB wait on this disk" in told


def test_things_that_are_not_answered_are_a_trouble(desk: Desk) -> None:
    assert list(troubles(desk)) == []
    assert desk.counts is not None
    desk.counts.waiting = True
    assert ["not answered" in trouble for trouble in troubles(desk)] == [True]


def test_the_page_names_nobody(desk: Desk) -> None:
    actions.add_party(desk.registry, PartyKind.PERSON, "Hildegard", now=NOW)
    assert "Hildegard" not in page(desk)


def metrics(_environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"barrio_numbers 1\n"]


def test_the_port_has_a_page_numbers_and_the_sheets_and_nothing_else() -> None:
    def away() -> str:
        raise RegistryUnavailable("the disk is full")

    for shown, told in ((lambda: "<p>well</p>", "<p>well</p>"), (away, "the disk is full")):
        port = OperatorPort(shown, metrics)
        where = f"http://127.0.0.1:{port.start('127.0.0.1', 0)}"
        try:
            assert told in got(f"{where}/")
            assert got(f"{where}/metrics") == "barrio_numbers 1\n"
            assert "--paper" in got(f"{where}/static/tokens.css")
            for nothing in ("/static/../port.py", "/static/map.js", "/status"):
                assert got(where + nothing).startswith("There is /")
        finally:
            port.stop()


def got(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            body: bytes = answer.read()
    except urllib.error.HTTPError as refused:
        body = refused.read()
        refused.close()
    return body.decode()
