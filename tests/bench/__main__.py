"""`python -m tests.bench`: measure, print ratios beside their targets, write docs/benchmarks.md.

`--quick` for a look, `--only NAME` for one of the measurements (neither writes the page), `--rounds N`, `--kills N`.
The large past takes minutes and a gigabyte when it is made for the first time: `--rows N`, or BARRIO_BENCH_ROWS.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from tests.bench import killed, looks, month, pages, pure, queries, served, wire
from tests.bench.contenders import ROOT
from tests.bench.effort import Effort
from tests.bench.report import page
from tests.bench.verdicts import Row, Verdict, table

MEASUREMENTS: dict[str, Callable[[Effort], list[Row]]] = {
    "singles": wire.singles,
    "packs": wire.packs,
    "latency": wire.latency,
    "thousand": wire.thousand,
    "outside": wire.outside,
    "killed": killed.killed,
    "decoding": pure.decoding,
    "disclosure": pure.disclosure,
    "decision": pure.decision,
    "looks": looks.looks,
    "blocks": pure.blocks,
    "csv": pure.csv,
    "pages": pages.pages,
    "queries": queries.queries,
    "month": month.month,
    "year": month.year,
    "influxdb": served.engine,
    "erasing": served.erasing,
    "telegraf": served.beside_telegraf,
}
"""What `--only` takes, in the order of the page."""
QUICK = Effort(rounds=2, messages=30_000, packs=800, seconds=3, kills=2, rows=5_000_000)
ROWS = "BARRIO_BENCH_ROWS"


def main(words: Sequence[str]) -> int:
    """Measure what was asked for; 0 when everything could be measured, whatever the verdicts."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds; docs/benchmarks.md stays")
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="one measurement (may be repeated)")
    parser.add_argument("--rounds", type=int, help="rounds of each contender (5)")
    parser.add_argument("--kills", type=int, help=f"how often the hub is killed ({Effort().kills})")
    parser.add_argument("--rows", type=int, help=f"observations of the large past ({Effort().rows:,}), or {ROWS}")
    asked = parser.parse_args(words)
    effort = effort_of(asked, os.environ.get(ROWS))
    rows: list[Row] = []
    for name in asked.only or MEASUREMENTS:
        began = time.monotonic()
        found = MEASUREMENTS[name](effort)
        rows += found
        sys.stdout.write(f"{table(found)}\n({name}: {time.monotonic() - began:.0f} s)\n\n")
        sys.stdout.flush()
    reached, short, away = (
        sum(row.verdict is v for row in rows) for v in (Verdict.REACHED, Verdict.FALLS_SHORT, Verdict.ABSENT)
    )
    sys.stdout.write(f"{reached} reached, {short} fall short, {away} not measured.\n")
    if not asked.quick and not asked.only:
        (ROOT / "docs" / "benchmarks.md").write_text(page(rows, facts(), effort.rounds), encoding="utf-8")
    return 0


def effort_of(asked: argparse.Namespace, rows: str | None) -> Effort:
    """How much to measure: what is said on the command line, then `rows` of the environment, then the usual."""
    usual = QUICK if asked.quick else Effort()
    of_rows = asked.rows or int(rows or 0) or usual.rows
    said = {"rounds": asked.rounds or usual.rounds, "kills": asked.kills or usual.kills, "rows": of_rows}
    return replace(usual, **said)


def facts() -> str:
    """The machine in general words, and the day."""
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores and {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}, DuckDB {version('duckdb')}, load average {psutil.getloadavg()[2]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
