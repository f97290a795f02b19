"""`python -m tests.bench`: measure, print ratios beside their targets, write docs/benchmarks.md.

`--quick` for a look (nothing is written), `--only NAME` for one of the measurements, `--rounds N`.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from tests.bench import killed, looks, pure, wire
from tests.bench.contenders import ROOT
from tests.bench.report import page
from tests.bench.verdicts import Row, Verdict, table
from tests.bench.wire import Effort

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
}
QUICK = Effort(rounds=2, messages=30_000, packs=800, seconds=3, kills=2)


def main(words: Sequence[str]) -> int:
    """Measure what was asked for; 0 when everything could be measured, whatever the verdicts."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds; docs/benchmarks.md stays")
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="one measurement (may be repeated)")
    parser.add_argument("--rounds", type=int, help="rounds of each contender (5)")
    parser.add_argument("--kills", type=int, help="how often the hub is killed (5)")
    asked = parser.parse_args(words)
    effort = QUICK if asked.quick else Effort()
    effort = Effort(
        asked.rounds or effort.rounds, effort.messages, effort.packs, effort.seconds, asked.kills or effort.kills
    )
    rows: list[Row] = []
    for name in asked.only or MEASUREMENTS:
        began = time.monotonic()
        found = MEASUREMENTS[name](effort)
        rows += found
        sys.stdout.write(f"{table(found)}\n({name}: {time.monotonic() - began:.0f} s)\n\n")
        sys.stdout.flush()
    short = sum(row.verdict is Verdict.FALLS_SHORT for row in rows)
    reached = sum(row.verdict is Verdict.REACHED for row in rows)
    sys.stdout.write(f"{reached} reached, {short} fall short.\n")
    if not asked.quick and not asked.only:
        (ROOT / "docs" / "benchmarks.md").write_text(page(rows, facts(), effort.rounds), encoding="utf-8")
    return 0


def facts() -> str:
    """The machine in general words, and the day."""
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores and {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}, DuckDB {version('duckdb')}, load average {psutil.getloadavg()[2]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
