"""What grows old goes by the grade that holds now, and the registry lets go of what is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from hub import actions
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.history import BEGINNING, History, Span, Step, Tick, whole_days
from hub.registry import Refused, Registry
from hub.registry import tables as t
from hub.settings import RetentionSettings
from hub.stores.memory import MemoryStore
from hub.upkeep.retention import QUARTER, before, thin, thinning, tidy, words
from tests.core import world
from tests.core.world import stream
from tests.registry.town import NOW, monitor, opened, person
from tests.stores.contract import rows
from tests.stores.worlds import Row, batch, own, regular

KEPT = RetentionSettings(raw_days_by_grade={"open": 0}, quarter_hours_days_by_grade={"home": 100})
TODAY = NOW // DAY * DAY


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    one = opened(tmp_path)
    yield one
    one.close()


def test_how_old_rows_may_be_goes_by_the_grade_that_holds_now() -> None:
    past = History((Step(NOW - 90 * DAY, Grade.OPEN), Step(NOW - DAY, Grade.HOME)))
    held = world.holdings(
        stream(0, past), stream(1, world.since_ever(Grade.OPEN)), stream(2, world.since_ever(Grade.COUNTED))
    )
    ages = thinning(held, world.CATALOGUE, KEPT, NOW)
    assert ages.window == QUARTER
    assert ages.datastream.tolist() == [1000, 1001, 1002]
    assert ages.raw.tolist() == [TODAY - 30 * DAY, BEGINNING, TODAY - 30 * DAY]
    assert ages.last.tolist() == [TODAY - 100 * DAY, TODAY - 365 * DAY, TODAY - 365 * DAY]
    assert set(ages.late.tolist()) == {QUARTER + 5 * MINUTE}


def test_every_moment_at_which_what_may_be_known_changed_is_a_cut() -> None:
    tick = Tick(NOW - HOUR, NOW - 9 * HOUR, NOW - 5 * HOUR, Grade.OPEN)
    history = History((Step(NOW - 20 * HOUR, Grade.HOME), Step(NOW - HOUR, Grade.OPEN)), (tick,))
    ages = thinning(world.holdings(stream(0, history)), world.CATALOGUE, KEPT, NOW)
    assert set(ages.cut.tolist()) == {NOW - h * HOUR for h in (20, 1, 9, 5)}
    assert set(ages.cut_datastream.tolist()) == {1000}


def test_what_is_too_old_changes_once_a_day() -> None:
    assert before(NOW, 0) == BEGINNING
    assert before(TODAY, 30) == before(TODAY + DAY - 1, 30) == TODAY - 30 * DAY


def test_a_hub_thins_by_itself_what_its_datastreams_have(registry: Registry) -> None:
    (dust,) = monitor(registry, person(registry), "pm25")
    store = MemoryStore()
    old = before(NOW, 30) - HOUR
    store.append(regular(dust, old, MINUTE, [1.0] * 30))
    store.append(batch(Row(dust, before(NOW, 365) - HOUR), Row(dust, NOW - HOUR)))
    assert thin(registry, store, RetentionSettings(), NOW) == "29 rows fewer"
    assert thin(registry, store, RetentionSettings(), NOW) == ""
    assert store.last_heard() == {dust: NOW - HOUR}


def test_for_ever_is_for_ever() -> None:
    store = MemoryStore()
    store.append(regular(1000, 0, MINUTE, [1.0] * 30))
    kept = RetentionSettings(raw_days=0, quarter_hours_days=0)
    store.thin(thinning(world.holdings(stream(0, world.since_ever(Grade.HOME))), world.CATALOGUE, kept, NOW))
    assert len(rows(store, own())) == 30


def test_the_registry_lets_go_of_what_is_over_and_keeps_what_holds(registry: Registry) -> None:
    ana = person(registry, now=NOW - 3 * 365 * DAY)
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.STREET, now=NOW - 20 * DAY)
    actions.set_grade(registry, dust, Grade.HOME, now=NOW - 19 * DAY)
    actions.make_link(registry, ana, hours=1, now=NOW - DAY)
    kept = actions.make_link(registry, ana, hours=99, now=NOW)
    credential = registry.credential_of_thing(next(iter(registry.holdings().things)))
    assert credential is not None
    for at in (NOW - 31 * DAY, NOW):
        registry.refuse([Refused(credential, "balcony", "a", "no number", 3, at)])
    before_it = registry.holdings()
    assert before_it.rests
    told = tidy(registry, RetentionSettings(), NOW)
    for what in ("1 rests", "1 refusals", "entries of the diary"):
        assert what in told
    assert tidy(registry, RetentionSettings(), NOW) == ""
    assert len(registry.refusals([credential])) == 1
    assert registry.audience_of_link(kept.token, NOW) is not None
    assert registry.holdings().datastreams == before_it.datastreams


def test_sealed_readings_and_quarantine_go_when_they_are_old(registry: Registry) -> None:
    ana = person(registry)
    monitor(registry, ana, "pm25")
    (thing,) = registry.holdings().things
    source = registry.source("city", None, NOW)
    with registry.transaction() as tx:
        for n, at in enumerate((NOW - 400 * DAY, NOW)):
            tx.connection.execute(insert(t.sealed).values(thing=thing, sequence=n, key="k", received=at, body=b"x"))
            tx.connection.execute(insert(t.quarantine).values(source=-source, topic="a", payload=b"x", received=at))
    tidy(registry, RetentionSettings(), NOW)
    with registry.transaction() as tx:
        assert [
            tx.connection.execute(select(func.count()).select_from(x)).scalar() for x in (t.sealed, t.quarantine)
        ] == [1, 1]


def test_how_long_things_are_kept_is_said_in_words() -> None:
    assert words(RetentionSettings()) == "raw 30 days, quarter-hourly 365 days"
    assert "open: raw 365 days, then gone" in words(KEPT)
    assert "home: raw 30 days, quarter-hourly 100 days" in words(KEPT)
    assert words(RetentionSettings(raw_days=0, quarter_hours_days=0)) == "raw for ever"


@pytest.mark.parametrize("days", [1, 7, -1])
def test_what_street_still_shows_cannot_be_thinned(days: int) -> None:
    with pytest.raises(ValueError, match=r"seven days|greater than or equal"):
        RetentionSettings(raw_days=days)
    with pytest.raises(ValueError, match="seven days"):
        RetentionSettings(raw_days_by_grade={"street": days})


def test_ticks_of_long_ago_are_of_whole_days() -> None:
    young = Span(NOW - 3 * DAY + 5, NOW - DAY + 5)
    assert whole_days(young, NOW) == young
    old = whole_days(Span(TODAY - 20 * DAY - 5, TODAY - 10 * DAY + 5), NOW)
    assert old == Span(TODAY - 20 * DAY, TODAY - 10 * DAY)
    assert whole_days(Span(BEGINNING, NOW), NOW) == Span(BEGINNING, NOW)
