"""What goes wrong with a server is one line that says what to do; nothing is half done and no value is repeated."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest

from hub.core.grade import DAY, HOUR
from hub.core.history import Span
from hub.core.store import ANY_TIME, Erasure, StoreUnavailable, kept_by
from hub.stores.influxdb import store as influxdb
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.points import LAST
from hub.stores.influxdb.store import InfluxStore
from tests.e2e.programs import HOST, free_port
from tests.servers.answering import Answers, answering
from tests.stores.contract import THEN
from tests.stores.worlds import Row, batch

YEAR = 365 * 24 * 3600
SECRET = "4242.5"


@pytest.fixture
def server() -> Iterator[Answers]:
    with answering() as answers:
        yield answers


@pytest.fixture
def store(server: Answers) -> Iterator[InfluxStore]:
    store = InfluxStore(Access(server.url, "barrio", "vault", "a-token"), seconds=5)
    yield store
    store.close()


WRITING = [
    (401, "unauthorized", "does not take the token in store.influxdb.token_file"),
    (403, "forbidden", "may not read and write vault: run `barrio store init`"),
    (404, "not found", "has no bucket vault in the organisation barrio: run `barrio store init`"),
    (413, "too large", "lower ingest.most_readings"),
    (422, "partial write: field type conflict", "give Barrio a bucket of its own"),
    (429, "limit", "tries again by itself"),
    (500, "internal error", "fails (500): look at InfluxDB's log; what comes waits"),
    (503, "starting", "fails (503)"),
    (500, "write wal: no space left on device", "is full: make room there"),
]


@pytest.mark.parametrize(("status", "said", "advice"), WRITING)
def test_each_trouble_with_writing_says_what_to_do(
    server: Answers, store: InfluxStore, status: int, said: str, advice: str
) -> None:
    server.said["/api/v2/write"] = (status, json.dumps({"code": "x", "message": f"{said} {SECRET}"}))
    with pytest.raises(StoreUnavailable, match=re.escape(advice)) as error:
        store.append(batch(Row(value=4242.5)))
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
    assert "\n" not in str(error.value)
    server.said["/api/v2/write"] = (204, "")
    store.append(batch(Row(value=4242.5)))
    assert store.last_heard() == {1000: THEN}


def test_a_server_that_is_away_is_said_to_be() -> None:
    store = InfluxStore(Access(f"http://{HOST}:{free_port()}", "barrio", "vault", "a-token"))
    for use in (
        lambda: store.append(batch(Row())), store.last_heard, lambda: store.seen([1]),
        lambda: store.delete(Erasure(owner=100)),
    ):  # fmt: skip
        with pytest.raises(StoreUnavailable, match=r"no InfluxDB answers at http.*: start it"):
            use()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.last_heard()


def test_a_server_that_is_slow_is_said_to_be(server: Answers) -> None:
    store = InfluxStore(Access(server.url, "barrio", "vault", "a-token"), seconds=0.05)
    server.slow = 0.3
    with pytest.raises(StoreUnavailable, match="took longer than"):
        store.append(batch(Row()))
    store.close()


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ((200, '{"name": "influxdb", "status": "pass", "version": "1.8.10"}'), "of version 2 (it says 1.8.10)"),
        ((200, '{"name": "influxdb", "status": "pass", "version": "3.1.0"}'), "of version 2 (it says 3.1.0)"),
        ((404, "<html>"), "no InfluxDB of version 2"),
        ((200, "OK"), "no InfluxDB of version 2"),
        ((401, '{"error": "the request was not authenticated"}'), "no InfluxDB of version 2"),
    ],
)  # fmt: skip
def test_another_server_is_told_from_an_influxdb_2(
    server: Answers, store: InfluxStore, health: tuple[int, str], words: str
) -> None:
    server.said["/health"] = health
    with pytest.raises(StoreUnavailable, match=re.escape(words)):
        store.append(batch(Row()))
    assert "/api/v2/write" not in server.asked


def test_an_answer_that_breaks_off_is_no_answer(server: Answers, store: InfluxStore) -> None:
    store.append(batch(Row()))
    server.said["/api/v2/query"] = (200, f"error,reference\r\nrow {SECRET} is broken,897\r\n")
    with pytest.raises(StoreUnavailable, match="could not finish an answer") as error:
        store.seen([1])
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("wanted", [0, 2 * YEAR])
def test_a_bucket_that_forgets_sooner_than_the_hub_takes_nothing(server: Answers, wanted: int) -> None:
    server.keeps(YEAR)
    store = InfluxStore(Access(server.url, "barrio", "vault", "a-token", wanted))
    with pytest.raises(StoreUnavailable, match=r"forgets readings after 365 days.*`barrio store init`"):
        store.append(batch(Row()))
    assert "/api/v2/write" not in server.asked
    store.close()


def test_what_a_bucket_would_refuse_is_left_out_and_the_rest_is_stored(
    server: Answers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(influxdb, "_now", lambda: THEN)
    server.keeps(YEAR)
    store = InfluxStore(Access(server.url, "barrio", "vault", "a-token", YEAR))
    assert kept_by(store) == ANY_TIME
    odd = [Row(time=t, received=THEN) for t in (0, THEN - 366 * DAY, THEN - 365 * DAY, 2**60)]
    with caplog.at_level(logging.WARNING):
        store.append(batch(*odd, Row(1001)))
    assert store.last_heard() == {1001: THEN}
    assert kept_by(store) == Span(THEN - 365 * DAY + HOUR, LAST)
    assert "4 readings are outside" in caplog.text
    store.close()


def test_a_retention_that_was_shortened_while_the_hub_ran_is_noticed_and_nothing_is_tried_for_ever(
    server: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    store = InfluxStore(Access(server.url, "barrio", "vault", "a-token", YEAR))
    store.append(batch(Row()))
    assert kept_by(store) == ANY_TIME
    server.keeps(YEAR)
    told = {"code": "unprocessable entity", "message": "partial write: points beyond retention policy dropped=1"}
    server.said["/api/v2/write"] = (422, json.dumps(told))
    with caplog.at_level(logging.WARNING):
        store.append(batch(Row(), Row(time=THEN - 4000 * DAY)))
    assert "keeps readings for less time than it did" in caplog.text
    assert kept_by(store) != ANY_TIME
    store.close()
