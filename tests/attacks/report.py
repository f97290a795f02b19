"""`python -m tests.attacks.report`: make all attacks, write docs/privacy-report.md, fail when one succeeds.

`--quick` makes them as small as `make check` does and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.attacks.page import FOLDER, page
from tests.attacks.pictures import bars, lines
from tests.attacks.told import Figure, Result, Told, Verdict, results

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_SOLVED = "dust: homes solved by everybody"


def main(words: Sequence[str]) -> int:
    """Attack and write; 0 when every attack failed, as it has to."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.report", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small neighbourhood; nothing is written")
    parser.add_argument("--processes", default="auto", help="how many attack at once (as many as there are cores)")
    asked = parser.parse_args(words)
    began = time.monotonic()
    found = results(made(thorough=not asked.quick, processes=asked.processes))
    for r in found.values():
        if r.verdict is not Verdict.FAILED:
            failing = [t.test for t in (*r.attacks, *r.controls) if not t.passed]
            sys.stdout.write(f"attack {r.number} {r.verdict.value.strip('*')}: {' '.join(failing)}\n")
    failed = sum(r.verdict is Verdict.FAILED for r in found.values())
    sys.stdout.write(f"{failed} of {len(found)} attacks failed, as they have to.\n")
    if not asked.quick:
        write(found, facts(time.monotonic() - began))
    return 0 if failed == len(found) else 1


def made(*, thorough: bool, processes: str) -> list[Told]:
    """What the attacks' tests told, run in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        size = {"BARRIO_ATTACKS": "thorough"} if thorough else {}
        command = [
            sys.executable, "-m", "pytest", "tests/attacks", "-q", "-p", "tests.attacks.collector",
            "-n", processes, "--dist", "loadfile",
        ]  # fmt: skip
        environment = os.environ | size | {"BARRIO_ATTACKS_TOLD": str(told)}
        subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if not told.exists():
            sys.exit("The attacks could not be made: see above.")
        return [Told(t[0], t[1], [(k, w) for k, w in t[2]]) for t in json.loads(told.read_text(encoding="utf-8"))]


def write(found: dict[int, Result], told: str) -> None:
    """The page and its pictures."""
    folder = DOCS / FOLDER
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    named = {}
    for number, picture in drawn(found).items():
        named[number] = f"{number:02}.svg"
        (folder / named[number]).write_text(picture, encoding="utf-8")
    (DOCS / "privacy-report.md").write_text(page(found, told, named), encoding="utf-8")


def drawn(found: dict[int, Result]) -> dict[int, str]:
    """The pictures of those attacks that have something to show."""
    pictures = {}
    here, usual = (_one(found[1], _SOLVED, control=c) for c in (False, True))
    if here and usual:
        rows = [("a map of the usual kind", usual), ("Barrio", here)]
        pictures[1] = bars("Homes whose value somebody could work out", rows)
    company = found[11].curves()
    if company:
        renamed = {"Barrio, to somebody who knows the true value of every hour": next(iter(company.values()))}
        pictures[11] = lines("How often a known home's row is found", "homes in the cell", "share found", renamed)
    days = found[25].curves() | found[25].curves(control=True)
    if days:
        pictures[25] = lines(
            "What comparing days tells about somebody who left", "days before and after",
            "error of the best guess (1: nothing learnt)", days,
        )  # fmt: skip
    return pictures


def _one(result: Result, what: str, *, control: bool) -> Figure | None:
    return next((f for f in result.figures(control=control) if f.what == what), None)


def facts(seconds: float) -> str:
    """The day, and how long it took on what."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {seconds / 60:.0f} minutes, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
