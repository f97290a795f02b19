"""What a look says: to each owner his own alone, of each looker no more than his role and his name in that commons."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from hub.core.audience import PUBLIC, Audience
from hub.core.disclosed import disclose
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.history import BEGINNING, END
from hub.core.holdings import Commons, Datastream, Fragment, Holdings
from hub.core.look import (
    NOTHING_SEEN,
    Entry,
    Look,
    Looker,
    Seen,
    Values,
    body,
    entry,
    looks,
    looks_of_operator,
    missing,
    news,
    seen,
)
from hub.core.looked import Told, regions_around, who_looked
from hub.core.query import Query
from hub.core.regions import CITY
from hub.core.scope import scope_for
from hub.core.store import Rows
from tests.core.world import CATALOGUE, NOW, PROJECT, STRANGER, holdings, since_ever, stream

OTHER = Commons(901, "quiet-nights", "Quiet nights", "to sleep", ("noise",))
MEMBER = Audience(STRANGER, frozenset({STRANGER}), frozenset({PROJECT.id, OTHER.id}))
FOX, OWL = Fragment(BEGINNING, END, "foxfox", "brave fox"), Fragment(BEGINNING, END, "owlowl", "wise owl")


def town(*streams: Datastream) -> Holdings:
    names = {(PROJECT.id, STRANGER): (FOX,), (OTHER.id, STRANGER): (OWL,)}
    return msgspec.structs.replace(holdings(*streams), commons={PROJECT.id: PROJECT, OTHER.id: OTHER}, fragments=names)


def shared(number: int, *, commons: int = PROJECT.id, grade: Grade = Grade.COMMONS) -> Datastream:
    return stream(number, since_ever(grade), commons=commons)


def found(held: Holdings, audience: Audience, rows: dict[int, int], query: Query | None = None) -> Seen:
    """What an answer with so many rows of each datastream shows of others."""
    scope = scope_for(audience, held, CATALOGUE, NOW).narrow(query or Query())
    numbers = np.repeat(np.array(sorted(rows), np.int32), [rows[n] for n in sorted(rows)])
    times = np.array([HOUR * n for number in sorted(rows) for n in range(rows[number])], np.int64)
    told = Rows(numbers, times, np.ones(len(numbers)))
    return seen(told, scope, disclose(told, scope, CATALOGUE, b"k" * 32), audience, held)


def looked(held: Holdings, audience: Audience, rows: dict[int, int], query: Query | None = None) -> list[Look]:
    return looks(found(held, audience, rows, query), query or Query(), audience, held, NOW)


def test_each_owner_is_told_of_his_own_values_and_of_nobody_elses() -> None:
    held = town(shared(1), shared(2))
    one, two = looked(held, MEMBER, {1001: 3, 1002: 5})
    assert (one.owner, one.entry.values) == (101, (Values(1001, "commons", 3),))
    assert (two.owner, two.entry.values) == (102, (Values(1002, "commons", 5),))
    assert looked(town(shared(1)), MEMBER, {1001: 3}) == [one], "whoever else is there changes nothing"


def test_a_datastream_that_is_shown_without_a_value_is_told_too() -> None:
    (one,) = looked(town(shared(1)), MEMBER, {})
    assert one.entry.values == (Values(1001, "commons", 0),)


@pytest.mark.parametrize("grade", Grade)
def test_only_what_is_not_for_everyone_is_a_look(grade: Grade) -> None:
    held = town(*(shared(n, grade=grade) for n in range(1, 8)))
    rows = {1000 + n: 2 for n in range(1, 8)}
    assert len(looked(held, MEMBER, rows)) == (7 if grade in (Grade.COMMONS, Grade.STREET) else 0)
    assert looked(held, PUBLIC, rows) == []
    assert looked(held, Audience(STRANGER, frozenset({STRANGER}), staff=True, purpose="trees"), rows) == []


def test_a_households_own_reading_is_no_look() -> None:
    held = town(shared(1), shared(2))
    assert [one.owner for one in looked(held, Audience(101, frozenset({101}), MEMBER.memberships), {1001: 1})] == [102]
    assert looked(town(shared(1)), Audience(501, frozenset({501}), MEMBER.memberships), {1001: 1}) == []


def test_a_member_appears_in_each_commons_by_the_name_he_has_there_alone() -> None:
    noise = msgspec.structs.replace(shared(2, commons=OTHER.id), owner=101, property="noise")
    here, there = looked(town(shared(1), noise), MEMBER, {1001: 1, 1002: 1})
    assert {(one.owner, one.entry.commons, one.entry.who) for one in (here, there)} == {
        (101, "clean-courtyards", "brave fox"), (101, "quiet-nights", "wise owl"),
    }  # fmt: skip
    assert "owl" not in body(here, 1).decode() + body(there, 2).decode().replace("wise owl", "")
    assert str(STRANGER) not in {here.entry.who, there.entry.who}


def test_a_members_time_is_told_to_the_quarter_of_an_hour_and_staffs_to_the_second() -> None:
    held, query = town(shared(1)), Query()
    moment = NOW + 7 * MINUTE + 1234
    at = looks(found(held, MEMBER, {1001: 1}), query, MEMBER, held, moment)[0].entry.at
    assert at == NOW
    staff = Audience(STRANGER, frozenset({STRANGER}), staff=True, purpose="trees")
    regions = Seen(regions={"dust": ((CITY,), 3, NOW)})
    (one,) = looks(regions, query, staff, held, moment)
    assert (one.entry.at, one.entry.role, one.entry.purpose) == (NOW + 7 * MINUTE, Looker.STAFF, "trees")
    assert (one.owner, one.entry.observed, one.entry.regions, one.entry.values) == (None, "dust", (CITY,), ())


def test_what_was_asked_is_told_where_it_had_bounds() -> None:
    held = town(shared(1))
    (open_ended,) = looked(held, MEMBER, {1001: 1})
    assert (open_ended.entry.since, open_ended.entry.until) == (None, None)
    (bounded,) = looked(held, MEMBER, {1001: 1}, Query(since=NOW - DAY, until=NOW))
    assert (bounded.entry.since, bounded.entry.until) == (NOW - DAY, NOW)


def test_what_the_query_left_out_was_not_looked_at() -> None:
    noise = msgspec.structs.replace(shared(2), property="noise")
    held, query = town(shared(1), noise), Query(properties=frozenset({"noise"}))
    assert [one.owner for one in looked(held, MEMBER, {1002: 1}, query)] == [102]


def test_an_answer_again_is_news_only_where_it_holds_more() -> None:
    held = town(shared(1), shared(2))
    first, same = (found(held, MEMBER, {1001: 3, 1002: 5}) for _ in range(2))
    later = found(held, MEMBER, {1001: 3, 1002: 6})
    assert news(NOTHING_SEEN, first) == first
    assert not news(first, same).streams
    assert set(news(first, later).streams) == {(102, 1002)}
    near = Seen(regions={"dust": ((CITY,), 1, HOUR)})
    assert not news(near, near).regions
    assert news(first, near).regions


def test_an_entry_is_written_and_read_and_names_no_owner() -> None:
    (one,) = looked(town(shared(1)), MEMBER, {1001: 3})
    written = body(one, 17)
    assert entry(written) == msgspec.structs.replace(one.entry, number=17)
    assert "owner" not in msgspec.json.decode(written)
    with pytest.raises(msgspec.DecodeError):
        entry(written[:-1])


def test_an_operators_own_reading_is_told_with_its_purpose() -> None:
    one, two = looks_of_operator([(shared(2), 9), (shared(1), 4)], Query(), "a copy that Ana asked for", NOW)
    assert (one.owner, one.entry.role, one.entry.values) == (101, Looker.OPERATOR, (Values(1001, "commons", 4),))
    assert (two.owner, two.entry.purpose) == (102, "a copy that Ana asked for")


@pytest.mark.parametrize(("numbers", "gone"), [([], []), ([3], []), ([5, 4, 3], []), ([7, 3, 4], [5, 6])])
def test_a_number_that_is_skipped_is_an_entry_that_is_gone(numbers: list[int], gone: list[int]) -> None:
    assert missing(numbers) == gone


def told(number: int, look: Look, *, sound: bool = True) -> Told:
    return Told(number, look.owner, msgspec.structs.replace(look.entry, number=number), sound, closed=True)


def test_an_owner_reads_it_in_words() -> None:
    held = town(shared(1))
    (one,) = looked(held, MEMBER, {1001: 3})
    staff = Entry(at=NOW + HOUR, role=Looker.STAFF, purpose="trees", observed="dust", regions=(CITY,))
    read = who_looked([told(1, one), told(4, one)], [told(1, Look(None, staff))], held, CATALOGUE)
    newest = read.looks[0]
    assert (newest.who, newest.purpose) == ("somebody of the city", "trees")
    assert newest.what == ("averages of Fine dust of several homes around you",)
    assert read.looks[1].who == "brave fox of Clean courtyards"
    assert read.looks[1].what == ("Fine dust of Monitor 1: 3 values (commons)",)
    assert read.gone == 2


def test_an_entry_that_cannot_be_read_is_told_as_such() -> None:
    read = who_looked([Told(1, 101, None, sound=False, closed=False)], [], town(), CATALOGUE)
    assert (read.looks[0].who, read.looks[0].sound) == ("unreadable", False)


def test_averages_that_i_could_have_counted_in_are_around_me() -> None:
    around = regions_around([shared(1)], town(shared(1)))
    cells = {region for observed, region in around if observed == "dust"}
    assert CITY in cells
    assert len(cells) == 5
    assert {observed for observed, _ in around} == {"dust", "dust@indoor"}
