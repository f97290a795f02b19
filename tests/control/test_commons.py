"""Commands about shared projects, names, guardians and receipts; and what an owner does without any hub."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from hub.cli import cli
from hub.control.commands import perform
from hub.control.desk import Desk
from hub.control.names import CommandError, moment_of
from hub.core.audience import Audience
from hub.core.grade import DAY
from hub.core.observations import Key
from hub.gate import Gate
from hub.registry import Registry
from hub.settings import Settings
from hub.stores.memory import MemoryStore
from tests.core.world import AROUND, CATALOGUE, NEAR, NOW
from tests.registry.migrated import migrated


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    registry = Registry.open(migrated(tmp_path / "registry.sqlite"), tmp_path / "key", CATALOGUE, AROUND, NEAR, now=NOW)
    store = MemoryStore(tmp_path / "store")
    moments = itertools.count(NOW)

    def now() -> int:
        return next(moments)

    yield Desk(registry, store, Gate(store, registry, CATALOGUE, now), Settings(), now)
    registry.close()


def do(desk: Desk, command: str, **words: Any) -> dict[str, Any]:  # noqa: ANN401 - the words of any command
    return perform(desk, command, words)


def yards(desk: Desk, **more: Any) -> str:  # noqa: ANN401 - any option
    do(desk, "party.add", name="Ana")
    made = do(desk, "commons.add", name="Yards", purpose="to know what we breathe", properties=["dust"], **more)
    return str(made["handle"])


def balcony(desk: Desk) -> None:
    found = do(desk, "thing.add", name="balcony", owner="Ana", exposure="outdoor", place="50.103,14.403")
    credential = desk.registry.credential_of_thing(found["thing"])
    assert credential is not None
    assert not desk.registry.first_heard({Key(credential, "balcony", "pm25", None)}, desk.now())


def test_a_charter_says_all_that_was_agreed(desk: Desk) -> None:
    handle = yards(desk, ends="2099-05-01", homes=9, epoch_days=30, retention_days=60)
    charter = do(desk, "commons.show", commons="Yards")
    assert charter["handle"] == handle
    assert (charter["purpose"], charter["asks for"], charter["ends"]) == (
        "to know what we breathe", "dust", "2099-05-01 00:00",
    )  # fmt: skip
    assert (charter["homes in an average"], charter["a name lasts"], charter["members see back"]) == (
        9, "30 days", "60 days",
    )  # fmt: skip
    assert (charter["members"], charter["epoch"]) == ("fewer than five", 0)
    assert do(desk, "commons.list")["commons"] == [charter]


@pytest.mark.parametrize(
    "wrong",
    [{"homes": 4}, {"epoch_days": 1}, {"retention_days": 0}, {"ends": "2001-01-01"}, {"ends": "tomorrow"}],
)  # fmt: skip
def test_a_charter_that_promises_less_than_the_house_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        yards(desk, **wrong)


def test_how_many_members_there_are_is_told_in_bands(desk: Desk) -> None:
    yards(desk)
    told = []
    for number in range(1, 21):
        do(desk, "party.add", name=f"Home {number}")
        do(desk, "commons.join", commons="Yards", party=f"Home {number}")
        if number in (4, 5, 9, 10, 19, 20):
            told.append(do(desk, "commons.show", commons="Yards")["members"])
    assert told == ["fewer than five", "5 to 9", "5 to 9", "10 to 19", "10 to 19", "20 or more"]


def test_joining_says_who_keeps_the_secret_and_leaving_what_it_closes(desk: Desk) -> None:
    yards(desk)
    assert "The hub keeps the secret" in do(desk, "commons.join", commons="Yards", party="Ana")["told"]
    assert "“Ana”" in do(desk, "commons.show_name", commons="Yards", party="Ana")["told"]
    assert "counted" in do(desk, "commons.hide_name", commons="Yards", party="Ana")["told"]
    assert "the past too" in do(desk, "commons.leave", commons="Yards", party="Ana")["told"]
    with pytest.raises(CommandError, match="not a member"):
        do(desk, "commons.leave", commons="Yards", party="Ana")
    do(desk, "commons.end", commons="Yards")
    assert do(desk, "commons.list")["commons"] == []


def test_an_owner_makes_her_own_names_and_the_hub_takes_them_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    handle, secret = yards(desk), tmp_path / "ana.secret"
    run = CliRunner().invoke(cli, ["fragment", handle, "--secret", str(secret), "--count", "2"])
    assert run.exit_code == 0
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    again = CliRunner().invoke(cli, ["fragment", handle, "--secret", str(secret), "--count", "2"])
    assert again.stdout == run.stdout
    assert secret.read_bytes().hex() not in run.output
    lines = run.stdout.splitlines()
    assert "hers alone" in do(desk, "commons.join", commons="Yards", party="Ana", fragments=lines[:1])["told"]
    assert "1 keys" in do(desk, "commons.bring", commons="Yards", party="Ana", fragments=lines[1:])["told"]
    assert "keys of the next turn" in do(desk, "commons.show_name", commons="Yards", party="Ana")["told"]
    with pytest.raises(CommandError, match="barrio fragment"):
        do(desk, "commons.bring", commons="Yards", party="Ana", fragments=["nonsense"])


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    for content, mode in ((b"s" * 32, 0o644), (b"short", 0o600)):
        secret = tmp_path / f"secret-{mode}"
        secret.write_bytes(content)
        secret.chmod(mode)
        run = CliRunner().invoke(cli, ["fragment", "yards", "--secret", str(secret)])
        assert isinstance(run.exception, CommandError)


def test_a_grade_for_a_time_says_when_it_falls_and_her_page_too(desk: Desk) -> None:
    yards(desk)
    balcony(desk)
    do(desk, "commons.join", commons="Yards", party="Ana")
    told = do(
        desk, "grade.set", thing="balcony", property="pm25", grade="commons", commons="Yards", until="2099-05-01"
    )["told"]  # fmt: skip
    assert "On 2099-05-01 00:00 it falls to home by itself" in told
    (row,) = do(desk, "party.consents", party="Ana")["consents"]
    assert (row["thing"], row["grade"], row["until"]) == ("balcony", "commons", "2099-05-01 00:00")
    ana = next(p.id for p in desk.registry.holdings().parties.values() if p.name == "Ana")
    (thing,) = desk.gate.mine(Audience(ana, frozenset({ana})))
    (consent,) = thing.streams[0].consents
    assert (consent.commons, consent.until) == ("Yards", moment_of("UTC", "2099-05-01"))
    assert desk.gate.mine(Audience(7, frozenset({7}))) == ()


def test_receipts_are_checked_without_the_hub(desk: Desk, tmp_path: Path) -> None:
    yards(desk)
    balcony(desk)
    do(desk, "commons.join", commons="Yards", party="Ana")
    do(desk, "grade.set", thing="balcony", property="pm25", grade="open")
    do(desk, "grade.set", thing="balcony", property="pm25", grade="home")
    receipts = do(desk, "party.receipts", party="Ana")["receipts"]
    assert len(receipts) == 3
    file = tmp_path / "receipts.json"
    file.write_bytes(msgspec.json.encode(receipts))
    assert "3 receipts" in CliRunner().invoke(cli, ["check-receipts", str(file)]).output
    other = CliRunner().invoke(cli, ["check-receipts", str(file), "--key", "11" * 32])
    assert isinstance(other.exception, CommandError)
    file.write_bytes(msgspec.json.encode([receipts[0], receipts[2]]))
    assert "does not follow" in str(CliRunner().invoke(cli, ["check-receipts", str(file)]).exception)
    file.write_text("no receipts", encoding="utf-8")
    assert isinstance(CliRunner().invoke(cli, ["check-receipts", str(file)]).exception, CommandError)


def test_guardians_come_and_go_and_decide_by_their_rule(desk: Desk) -> None:
    yards(desk)
    do(desk, "party.add", name="Brook", kind="being", rule="majority", guardians=["Ana"])
    do(desk, "party.add", name="Ben")
    assert "acts for" in do(desk, "guardian.add", ward="Brook", guardian="Ben")["told"]
    assert "rule: all" in do(desk, "guardian.rule", ward="Brook", rule="all")["told"]
    with pytest.raises(CommandError, match="majority"):
        do(desk, "guardian.rule", ward="Brook", rule="loudest")
    assert "no longer" in do(desk, "guardian.remove", ward="Brook", guardian="Ben")["told"]
    with pytest.raises(CommandError):
        do(desk, "guardian.remove", ward="Brook", guardian="Ben")


@pytest.mark.parametrize(("word", "moment"), [("1970-01-02", DAY), ("1970-01-02T00:00+01:00", DAY - 3_600_000_000)])
def test_a_time_is_by_the_neighbourhoods_clock_unless_it_says_otherwise(word: str, moment: int) -> None:
    assert moment_of("UTC", word) == moment
    assert moment_of("Europe/Prague", "1970-01-02T01:00") == DAY
