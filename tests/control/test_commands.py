"""The operator's commands over a real registry and a store in memory, spoken directly and over the socket."""

from __future__ import annotations

import asyncio
import itertools
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from hub.control.commands import COMMANDS, perform
from hub.control.desk import Desk
from hub.control.names import CommandError
from hub.control.wire import Control, ask
from hub.core.observations import Key
from hub.gate import Gate
from hub.registry import Registry
from hub.registry import tables as t
from hub.settings import Settings
from hub.stores.memory import MemoryStore
from tests.core.world import AROUND, CATALOGUE, NEAR, NOW
from tests.registry.migrated import migrated


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    registry = Registry.open(migrated(tmp_path / "registry.sqlite"), tmp_path / "key", CATALOGUE, AROUND, NEAR)
    store = MemoryStore(tmp_path / "store")
    moments = itertools.count(NOW)

    def now() -> int:
        return next(moments)

    yield Desk(registry, store, Gate(store, registry, CATALOGUE, now), Settings(), now)
    registry.close()


def heard(desk: Desk, thing: int, name: str, *observed: str) -> None:
    """The thing has said something of these."""
    credential = desk.registry.credential_of_thing(thing)
    assert credential is not None
    assert not desk.registry.first_heard({Key(credential, name, o, None) for o in observed}, desk.now())


def made(desk: Desk) -> dict[str, Any]:
    perform(desk, "party.add", {"name": "Ana"})
    found = perform(
        desk, "thing.add", {"name": "balcony", "owner": "Ana", "exposure": "outdoor", "place": "50.103,14.403"}
    )
    heard(desk, found["thing"], "balcony", "pm25", "mood")
    return found


def test_a_thing_gets_a_name_a_password_and_a_topic(desk: Desk) -> None:
    found = made(desk)
    assert desk.registry.admit(found["user"], found["password"].encode(), None) is not None
    assert desk.registry.admit(found["user"], b"wrong", None) is None
    assert len(found["password"]) >= 22, "128 bits"


def test_everything_begins_at_home_and_goes_as_far_as_is_said(desk: Desk) -> None:
    made(desk)
    assert "dust: home" in perform(desk, "thing.list", {})["things"][0]["grades"]
    told = perform(desk, "grade.set", {"thing": "balcony", "property": "pm25", "grade": "open"})["told"]
    assert "public instrument" in told
    assert "dust: open" in perform(desk, "thing.list", {})["things"][0]["grades"]


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        ("grade.set", {"thing": "balcony", "property": "pm25", "grade": "public"}, "no grade is called"),
        ("grade.set", {"thing": "balcony", "property": "pm10", "grade": "open"}, "has not measured 'pm10' yet"),
        ("grade.set", {"thing": "balcony", "property": "mood", "grade": "open"}, "home"),
        ("grade.set", {"thing": "attic", "property": "pm25", "grade": "open"}, "there is no thing 'attic'"),
        ("party.add", {"name": "X", "kind": "robot"}, "no kind of party"),
        ("party.add", {"name": "X", "household": "none"}, "there is no party 'none'"),
        ("thing.add", {"name": "a/b", "owner": "Ana"}, "+ # /"),
        ("thing.add", {"name": "c", "owner": "Ana", "place": "here"}, "write latitude,longitude"),
        ("thing.add", {"name": "c", "owner": "Ana", "place": "99,14"}, "not on this Earth"),
        ("thing.add", {"name": "c", "owner": "Ana", "exposure": "under water"}, "no exposure is called"),
        ("commons.add", {"name": "C", "purpose": "p", "properties": ["taste"]}, "no property"),
        ("source.prefix", {"source": "city", "prefix": "a/", "owner": "Ana"}, "no shared source"),
        ("nothing", {}, "no command is called"),
        ("status", {"loud": True}, "does not know these words"),
    ],
)
def test_what_cannot_be_done_says_why(desk: Desk, command: str, arguments: dict[str, Any], why: str) -> None:
    made(desk)
    before = perform(desk, "party.list", {}), perform(desk, "thing.list", {})
    with pytest.raises(CommandError) as error:
        perform(desk, command, arguments)
    assert why in str(error.value)
    assert (perform(desk, "party.list", {}), perform(desk, "thing.list", {})) == before


def test_a_name_that_two_have_needs_a_number(desk: Desk) -> None:
    numbers = [perform(desk, "party.add", {"name": "Ana"})["party"] for _ in range(2)]
    with pytest.raises(CommandError, match="several are called 'Ana'"):
        perform(desk, "party.link", {"party": "Ana"})
    assert "/mine/" in perform(desk, "party.link", {"party": str(numbers[0])})["link"]


def test_a_household_with_a_dwelling_and_a_being_with_a_guardian(desk: Desk) -> None:
    perform(desk, "party.add", {"name": "Home 3", "kind": "household", "dwelling": "50.103,14.403"})
    perform(desk, "party.add", {"name": "Ben", "household": "Home 3"})
    perform(desk, "party.add", {"name": "The linden", "kind": "being", "guardians": ["Ben"]})
    perform(desk, "thing.add", {"name": "probe", "owner": "The linden"})
    ben = next(p["party"] for p in perform(desk, "party.list", {})["parties"] if p["name"] == "Ben")
    audience = desk.registry.audience_of_party(ben)
    assert audience is not None
    assert len(audience.parties) == 3


def test_a_commons_is_founded_joined_and_shown_to(desk: Desk) -> None:
    made(desk)
    perform(desk, "commons.add", {"name": "Clean air", "purpose": "to breathe", "properties": ["dust"]})
    assert "nothing is shown there by that alone" in perform(
        desk, "commons.join", {"commons": "Clean air", "party": "Ana"}
    )["told"]  # fmt: skip
    told = perform(
        desk, "grade.set", {"thing": "balcony", "property": "dust", "grade": "commons", "commons": "Clean air"}
    )["told"]
    assert "My project sees it" in told


def test_the_log_tells_what_was_done_and_never_a_password(desk: Desk) -> None:
    found = made(desk)
    told = json.dumps(perform(desk, "log", {"count": 50}))
    assert "added" in told
    assert found["password"] not in told


def test_every_command_is_spoken_to_by_the_command_line() -> None:
    files = (Path(__file__).parents[2] / "hub" / "cli").glob("*.py")
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert not [name for name in COMMANDS if f'"{name}"' not in text]


async def test_over_the_socket_it_is_the_same_and_only_the_operators(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with Control(desk, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        found = await asyncio.to_thread(ask, path, "party.add", {"name": "Ana"})
        assert found is not None
        with pytest.raises(CommandError, match="no thing 'x'"):
            await asyncio.to_thread(ask, path, "thing.credential", {"thing": "x"})
    assert ask(path, "status", {}) is None, "no hub, no answer"


@pytest.mark.parametrize("line", [b"\n", b"[1]\n", b'{"command":5}\n', b"\xff\xfe\n", b'{"arguments":[]}\n', b"x" * 9])
async def test_nonsense_at_the_socket_changes_nothing(desk: Desk, tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "control.sock"
    async with Control(desk, path):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        writer.write_eof()
        answer = await reader.read()
        assert not answer or b"error" in answer
        writer.close()
        await writer.wait_closed()
    assert perform(desk, "party.list", {}) == {"parties": []}


def test_a_thing_that_only_seals_is_listed_with_its_envelopes(desk: Desk) -> None:
    perform(desk, "party.add", {"name": "Ana"})
    thing = perform(desk, "thing.add", {"name": "diary", "owner": "Ana"})["thing"]
    (before,) = perform(desk, "thing.list", {})["things"]
    assert (before["sealed"], before["heard"], before["grades"]) == (0, None, "-")
    rows = [{"thing": thing, "sequence": n, "key": "k", "received": NOW + n, "body": b"sealed"} for n in range(3)]
    with desk.registry.transaction() as tx:
        tx.connection.execute(insert(t.sealed), rows)
    (after,) = perform(desk, "thing.list", {})["things"]
    assert (after["sealed"], after["heard"], after["grades"]) == (3, NOW + 2, "-")
