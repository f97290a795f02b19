"""Installs what the tests need beyond Python: mosquitto, its clients, PostgreSQL, a browser.

Rule: apt-get when root or sudo is there, Playwright's own browser where the distribution has none; otherwise it says
exactly what is missing and stops. What is there already is not touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = {
    "mosquitto": "mosquitto", "mosquitto_pub": "mosquitto-clients", "mosquitto_sub": "mosquitto-clients",
    "initdb": "postgresql",
}  # fmt: skip
DRIVER_NEEDS = "libatomic1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> int:
    """Install what is missing; 0 when everything is there."""
    missing = packages()
    browser = has_browser()
    if not missing and browser:
        return 0
    root = as_root()
    if root is not None:
        run([*root, "apt-get", "update", "-q"])
        for package in missing:
            run([*root, "apt-get", "install", "-qy", "--no-install-recommends", package])
        for server in sorted({"mosquitto", "postgresql"} & set(missing)):
            # The tests start their own on a free port; the distribution's need not run.
            run([*root, "sh", "-c", f"service {server} stop || true"])
        if not browser:
            run([*root, "apt-get", "install", "-qy", "--no-install-recommends", "chromium"])
            if not has_browser():
                playwright(root)
    return report()


def packages() -> list[str]:
    """The distribution's packages that are missing, but for the browser."""
    missing = {package for program, package in PROGRAMS.items() if not found(program)}
    return sorted(missing if driver_starts() else missing | {DRIVER_NEEDS})


def driver_starts() -> bool:
    """Whether Playwright's own driver runs: on a bare system it lacks a library."""
    tried = subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True, check=False)
    return tried.returncode == 0


def found(program: str) -> bool:
    """Whether a program is there; servers may stand outside the path of ordinary people."""
    return (
        shutil.which(program) is not None
        or Path("/usr/sbin", program).exists()
        or any(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    )


def has_browser() -> bool:
    """Whether a browser is there that starts: some distributions ship only a note that says to install another."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path is not None:
            tried = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60)
            if tried.returncode == 0:
                return True
    return playwrights_own() is not None


def playwrights_own() -> Path | None:
    """The browser that Playwright has downloaded, if it has."""
    if not driver_starts():
        return None
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and not needed where a browser is

    with sync_playwright() as p:
        path = Path(p.chromium.executable_path)
    return path if path.exists() else None


def playwright(root: list[str]) -> None:
    """Playwright's own browser and the libraries it needs."""
    run([*root, sys.executable, "-m", "playwright", "install-deps", "chromium"])
    run([sys.executable, "-m", "playwright", "install", "chromium"])


def as_root() -> list[str] | None:
    """What to put before a command that needs root; None when there is no way."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"]
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "env", "DEBIAN_FRONTEND=noninteractive"]
    return None


def run(command: list[str]) -> None:
    """Run it and go on: what is missing in the end is said by `report`."""
    print("+", " ".join(command), flush=True)
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def report() -> int:
    """Say what is still missing and how to get it."""
    missing = packages()
    if not has_browser():
        missing.append("chromium (or: .venv/bin/python -m playwright install chromium)")
    for package in missing:
        print(f"missing: {package}; as root: apt-get install {package}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
