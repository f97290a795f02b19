"""Both buckets keep the one contract; and the bucket on a server is kept with least rights, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from influxdb_client.rest import ApiException

from hub.core.grade import DAY, HOUR, Grade
from hub.core.query import StoreUnavailable
from hub.mirror import Shelf
from hub.mirror.influxdb import Civic
from tests.mirror.board import Board, erase, fresh, mirror, neighbours
from tests.mirror.contract import NOON, SOME, ShelfContract
from tests.servers.influxdb import Server, influx_server

VAULT = "o,ds=4242,o=17,g=1,w=5,l=0 v=4242.5"


class TestBoard(ShelfContract):
    @pytest.fixture(name="shelf")
    def _shelf(self) -> Shelf:
        return Board()


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with influx_server(tmp_path_factory.mktemp("influx")) as server:
        for bucket in ("civic", "vault"):
            server.bucket(bucket)
        yield server


def token(server: Server, *rights: tuple[str, str]) -> str:
    """A token with these rights: (read or write, bucket)."""
    org = server.call("GET", f"/api/v2/orgs?org={server.org}")["orgs"][0]["id"]
    ids = {b["name"]: b["id"] for b in server.call("GET", "/api/v2/buckets")["buckets"]}
    may = [
        {"action": action, "resource": {"type": "buckets", "id": ids[bucket], "orgID": org}}
        for action, bucket in rights
    ]
    return str(server.call("POST", "/api/v2/authorizations", {"orgID": org, "permissions": may})["token"])


@pytest.fixture(name="civic")
def _civic(server: Server) -> Iterator[Civic]:
    made = Civic(server.url, server.org, "civic", token(server, ("read", "civic"), ("write", "civic")))
    made.clear(0, NOON + 10_000 * DAY)
    yield made
    made.close()


@pytest.mark.e2e
class TestCivic(ShelfContract):
    @pytest.fixture(name="shelf")
    def _shelf(self, civic: Civic) -> Shelf:
        return civic


@pytest.mark.e2e
def test_on_a_real_server_the_mirror_is_what_the_gate_shows(tmp_path: Path, civic: Civic) -> None:
    with neighbours(tmp_path, indoors=True) as there:
        there.hours(3)
        kept = mirror(there, Board())
        kept._shelf = civic
        kept.step(there.now)
        assert shown(civic).rows() == fresh(there.town)
        assert {s.kind for s, _ in shown(civic).points} == {"region", "street", "open"}
        erase(there, there.devices[15])
        there.town.wish(there.devices[16], "dust", Grade.HOME)
        there.hours(1)
        kept.step(there.now)
        assert shown(civic).rows() == fresh(there.town)
        again = mirror(there, Board())
        again._shelf = civic
        assert again.step(there.now) == ""


def shown(civic: Civic) -> Board:
    """All that is in the bucket, on the table."""
    board = Board()
    board.write(civic.held(0, NOON + 10_000 * DAY))
    return board


@pytest.mark.e2e
def test_the_tokens_of_civic_see_and_do_nothing_elsewhere(server: Server, civic: Civic) -> None:
    civic.write(SOME)
    vault = Civic(server.url, server.org, "vault", server.token)
    vault._writing.write("vault", server.org, f"{VAULT} {NOON // 10**6}", write_precision="s")  # type: ignore[arg-type]
    reading, keeping = token(server, ("read", "civic")), str(civic._client.token)
    for given in (reading, keeping):
        asking = Civic(server.url, server.org, "civic", given)._client.query_api()
        found = asking.query_raw('from(bucket: "civic") |> range(start: 0)').data
        assert b"4242" not in found
        assert b"region" in found
        with pytest.raises(ApiException, match="could not find bucket"):
            asking.query_raw('from(bucket: "vault") |> range(start: 0)')
        buckets = asking.query_raw("buckets()").data
        assert b"civic" in buckets
        assert b"vault" not in buckets
    blind = Civic(server.url, server.org, "civic", reading)
    acts: tuple[Callable[[], object], ...] = (lambda: blind.write(SOME), lambda: blind.clear(0, NOON))
    for act in acts:
        with pytest.raises(StoreUnavailable, match="may not read and write"):
            act()
    assert len(civic.held(NOON, NOON + DAY)) == len(SOME)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("url", "bucket", "secret", "told"),
    [
        ("http://127.0.0.1:1", "civic", "x", "nobody answers at mirror.url"),
        ("", "civic", "x", "does not know the token"),
        ("", "elsewhere", "", "no such bucket"),
    ],
)
def test_what_is_wrong_is_told(server: Server, url: str, bucket: str, secret: str, told: str) -> None:
    civic = Civic(url or server.url, server.org, bucket, secret or server.token)
    for act in (civic.earliest, lambda: civic.held(NOON, NOON + HOUR), lambda: civic.write(SOME),
                lambda: civic.clear(0, NOON)):  # fmt: skip
        with pytest.raises(StoreUnavailable, match=told):
            act()
    civic.close()


class _Broken(BaseHTTPRequestHandler):
    """Answers whatever it is asked with a sentence that holds a value."""

    def do_POST(self) -> None:
        self.send_response(500)
        self.end_headers()
        self.wfile.write(b"cannot store 4242.5")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its parent has it
        """Say nothing."""


def test_a_server_in_trouble_is_told_of_without_its_words() -> None:
    with HTTPServer(("127.0.0.1", 0), _Broken) as broken:
        Thread(target=broken.serve_forever, daemon=True).start()
        civic = Civic(f"http://127.0.0.1:{broken.server_port}", "o", "civic", "t")
        with pytest.raises(StoreUnavailable, match="answers 500") as told:
            civic.write(SOME)
        assert "4242" not in str(told.value)
        broken.shutdown()
    civic.close()
