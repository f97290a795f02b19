"""Real devices' messages, judged by their own rules; without that folder our samples are the test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.decoders import decode_lines

ROOT = Path(__file__).resolve().parents[2]
PAYLOADS = ROOT.parent / "shared" / "payloads"
LEAST = "0.99"

pytestmark = pytest.mark.skipif(
    not (PAYLOADS / "judge.py").exists(), reason=f"no device payloads in {os.path.relpath(PAYLOADS, ROOT)}"
)


def judged(form: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PAYLOADS / "judge.py"), "--only", form, "--least", LEAST, "-v"]
    return subprocess.run(
        [*command, "--", sys.executable, decode_lines.__file__],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize("form", sorted(index.parent.name for index in PAYLOADS.glob("*/index.jsonl")))
def test_real_messages_are_read_as_their_collection_says(form: str) -> None:
    verdict = judged(form)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_nasty_messages_stop_nothing() -> None:
    verdict = judged("nasty")
    assert "no answer" not in verdict.stdout + verdict.stderr
    assert "of  57" in verdict.stdout
