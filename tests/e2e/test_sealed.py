"""A household seals: its own key opens it, and the hub holds nothing of it in memory, on disk or in its log."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import Credential, RunningHub, barrio, running
from tests.e2e.visiting import Visitor

pytestmark = pytest.mark.e2e
CANARY = f"canary-{secrets.token_hex(8)}"
SONG = f"77{secrets.randbelow(10**9):09d}.25"
CLEAR = f"clear-{secrets.token_hex(8)}"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    with running(tmp_path) as hub:
        hub.barrio("party", "add", "Ana")
        hub.barrio("party", "add", "Ben")
        yield hub


def new_key(hub: RunningHub, name: str) -> str:
    said = hub.barrio("household", "new-key", str(hub.folder / name))
    return next(line for line in said.splitlines() if line.startswith("seal-"))


def seal(hub: RunningHub, who: Credential, key: str, lines: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the makers' client, sealing, at a beat of a third of a second."""
    return subprocess.run(
        [sys.executable, "-m", "devices.client", "--port", str(hub.mqtt), "--user", who.user, "--thing", who.thing,
         "--seal", key, "--signing-key", str(hub.folder / f"{who.thing}.sign"), "--every", "0.35", "-", *more],
        input=lines, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"BARRIO_PASSWORD": who.password},
    )  # fmt: skip


def in_memory(process: int, *needles: bytes) -> dict[bytes, bool]:
    """Which of these are anywhere in a process's memory."""
    found = dict.fromkeys(needles, False)
    maps = Path(f"/proc/{process}/maps").read_text()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in maps.splitlines():
            where, rights, *_ = line.split()
            if "rw" not in rights:
                continue
            start, end = (int(part, 16) for part in where.split("-"))
            try:
                memory.seek(start)
                part = memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            for needle in needles:
                found[needle] |= needle in part
    return found


def in_files(folder: Path, *needles: bytes) -> dict[bytes, set[str]]:
    """In which files below a folder these are."""
    every = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {n: {p.name for p, content in every.items() if n in content} for n in needles}


def test_what_is_sealed_is_read_by_its_household_and_by_nobody_who_has_the_hub(hub: RunningHub) -> None:
    hall = hub.add_thing("hall", "Ana")
    key = new_key(hub, "household.key")
    assert "since" in hub.barrio("household", "key", "Ana", key)
    done = seal(hub, hall, key, f"{CANARY} {SONG}\npresence 1\n", "--backlog", str(hub.folder.parent / "hall.db"))
    assert (done.returncode, done.stderr) == (0, "")
    assert hub.publish(hall, f"things/hall/{CLEAR}", "1.5").returncode == 0
    time.sleep(1)

    ana, ben = Visitor(hub, "Ana"), Visitor(hub, "Ben")
    whole = ana.get("/mine/sealed.jsonl")[1]
    file = hub.folder.parent / "sealed.jsonl"
    file.write_text(whole)
    rows = [json.loads(line) for line in whole.splitlines()]
    bodies = [base64.b64decode(row["envelope"]) for row in rows if "envelope" in row]
    assert len(bodies) >= 2
    assert len({len(body) for body in bodies}) == 1

    data = hub.folder / "var"
    needles = [CANARY.encode(), SONG.encode(), CLEAR.encode(), bodies[0][100:140]]
    memory, files = in_memory(hub.process.pid, *needles), in_files(hub.folder, *needles)
    assert memory[CLEAR.encode()], "the search finds what is there in clear"
    assert files[CLEAR.encode()], data
    assert files[bodies[0][100:140]], "the envelope itself is kept"
    for secret in (CANARY.encode(), SONG.encode()):
        assert not memory[secret]
        assert not files[secret]

    assert hub.get("/mine/sealed.jsonl")[0] == 403
    assert [json.loads(line) for line in ben.get("/mine/sealed.jsonl")[1].splitlines()][1:] == [{"envelopes": 0}]
    page = ana.get("/mine/sealed")[1]
    assert "hall" in page
    assert "hall" not in ben.get("/mine/sealed")[1]

    hub.stop()
    said = barrio(hub.config, "unseal", str(file), "--key", str(hub.folder / "household.key"))
    assert f"hall,{CANARY}," in said
    assert SONG in said
    assert ",presence," in said


def test_a_device_that_seals_to_a_key_that_has_ended_is_told_so(hub: RunningHub) -> None:
    hall = hub.add_thing("hall", "Ana")
    key = new_key(hub, "household.key")
    named = re.search(r"^[0-9a-f]{16}\b", hub.barrio("household", "key", "Ana", key), re.MULTILINE)
    assert named is not None
    assert seal(hub, hall, key, "t 1\n").returncode == 0
    hub.barrio("household", "key", "Ana", "--end", named.group(0))
    done = seal(hub, hall, key, "t 2\n")
    assert done.returncode == 1
    assert "barrio household key" in done.stderr


def test_a_device_that_was_set_up_anew_is_refused_until_its_owner_says_so(hub: RunningHub) -> None:
    hall = hub.add_thing("hall", "Ana")
    key = new_key(hub, "household.key")
    hub.barrio("household", "key", "Ana", key)
    assert seal(hub, hall, key, "t 1\n").returncode == 0
    (hub.folder / "hall.sign").unlink()
    assert "signing-key" in seal(hub, hall, key, "t 2\n").stderr
    hub.barrio("household", "signing-key", "hall")
    assert seal(hub, hall, key, "t 3\n").returncode == 0


def test_the_hub_takes_no_private_key(hub: RunningHub) -> None:
    new_key(hub, "household.key")
    private = (hub.folder / "household.key").read_text().splitlines()[-1]
    assert private.startswith("open-")
    said = barrio(hub.config, "household", "key", "Ana", private, fails=True)
    assert "keep it to yourself" in said
    assert private not in said
    assert "never written over" in barrio(
        hub.config, "household", "new-key", str(hub.folder / "household.key"), fails=True
    )
