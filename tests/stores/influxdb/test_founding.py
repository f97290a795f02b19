"""`barrio store init` on a real server: made once, made again without harm, and no token may more than it must."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import cli
from hub.control.names import CommandError
from hub.core.store import StoreUnavailable
from hub.settings import SettingsError
from hub.stores.influxdb.access import Access
from hub.stores.influxdb.served import Served
from hub.stores.influxdb.store import InfluxStore
from tests.servers.influxdb import Server
from tests.stores.contract import THEN
from tests.stores.worlds import Row, batch

pytestmark = pytest.mark.e2e
DAYS = 365 + 31


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that nobody has set up."""
    server = Server(tmp_path_factory.mktemp("influxdb"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def folder(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's folder for which everything was made."""
    folder = tmp_path_factory.mktemp("hub")
    write(folder, server)
    assert "the server was new" in barrio(folder, "init")
    return folder


def write(folder: Path, server: Server, more: str = "") -> None:
    lines = ["[store]", 'engine = "influxdb"', "[store.influxdb]", f'url = "{server.url}"', more]
    (folder / "barrio.toml").write_text("\n".join(lines), encoding="utf-8")


def barrio(folder: Path, *words: str) -> str:
    """What a command says."""
    admin = ["--admin-token-file", str(folder / "admin.token")] if words == ("init",) else []
    done = CliRunner().invoke(cli, ["store", *words, "--config", str(folder / "barrio.toml"), *admin])
    if done.exception is not None:
        raise done.exception
    return done.output


def holder(folder: Path, server: Server, file: str, bucket: str) -> Served:
    token = (folder / file).read_text().strip()
    return Served(Access(server.url, "barrio", bucket, token, DAYS * 86400))


def test_what_was_made_can_be_used(folder: Path, server: Server) -> None:
    assert "bucket vault holds readings of 0 datastreams" in barrio(folder, "check")
    token = (folder / "vault.token").read_text().strip()
    store = InfluxStore(Access(server.url, "barrio", "vault", token, 365 * 86400))
    store.append(batch(Row()), [1])
    assert store.last_heard() == {1000: THEN}
    assert store.seen([1]) == {1}
    store.close()


def test_done_again_it_changes_nothing(folder: Path) -> None:
    tokens = {p.name: p.read_text() for p in folder.glob("*.token")}
    assert set(tokens) == {"admin.token", "vault.token", "civic.token", "civic-reader.token"}
    said = barrio(folder, "init")
    assert "made" not in said
    assert "new" not in said
    assert f"bucket vault: is there; keeps for {DAYS} days" in said
    assert {p.name: p.read_text() for p in folder.glob("*.token")} == tokens


def test_only_their_user_can_read_the_tokens_and_none_is_printed(folder: Path) -> None:
    said = barrio(folder, "init")
    for file in folder.glob("*.token"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().strip() not in said
    assert not list(folder.glob("*.draft"))


@pytest.mark.parametrize(("file", "bucket"), [("civic.token", "vault"), ("civic-reader.token", "vault"),
                                              ("vault.token", "civic")])  # fmt: skip
def test_a_token_opens_no_other_bucket(folder: Path, server: Server, file: str, bucket: str) -> None:
    served = holder(folder, server, file, bucket)
    ask = f'from(bucket: "{bucket}") |> range(start: 0) |> limit(n: 1)'
    for use in (
        served.greet, lambda: served.ask(ask), lambda: served.write(b"o,ds=1 v=1 1"),
        lambda: served.delete('_measurement="o"', 0, 10),
    ):  # fmt: skip
        with pytest.raises(StoreUnavailable):
            use()
    served.close()


def test_whoever_reads_what_is_public_cannot_write_it(folder: Path, server: Server) -> None:
    served = holder(folder, server, "civic-reader.token", "civic")
    assert served.ask('from(bucket: "civic") |> range(start: 0) |> limit(n: 1)') == {}
    with pytest.raises(StoreUnavailable, match="may not read and write civic"):
        served.write(b"o,ds=1 v=1 1")
    with pytest.raises(StoreUnavailable):
        served.delete('_measurement="o"', 0, 10)
    served.close()


def test_a_lost_token_is_made_anew_and_the_old_one_ends(folder: Path, server: Server) -> None:
    old = holder(folder, server, "vault.token", "vault")
    (folder / "vault.token").unlink()
    with pytest.raises(SettingsError, match=r"vault\.token cannot be read: run `barrio store init`"):
        barrio(folder, "check")
    assert "vault.token: a new token that may read and write vault" in barrio(folder, "init")
    assert "can be used" in barrio(folder, "check")
    with pytest.raises(StoreUnavailable, match="does not take the token"):
        old.write(b"o,ds=1 v=1 1")
    old.close()


def test_longer_retention_is_brought_to_the_server(folder: Path, server: Server) -> None:
    write(folder, server, "[retention]\nquarter_hours_days = 0\n")
    with pytest.raises(StoreUnavailable, match=f"forgets readings after {DAYS} days, the hub is to keep them longer"):
        barrio(folder, "check")
    assert "bucket vault: was there; now keeps for ever" in barrio(folder, "init")
    assert "can be used" in barrio(folder, "check")
    write(folder, server)
    assert f"now keeps for {DAYS} days" in barrio(folder, "init")


def test_without_the_admins_token_it_says_where_to_put_it(folder: Path, tmp_path: Path, server: Server) -> None:
    assert folder.exists()
    write(tmp_path, server)
    with pytest.raises(StoreUnavailable, match="put a token there that may make buckets and tokens"):
        barrio(tmp_path, "init")


def test_a_hub_without_a_server_is_told_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "barrio.toml").write_text("", encoding="utf-8")
    for word in ("init", "check"):
        with pytest.raises(CommandError, match='engine = "influxdb"'):
            barrio(tmp_path, word)
