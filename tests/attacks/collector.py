"""A pytest plugin (`-p tests.attacks.collector`) that writes what the attacks' tests told to a JSON file.

Rule: nothing is judged here. The file is named by the environment's `BARRIO_ATTACKS_TOLD`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.attacks.told import Told

_TOLD: list[Told] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """One test's outcome: of its call, or of a setup that failed."""
    if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
        told = [(str(kind), list(what)) for kind, what in report.user_properties if isinstance(what, list)]
        _TOLD.append(Told(report.nodeid, report.outcome == "passed", told))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write it down, once: not in the processes that help."""
    where = os.environ.get("BARRIO_ATTACKS_TOLD")
    if where and not hasattr(session.config, "workerinput"):
        Path(where).write_text(json.dumps(sorted(_TOLD)), encoding="utf-8")
