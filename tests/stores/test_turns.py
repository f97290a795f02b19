"""Turns among processes: by locks on files, which end with whoever has them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from hub.stores.turns import Claim, FileTurns, is_taken

TURNS = """
import sys, time
from pathlib import Path
from hub.stores.turns import FileTurns
with getattr(FileTurns(Path(sys.argv[1])), sys.argv[2])():
    print("in", flush=True)
    time.sleep(60)
"""


def somebody(file: Path, how: str) -> subprocess.Popen[str]:
    """Another process that has its turn."""
    process = subprocess.Popen([sys.executable, "-c", TURNS, str(file), how], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def lets_in(file: Path, how: str, seconds: float = 0.3) -> bool:
    entered = threading.Event()

    def enter() -> None:
        with getattr(FileTurns(file), how)():
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    return entered.wait(seconds)


def test_many_may_be_beside_each_other_and_one_alone_waits_for_them(tmp_path: Path) -> None:
    file = tmp_path / "turn"
    other = somebody(file, "beside")
    assert lets_in(file, "beside", 5)
    assert not lets_in(file, "alone")
    end(other)
    assert lets_in(file, "alone", 5)


def test_whoever_is_alone_keeps_all_others_out_until_it_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "turn"
    other = somebody(file, "alone")
    assert not lets_in(file, "beside")
    assert not lets_in(file, "alone")
    end(other)
    assert lets_in(file, "beside", 5)


def test_one_who_waits_to_be_alone_is_let_in_although_others_keep_coming(tmp_path: Path) -> None:
    turns, done = FileTurns(tmp_path / "turn"), threading.Event()

    def come() -> None:
        while not done.is_set():
            with turns.beside():
                time.sleep(0.01)

    crowd = [threading.Thread(target=come) for _ in range(4)]
    for one in crowd:
        one.start()
    begun = time.monotonic()
    with turns.alone():
        waited = time.monotonic() - begun
    done.set()
    for one in crowd:
        one.join()
    assert waited < 5


def test_a_claim_is_one_owner_s_until_he_leaves_it(tmp_path: Path) -> None:
    file = tmp_path / "claim"
    assert not is_taken(file)
    mine, yours = Claim(file), Claim(file)
    assert mine.take()
    assert mine.take(), "it is mine already"
    assert not yours.take()
    assert is_taken(file)
    mine.leave()
    assert not is_taken(file)
    assert yours.take()
    yours.leave()
