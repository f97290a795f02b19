"""How one of her things has been: for its household alone, in words, without a value."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

import pytest

from hub.core.disclosed import Refusal
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.record import Gap, StreamRecord, Tally, ThingRecord
from hub.registry.records import Records
from hub.web.pages.mine_link import COOKIE
from hub.web.record import told
from tests.web.asking import words
from tests.web.world import DUST, NOW, SECRET, TOKEN, WARMTH, World

ZONE = ZoneInfo("Europe/Prague")
MARKS = Tally(
    late=1200, late_since=NOW - 2 * DAY, late_until=NOW - DAY, least_delay=DAY, most_delay=2 * DAY, implausible=1,
    jump=3, flat=40,
)  # fmt: skip


class HandRecords(Records):
    """Records that a test writes."""

    written: dict[int, dict[int, Tally]]

    def of(self, datastreams: Collection[int], since: int) -> dict[int, dict[int, Tally]]:
        assert since == NOW - 7 * DAY
        return {d: days for d, days in self.written.items() if d in datastreams}


def ask(hub: World, handle: str, token: str = TOKEN) -> str:
    return words(hub.client.get(f"/mine/thing/{handle}", cookie=f"{COOKIE}={token}").text)


def stream(**also: object) -> StreamRecord:
    usual: dict[str, object] = {
        "datastream": 1, "property": "pm25", "named": "p2", "last_heard": NOW - 4 * MINUTE, "cadence": 5 * MINUTE,
        "gaps": (), "tally": Tally(), "clock": None,
    }  # fmt: skip
    return StreamRecord(**{**usual, **also})  # type: ignore[arg-type]


def sentence(*streams: StreamRecord) -> str:
    record = ThingRecord(handle="h", title="Balcony", streams=streams, refusals=(), sealed=0)
    return told(record, {"pm25": DUST, "air_temperature": WARMTH}, NOW, ZONE).sentence


def test_her_page_says_how_often_a_thing_speaks_and_leads_from_her_things(hub: World) -> None:
    mine = hub.client.get("/mine", cookie=f"{COOKIE}={TOKEN}").text
    assert 'href="/mine/thing/handle8"' in mine
    said = ask(hub, "handle8")
    assert "Monitor 8, the last seven days" in said
    assert "Heard 20 min ago; nothing was wrong in the last seven days." in said
    assert "Fine dust every hour 20 min ago never" in said
    assert "all it sent could be used" in said


def test_it_holds_no_value_and_no_machine_keeps_it(hub: World) -> None:
    answer = hub.client.get("/mine/thing/handle8", cookie=f"{COOKIE}={TOKEN}")
    assert str(SECRET) not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_silences_are_listed_the_newest_first_and_not_without_end(hub: World) -> None:
    said = ask(hub, "handle7", "open")
    assert "it was silent" in said
    assert "Sun 22 Nov, 18:21 to 18:41 Fine dust" in said
    assert "times before." in said


def test_what_came_late_or_is_doubtful_is_said_with_what_may_help(own_hub: World) -> None:
    records = own_hub.registry.records = HandRecords(own_hub.registry._database)
    records.written = {1008: {NOW // DAY: MARKS, NOW // DAY - 1: Tally(ahead=2, most_ahead=2 * HOUR)}}
    said = ask(own_hub, "handle8")
    assert "Fine dust: 1,200 readings from Fri 20 Nov, 19:40 to Sat 21 Nov, 19:40" in said
    assert "Fine dust: 1 reading outside of what there is" in said
    assert "Fine dust: 3 readings too far from the one before" in said
    assert "Fine dust: 40 readings the same for too long" in said
    assert "44 readings are doubtful" in said


def test_another_s_thing_and_none_at_all_answer_alike(hub: World) -> None:
    answers = [hub.client.get(f"/mine/thing/{h}", cookie=f"{COOKIE}={TOKEN}") for h in ("handle9", "handle7", "none")]
    assert {a.status_code for a in answers} == {404}
    assert len({a.content for a in answers}) == 1


@pytest.mark.parametrize("token", ["", "no-such-link"])
def test_without_a_link_there_is_nothing(hub: World, token: str) -> None:
    answer = hub.client.get("/mine/thing/handle8", cookie=f"{COOKIE}={token}")
    assert "Monitor 8" not in answer.text
    assert answer.text == hub.client.get("/mine/thing/none", cookie=f"{COOKIE}={token}").text


def test_reading_it_is_no_look(own_hub: World) -> None:
    ask(own_hub, "handle8")
    with own_hub.registry.transaction() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM looks").scalar_one() == 0


@pytest.mark.parametrize(
    ("streams", "says"),
    [
        ([], "It has not been heard yet."),
        ([stream(last_heard=None)], "It has not been heard yet."),
        ([stream()], "Heard 4 min ago; nothing was wrong in the last seven days."),
        ([stream(gaps=(Gap(NOW - 2 * HOUR, None),))], "Silent since 17:40."),
        (
            [stream(gaps=(Gap(NOW - 2 * HOUR, None),)), stream(datastream=2)],
            "Heard 4 min ago; in the last seven days it was silent once.",
        ),
        ([stream(clock=2 * HOUR)], "Its clock is 2 hours ahead."),
        ([stream(clock=-90 * DAY)], "Its clock is 90 days behind."),
        ([stream(clock=-20_000 * DAY)], "Its clock was never set."),
        ([stream(tally=Tally(jump=1))], "Heard 4 min ago; in the last seven days one reading is doubtful."),
        (
            [stream(gaps=(Gap(1, 2), Gap(3, 4)), tally=Tally(flat=14))],
            "Heard 4 min ago; in the last seven days it was silent twice and 14 readings are doubtful.",
        ),
    ],
)  # fmt: skip
def test_what_matters_most_is_said_first(streams: list[StreamRecord], says: str) -> None:
    assert sentence(*streams) == says


def test_what_could_not_be_used_is_said_for_a_week() -> None:
    for age, says in (
        (DAY, "in the last seven days some of what it sent could not be used"),
        (8 * DAY, "nothing was wrong"),
    ):
        refused = (Refusal(NOW - age, "the value is text"),)
        record = ThingRecord(handle="h", title="B", streams=(stream(),), refusals=refused, sealed=0)
        assert says in told(record, {"pm25": DUST}, NOW, ZONE).sentence


def test_what_was_handed_over_is_said_first() -> None:
    record = ThingRecord(handle="h", title="B", streams=(stream(),), refusals=(), sealed=0, closed=NOW - DAY)
    assert told(record, {}, NOW, ZONE).sentence.startswith("Handed over or given up on ")


def test_values_that_were_silent_together_are_named_together() -> None:
    gap = Gap(NOW - 2 * DAY, NOW - DAY)
    both = (stream(gaps=(gap,)), stream(datastream=2, property="air_temperature", gaps=(Gap(NOW - HOUR, None), gap)))
    record = ThingRecord(handle="h", title="Balcony", streams=both, refusals=(), sealed=0)
    found = told(record, {"pm25": DUST, "air_temperature": WARMTH}, NOW, ZONE).silences
    assert [(s.until, s.whats) for s in found] == [(None, "Warmth"), (NOW - DAY, "Fine dust and Warmth")]


def test_a_time_that_no_calendar_knows_is_said_so() -> None:
    wrong = Tally(late=1, late_since=-(2**62), late_until=-(2**62), least_delay=2**62, most_delay=2**62)
    record = ThingRecord(handle="h", title="B", streams=(stream(tally=wrong),), refusals=(), sealed=0)
    (late,) = told(record, {}, NOW, ZONE).late
    assert (late.what, late.of) == ("p2", "of a time that no calendar knows")
