"""What is a number, what is a time, what is a name."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from hub.core.reading import DecodeError
from hub.decoders.documents import leaves, read_json
from hub.decoders.names import is_name, matcher, text, thing_name
from hub.decoders.numbers import number, says_no_value
from hub.decoders.times import from_iso, from_local, instant

NOON = 1_780_315_200_000_000


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("21.5", 21.5), (" 45 ", 45), ("-0.5", -0.5), ("+3", 3), ("1.5e3", 1500), ("0", 0), ("3,01", 3.01),
        ("21,5", 21.5), ("0,1234", 0.1234), ("ON", True), ("off", False), ("TRUE", True), (Decimal("2.5"), 2.5), (7, 7),
        (2**70, float(2**70)),
    ],
)  # fmt: skip
def test_these_are_values(written: object, value: float) -> None:
    assert number(written) == value
    assert type(number(written)) is (bool if isinstance(value, bool) else float)


@pytest.mark.parametrize(
    "written",
    ["", "NaN", "inf", "-Infinity", "1e999", "1,234", "1.234,5", "0x1F4", "1_000", "045", "000005930712",
     "0000059352E4", "12E34", "21.5 °C", "45%", "unavailable", "OPEN", "٣", "9" * 65, None, [], {}, math.nan, math.inf,
     10**400, Decimal("NaN"), Decimal("1e999"), b"1"],
)  # fmt: skip
def test_these_are_no_values(written: object) -> None:
    assert number(written) is None


def test_a_word_for_no_value_differs_from_text() -> None:
    assert says_no_value(" Unavailable ")
    assert not says_no_value("warm")


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        (1_780_315_200, NOON), (1_780_315_200.25, NOON + 250_000), (1_780_315_200_001, NOON + 1000),
        (1_780_315_200_000_001, NOON + 1), (1_780_315_200_000_001_999, NOON + 1), ("1780315200", NOON),
        ("2026-06-01T12:00:00Z", NOON), ("2026-06-01 14:00:00+02:00", NOON), ("2026-06-01T14:00:00+0200", NOON),
        ("2026-06-01T06:30:00-05:30", NOON), ("2026-06-01T12:00:00.123456789Z", NOON + 123_456),
        ("2026-06-01T12:00:00,5Z", NOON + 500_000), ("2036-02-07T06:28:16Z", 2_085_978_496_000_000),
    ],
)  # fmt: skip
def test_these_are_instants(written: object, micros: int) -> None:
    assert instant(written) == micros


@pytest.mark.parametrize(
    "written",
    ["2026-06-01T12:00:00", "2018.05.03 08:14:52", "2024-13-45T99:99:99Z", "1970-01-01T00:00:23Z",
     "0001-01-01T00:00:00Z", "2026-06-01T23:59:60Z", "yesterday", "", 0, 23, -5, 1e30, math.nan, math.inf, 10**400,
     True, None, "9" * 30],
)  # fmt: skip
def test_these_are_no_instants(written: object) -> None:
    assert instant(written) is None


PRAGUE = ZoneInfo("Europe/Prague")
HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-06-01T14:00:00", "2026-06-01T12:00:00Z"), ("2026-01-10 12:30:00.25", "2026-01-10T11:30:00.25Z"),
        ("2018.05.03 08:14:52", "2018-05-03T06:14:52Z"), ("2026/06/01T14:00:00", "2026-06-01T12:00:00Z"),
    ],
)  # fmt: skip
def test_a_local_time_is_read_in_the_hubs_zone(written: str, utc: str) -> None:
    assert from_local(written, PRAGUE, NOON) == from_iso(utc)
    assert from_local(written, None, NOON) is None


def test_of_the_hour_that_comes_twice_the_one_nearer_to_the_arrival_is_meant() -> None:
    first = from_iso("2026-10-25T00:30:00Z") or 0
    assert from_local("2026-10-25T02:30:00", PRAGUE, first + 60) == first
    assert from_local("2026-10-25T02:30:00", PRAGUE, first + HOUR + 60) == first + HOUR


@pytest.mark.parametrize(
    "written",
    ["2026-03-29T02:30:00", "2026-02-30T12:00:00", "1970-01-01T00:00:23", "2026-06-01", "0001-01-01T00:00:00", "noon",
     "2026-06-01T12:00:00Z", 5, None],
)  # fmt: skip
def test_a_local_time_that_no_clock_shows_is_none(written: object) -> None:
    assert from_local(written, PRAGUE, NOON) is None


def test_names_are_printable_short_and_without_wildcards() -> None:
    assert all(map(is_name, ["a", "kitchen/window sill", "Küche", "x" * 128]))
    assert not any(map(is_name, ["", " ", "x" * 129, "a+b", "a#", "a\nb", "a\x00", "\ud800", "\u200b"]))
    with pytest.raises(DecodeError, match="name"):
        thing_name("a/+/b")


def test_what_is_remembered_does_not_grow_with_what_is_sent() -> None:
    matches = matcher(re.compile("id|.*_id"))
    for _ in range(2):
        assert matches("id")
        assert not matches("humid")
    assert matches("humid" * 100)  # too long to be a name
    assert not is_name("x" * 1_000_000)


def test_text_about_a_thing_is_printable_and_bounded() -> None:
    assert text("a\x00b\n") == "ab"
    assert len(text("x" * 5000) or "") == 1000
    assert text(3) is None
    assert text("\n") is None


def test_paths_of_nested_values_never_fall_together() -> None:
    tree = {"a": {"b": 1, "c.d": 2, "c": {"d": 3}}, "e": [4, [5]]}
    assert list(leaves(tree)) == [
        ("a.b", "b", 1), ("a.c_d", "c.d", 2), ("a.c.d", "d", 3), ("e[0]", "e", 4), ("e[1][0]", "e", 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "meant"),
    [
        (b'{"a":nan,"b":[-inf, 1],"c":1}', {"a": None, "b": [None, 1], "c": 1}),
        (b'{"a":1e400,"b":40}', {"a": math.inf, "b": 40}),
        (b'\xef\xbb\xbf{"a":1}\x00', {"a": 1}),
        (b'{"a":1,"a":2}', {"a": 2}),
    ],
)
def test_nearly_json_is_read_with_mercy(payload: bytes, meant: object) -> None:
    assert read_json(payload) == meant


def test_fields_with_longer_names_than_any_property_are_left_out_of_long_messages() -> None:
    long = "k" * 3000
    payload = json.dumps({"a": 1, long: 2, "b": [{long: 3, "c": 4}]}).encode()
    assert read_json(payload) == {"a": 1, "b": [{"c": 4}]}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b'{"a":1', "not JSON"), (b"{'a':1}", "not JSON"), (b'{"a":.5}', "not JSON"), (b"\xff\xfe{\x00", "UTF-16"),
        (b"\x1f\x8b\x08", "gzip"), (b'"\xb0C"', "UTF-8"), (b"[" * 100_000 + b"]" * 100_000, "deeply"),
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused_in_words_that_hold_no_value(payload: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        read_json(payload)


@pytest.mark.parametrize("around", [" ", "\t", "\x1c", "\x85", "\u2003"])
def test_an_epoch_as_text_may_have_blanks_around_it(around: str) -> None:
    assert instant(f"{around}1780315200") == 1_780_315_200_000_000
