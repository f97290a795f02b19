"""A block's hub grows into a district's: its readings move from files to a real server, by command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import barrio, configure, rows, running, start
from tests.e2e.test_erasing import two_neighbours
from tests.e2e.test_outbox import CONFIG
from tests.servers.influxdb import influx_server

pytestmark = pytest.mark.e2e


def test_readings_move_from_files_to_a_server_by_command(tmp_path: Path) -> None:
    with influx_server(tmp_path / "influx") as server:
        with running(tmp_path) as hub:
            two_neighbours(hub)
            hub.stop()
        before = rows(tmp_path)
        server.bucket("vault")
        (tmp_path / "vault.token").write_text(server.token)
        config = configure(tmp_path, CONFIG.format(url=server.url, org=server.org))
        hub = start(tmp_path)
        try:
            assert "stop it first" in barrio(config, "migrate", "--from", "duckdb", fails=True)
            hub.stop()
        finally:
            if hub.process.poll() is None:
                hub.kill()
        assert rows(tmp_path) == []
        said = barrio(config, "migrate", "--from", "duckdb")
        assert "2 readings are in influxdb, counted and compared: the same as in duckdb" in said
        assert rows(tmp_path) == before
        assert len(before) == 2
        assert "in influxdb already" in barrio(config, "migrate", "--from", "influxdb", fails=True)
