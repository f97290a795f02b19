"""Every question of the dashboards and of docs/civic.md, asked of a real server with the token Grafana is given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from influxdb_client.domain.dialect import Dialect
from influxdb_client.rest import ApiException
from typer.testing import CliRunner

from hub.cli import cli
from hub.mirror import Mirror
from hub.mirror.influxdb import Civic
from hub.settings import read
from tests.mirror.board import UNITS, neighbours
from tests.servers.influxdb import influx_server

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARDS = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in (GRAFANA / "dashboards").glob("*.json")}
DOCUMENT = (ROOT / "docs" / "civic.md").read_text(encoding="utf-8")
PLAIN = Dialect(header=True, annotations=[])
VAULT = "o,ds=4242,o=17,g=1,w=5,l=0 v=4242.5"
ASKED = {
    **{
        f"{name}, {panel['title']}": target["query"]
        for name, board in DASHBOARDS.items() for panel in board["panels"] for target in panel["targets"]
    },
    **{
        f"{name}, ${variable['name']}": variable["query"]["query"]
        for name, board in DASHBOARDS.items() for variable in board["templating"]["list"]
    },
    **{f"civic.md, {n}": text for n, text in enumerate(re.findall(r"```flux\n(.*?)```", DOCUMENT, re.DOTALL), 1)},
}  # fmt: skip


class Reader(NamedTuple):
    """Asks as Grafana does; `now` as Flux writes a time."""

    ask: Callable[[str], str]
    year_ago: str
    now: str


@pytest.fixture(name="reader", scope="module")
def _reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("grafana")
    with influx_server(folder / "influx") as server, neighbours(folder, indoors=True) as there:
        config = folder / "barrio.toml"
        config.write_text(
            f'[store]\nengine = "influxdb"\n[store.influxdb]\nurl = "{server.url}"\n[mirror]\nurl = "{server.url}"\n'
            "[retention]\nquarter_hours_days = 0\n"
        )
        (folder / "admin").write_text(server.token)
        made = CliRunner().invoke(
            cli, ["store", "init", "--config", str(config), "--admin-token-file", str(folder / "admin")]
        )
        assert made.exit_code == 0, made.output
        there.hours(20)
        m = read(config).mirror
        civic = Civic(server.url, m.org, m.bucket, m.token_file.read_text().strip())
        Mirror(there.town.gate, UNITS, civic).step(there.now)
        now, vault = there.now // 10**6, Civic(server.url, server.org, "vault", server.token)
        vault._writing.write("vault", server.org, f"{VAULT} {now - 60}", write_precision="s")  # type: ignore[arg-type]
        token = m.token_file.with_name("civic-reader.token").read_text().strip()
        grafana = Civic(server.url, m.org, m.bucket, token)._client.query_api()
        moment, ago = (datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for t in (now, now - 365 * 86400))
        yield Reader(lambda query: grafana.query_raw(query, dialect=PLAIN).data.decode(), ago, moment)


def filled(query: str, reader: Reader) -> str:
    """The question with Grafana's variables in their places, at the time of the town."""
    values = {
        "${property}": "dust", "${place:regex}": "(8[0-9a-f]*|.*)", "v.timeRangeStart": reader.year_ago,
        "v.timeRangeStop": reader.now, "v.windowPeriod": "10m", '"pm25"': '"dust"',
    }  # fmt: skip
    for name, value in values.items():
        query = query.replace(name, value)
    imports = "".join(re.findall(r'^import "[^"]+"\n', query, re.MULTILINE))
    return f"{imports}option now = () => {reader.now}\n{query.removeprefix(imports)}"


def test_there_are_two_dashboards_and_five_questions_to_copy() -> None:
    assert set(DASHBOARDS) == {"now", "year"}
    assert sum(name.startswith("civic.md") for name in ASKED) == 5
    assert len({d["uid"] for d in DASHBOARDS.values()}) == 2


@pytest.mark.e2e
@pytest.mark.parametrize("name", ASKED)
def test_every_question_has_an_answer(reader: Reader, name: str) -> None:
    query = filled(ASKED[name], reader)
    assert "$" not in query.replace(")$/", "")
    lines = [line for line in reader.ask(query).splitlines() if line.startswith(",_result")]
    assert len(lines) > 0, query
    assert not [line for line in lines if "4242" in line]


@pytest.mark.e2e
@pytest.mark.parametrize("name", ASKED)
def test_the_same_of_the_vault_has_none(reader: Reader, name: str) -> None:
    query = filled(ASKED[name], reader).replace('bucket: "civic"', 'bucket: "vault"')
    assert '"vault"' in query
    with pytest.raises(ApiException, match="could not find bucket"):
        reader.ask(query)


def test_every_panel_reads_the_civic_bucket_of_the_one_data_source() -> None:
    source = (GRAFANA / "provisioning" / "datasources" / "civic.yaml").read_text(encoding="utf-8")
    assert "uid: civic\n" in source
    assert "$__file{/var/lib/barrio-reader/civic-reader.token}" in source
    for board in DASHBOARDS.values():
        for panel in board["panels"]:
            assert panel["datasource"]["uid"] == "civic"
            assert panel["title"]
            assert panel["description"]
            assert set(re.findall(r'bucket: "(\w+)"', panel["targets"][0]["query"])) == {"civic"}
