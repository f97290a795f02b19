"""Workers: whose data folder it is, who leads, and a parent that starts them again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub import configured
from hub.control.desk import Worker
from hub.settings import Settings, SettingsError, read
from hub.workers import State, at_work, held
from tests.stores.moody import until

pytestmark = pytest.mark.slow

SHARED = """
[hub]
workers = 3
[registry]
url = "postgresql://barrio@127.0.0.1/barrio"
[store]
engine = "influxdb"
"""
PARENT = """
import sys
from pathlib import Path
from hub.workers import Parent
child = "import sys, time; print(sys.argv[1], flush=True); time.sleep(60)"
if len(sys.argv) > 2:
    child = "import sys; sys.exit(int(sys.argv[1]) - 1)"
parent = Parent(lambda n: [sys.executable, "-c", child, str(n)], Path(sys.argv[1]), 2)
print(parent.run(lambda: None) or "well", flush=True)
"""


def told(folder: Path, words: str) -> Settings:
    (folder / "barrio.toml").write_text(words)
    return read(folder / "barrio.toml")


def taken(data: Path, worker: int | None) -> bool:
    """Whether a process can have the folder so."""
    try:
        with held(data, worker):
            return True
    except SettingsError:
        return False


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.workers._CLAIMED", 0.2)


def test_workers_share_the_folder_that_one_alone_has_for_itself(tmp_path: Path) -> None:
    with held(tmp_path, 1):
        assert at_work(tmp_path, 3)
        assert taken(tmp_path, 2)
        assert not taken(tmp_path, 1), "there is one worker of each number"
        assert not taken(tmp_path, None)
    assert not at_work(tmp_path, 3)
    with held(tmp_path, None):
        assert not taken(tmp_path, 1)
        assert not taken(tmp_path, None)
    assert taken(tmp_path, None)


def test_the_state_is_of_those_that_are_at_work(tmp_path: Path) -> None:
    state = State(tmp_path)
    one, two = Worker(1, False, 5, 70, 80, 9), Worker(2, True, 1, 2, 3, 4)
    with held(tmp_path, 2):
        state.write(two)
        assert state.read(3) == [two]
        with held(tmp_path, 1):
            state.write(one)
            assert state.read(3) == [one, two]
            assert state.read(1) == [one]
        assert state.read(3) == [two]
        with held(tmp_path, 1):
            assert state.read(3) == [two], "what one of the same number said before it ended says nothing"
        state.forget()
        assert state.read(3) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ('[hub]\nworkers = 2\n[store]\nengine = "influxdb"', "set registry.url to a PostgreSQL"),
        ('[hub]\nworkers = 2\n[registry]\nurl = "postgresql://a@b/c"', "set store.engine to influxdb"),
        (SHARED + "[mqtt]\nport = 0", "mqtt.port: several workers share one port"),
        (SHARED + "[web]\nport = 0", "web.port: several workers share one port"),
    ],
)
def test_several_workers_need_what_they_can_share(tmp_path: Path, words: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        configured.check_workers(told(tmp_path, words))


def test_each_worker_has_an_outbox_and_a_port_for_metrics_of_its_own(tmp_path: Path) -> None:
    settings = told(tmp_path, SHARED)
    configured.check_workers(settings)
    assert [configured.outbox_of(n) for n in (None, 1, 3)] == ["outbox.sqlite", "outbox-1.sqlite", "outbox-3.sqlite"]
    assert [configured.metrics_port(settings, n) for n in (None, 1, 3)] == [9090, 9090, 9092]
    any_free = told(tmp_path, SHARED + "[operator]\nport = 0")
    assert configured.metrics_port(any_free, 3) == 0


def test_a_worker_without_a_place_among_them_is_told_so(tmp_path: Path) -> None:
    told(tmp_path, SHARED)
    command = [sys.executable, "-m", "hub", "run", "--worker", "4", "--config", str(tmp_path / "barrio.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "--worker 4: hub.workers is 3; set it higher" in done.stderr


def children(of: int) -> list[int]:
    """The processes that a process has started."""
    return [int(n) for n in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        for number in children(process.pid) if process.poll() is None else []:
            os.kill(number, signal.SIGKILL)
        process.kill()


def test_a_parent_starts_again_whoever_ends_and_stops_all(parent: subprocess.Popen[str]) -> None:
    until(lambda: len(children(parent.pid)) == 2)
    first = children(parent.pid)
    os.kill(first[0], signal.SIGKILL)
    until(lambda: len(children(parent.pid)) == 2 and first[0] not in children(parent.pid))
    assert first[1] in children(parent.pid)
    parent.send_signal(signal.SIGTERM)
    said, errors = parent.communicate(timeout=20)
    assert "2\n" in said
    assert "not every worker stopped as it should" in said, "these do not"
    assert "worker 1 ended (-9); it is started again in 0.5 s" in errors
    assert not any(Path(f"/proc/{n}").exists() for n in first)


def test_what_is_wrong_with_a_worker_at_the_first_start_is_said_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), "fails"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "worker 2 cannot start: see above why\n"


def test_the_pause_before_a_worker_is_started_again_grows(parent: subprocess.Popen[str]) -> None:
    until(lambda: len(children(parent.pid)) == 2)
    pauses = []
    for _ in range(3):
        found = set(children(parent.pid))
        os.kill(min(found), signal.SIGKILL)
        begun = time.monotonic()
        until(back(parent.pid, found))
        pauses.append(time.monotonic() - begun)
    assert pauses[2] > pauses[0]
    assert pauses[2] > 1


def back(of: int, before: set[int]) -> Callable[[], bool]:
    """Whether there are two again, one of them new."""
    return lambda: len(set(children(of)) - {min(before)}) == 2


def test_a_worker_waits_a_moment_for_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.workers._CLAIMED", 5.0)
    leaving, left = threading.Event(), threading.Event()

    def before() -> None:
        with held(tmp_path, 1):
            left.set()
            leaving.wait(0.5)

    threading.Thread(target=before).start()
    assert left.wait(5)
    assert taken(tmp_path, 1)
