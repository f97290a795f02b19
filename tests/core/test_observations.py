"""Attribution: by who published, then by what it calls things; what cannot be owned is not stored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.grade import HOUR, MINUTE, NO_WISH, Grade
from hub.core.history import Span
from hub.core.observations import (
    FUTURE,
    IMPLAUSIBLE,
    LATE,
    LOCAL,
    STAMPED,
    Key,
    Series,
    SeriesTable,
    attribute,
)
from hub.core.reading import Decoded, Message, Reading

NOW = 1_000_000 * HOUR


class Silent:
    """A sender that says nothing back."""

    mark = 7

    def acknowledge(self, messages: Sequence[Message]) -> None:
        raise AssertionError(messages)

    def hold_up(self, messages: Sequence[Message]) -> None:
        raise AssertionError(messages)

    def answer(self, topic: str, payload: bytes) -> None:
        raise AssertionError(topic, payload)


def message(credential: int = 1, *, wish: Grade | None = None, retained: bool = False) -> Message:
    return Message(Silent(), credential, "things/a/readings", b"", NOW, wish=wish, retained=retained)


def table(**also: object) -> SeriesTable:
    series = Series(1001, 101, Grade.OPEN, **also)  # type: ignore[arg-type]
    return SeriesTable.of([(Key(1, "a", "t", None), series), (Key(2, "a", "t", None), Series(1002, 102, Grade.HOME))])


def reading(value: float = 20.0, **also: object) -> Reading:
    return Reading("a", "t", value, **also)  # type: ignore[arg-type]


def test_the_same_names_under_two_credentials_are_two_datastreams() -> None:
    heard = [(message(1), Decoded([reading(1)])), (message(2), Decoded([reading(2)]))]
    made = attribute(heard, table())
    found = made.observations
    assert (list(found.datastream), list(found.owner), list(found.value)) == ([1001, 1002], [101, 102], [1.0, 2.0])
    assert (made.missing, made.clear) == (frozenset(), [])


def test_what_is_not_in_the_table_is_named_and_left_out() -> None:
    heard = [(message(3), Decoded([reading()])), (message(1), Decoded([Reading("b", "t", 1.0, unit="Cel")]))]
    made = attribute(heard, table())
    assert made.missing == {Key(3, "a", "t", None), Key(1, "b", "t", "Cel")}
    assert len(made.observations) == 0


def test_a_sealed_datastream_takes_nothing_in_clear() -> None:
    sealed = SeriesTable.of([(Key(1, "a", "t", None), Series(1001, 101, Grade.SEALED))])
    secret = message()
    made = attribute([(message(2), Decoded([])), (secret, Decoded([reading(), reading()]))], sealed)
    assert len(made.observations) == 0
    assert made.clear == [secret]


@given(st.one_of(st.none(), st.sampled_from(Grade)), st.one_of(st.none(), st.sampled_from(Grade)))
def test_the_stricter_of_the_messages_and_the_readings_wish_is_stored(a: Grade | None, b: Grade | None) -> None:
    found = attribute([(message(wish=a), Decoded([reading(wish=b)]))], table()).observations
    assert found.wish[0] == min(NO_WISH if a is None else a, NO_WISH if b is None else b)


def test_a_reading_without_a_time_gets_that_of_its_arrival() -> None:
    found = attribute([(message(), Decoded([reading(), reading(time=5)]))], table()).observations
    assert list(found.time) == [NOW, 5]
    assert list(found.quality & STAMPED) == [STAMPED, 0]


def test_what_holds_no_reading_at_all_is_no_trouble_retained_or_not() -> None:
    for retained in (False, True):
        found = attribute([(message(retained=retained), Decoded([]))], table())
        assert len(found.observations) == 0
        assert not found.missing


def test_a_retained_reading_without_a_time_is_a_repetition() -> None:
    found = attribute([(message(retained=True), Decoded([reading(), reading(time=5)]))], table()).observations
    assert list(found.time) == [5]


@pytest.mark.parametrize(
    ("time", "flag"),
    [(NOW - 2 * HOUR, LATE), (0, LATE), (NOW + 11 * MINUTE, FUTURE), (2**61, FUTURE), (NOW - MINUTE, 0)],
)
def test_a_clock_far_off_is_kept_and_marked(time: int, flag: int) -> None:
    found = attribute([(message(), Decoded([reading(time=time)]))], table()).observations
    assert (found.time[0], found.quality[0]) == (time, flag)


def test_a_time_read_in_the_hubs_zone_is_marked_and_an_arrival_is_not() -> None:
    told = Decoded([reading(time=NOW), reading()], local=True)
    heard = [(message(), told), (message(), Decoded([reading(time=NOW)]))]
    found = attribute(heard, table()).observations
    assert list(found.quality) == [LOCAL, STAMPED, 0]


def test_a_mark_stays_with_its_reading_when_others_are_left_out() -> None:
    told = Decoded([reading(), reading(time=NOW)], local=True)
    found = attribute([(message(retained=True), told), (message(), Decoded([reading(time=NOW)]))], table()).observations
    assert list(found.quality) == [LOCAL, 0]


def test_implausible_values_are_kept_and_marked() -> None:
    found = attribute(
        [(message(), Decoded([reading(-5, time=NOW), reading(5, time=NOW)]))], table(low=0.0)
    ).observations
    assert list(found.value) == [-5, 5]
    assert list(found.quality) == [IMPLAUSIBLE, 0]


def test_another_spelling_of_the_unit_is_converted() -> None:
    found = attribute([(message(), Decoded([reading(50.0)]))], table(scale=5 / 9, shift=-160 / 9)).observations
    assert found.value[0] == pytest.approx(10)


def test_what_is_taken_in_a_pause_is_home_however_late_it_arrives() -> None:
    paused = table(pauses=(Span(NOW - 3 * HOUR, NOW - 2 * HOUR),))
    times = [NOW - 3 * HOUR, NOW - 2 * HOUR]
    found = attribute([(message(), Decoded([reading(time=t) for t in times]))], paused).observations
    assert list(found.grade) == [Grade.HOME, Grade.OPEN]


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.floats(allow_nan=False)), max_size=4), max_size=6))
def test_rows_keep_the_order_of_messages_and_readings(batch: list[list[tuple[int, float]]]) -> None:
    keys = [Key(1, "a", f"p{n}", None) for n in range(4)]
    wide = SeriesTable.of((k, Series(50 + n, 9, Grade.HOME)) for n, k in enumerate(keys))
    heard = [(message(), Decoded([Reading("a", f"p{n}", v) for n, v in readings])) for readings in batch]
    found = attribute(heard, wide).observations
    flat = [(50 + n, v) for readings in batch for n, v in readings]
    assert list(zip(found.datastream.tolist(), found.value.tolist(), strict=True)) == flat
    assert found.take(np.arange(len(flat))).value.tolist() == [v for _, v in flat]


def test_what_is_from_before_a_thing_was_its_owners_is_left_out_and_said() -> None:
    begins = NOW - HOUR
    times = (begins - 1, begins, NOW, None)
    whole, partly, mixed = (message(1) for _ in range(3))
    heard = [
        (whole, Decoded([reading(0, time=begins - HOUR)])),
        (partly, Decoded([reading(n, time=t) for n, t in enumerate(times)])),
        (mixed, Decoded([Reading("b", "t", 1.0, time=begins - HOUR), reading(9)])),
        (message(2), Decoded([reading(7, time=begins - HOUR)])),
    ]
    made = attribute(heard, table(begins=begins))
    assert list(made.observations.value) == [1.0, 2.0, 3.0, 9.0, 7.0]
    assert [id(m) for m in made.former] == [id(whole), id(partly)]
    assert made.missing, "what nobody knows yet is missing, not former"
    assert attribute(heard, table()).former == []
