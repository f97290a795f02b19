"""Topic names and filters, with the examples of the standard (MQTT 5 section 4.7)."""

from __future__ import annotations

import pytest

from hub.mqtt.reasons import ProtocolError
from hub.mqtt.topics import check_filter, check_name, is_usable, matches


@pytest.mark.parametrize(
    ("pattern", "topic", "wanted"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("#", "anything/at/all", True),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/broker", False),
        ("+/broker", "$SYS/broker", False),
        ("$SYS/#", "$SYS/broker", True),
        ("Accounts", "ACCOUNTS", False),
        ("a/b", "a/b/c", False),
    ],
)
def test_a_filter_has_the_names_that_the_standard_says(pattern: str, topic: str, wanted: bool) -> None:  # noqa: FBT001 - a column of the table
    assert matches(pattern, topic) is wanted


@pytest.mark.parametrize("pattern", ["#", "+", "a/#", "+/tennis/#", "a/+/b", "/", "$share/group/a/+"])
def test_valid_filters_pass(pattern: str) -> None:
    check_filter(pattern)


BROKEN = ["", "a#", "a/#/b", "a+", "+a/b", "##", "$share/", "$share/g", "$share//a", "$share/+/a", "$share/g/"]


@pytest.mark.parametrize("pattern", BROKEN)
def test_broken_filters_are_refused(pattern: str) -> None:
    with pytest.raises(ProtocolError):
        check_filter(pattern)


@pytest.mark.parametrize("topic", ["", "a/#", "+/b", "a+b"])
def test_a_name_with_a_wildcard_is_refused(topic: str) -> None:
    with pytest.raises(ProtocolError):
        check_name(topic)


@pytest.mark.parametrize("topic", ["a\nb", "a\x7f", "a\x85b", "a" * 101, "é" * 51, "/".join("abcdefghijk"), "a\uffff"])
def test_a_name_that_nobody_needs_is_not_usable(topic: str) -> None:
    assert not is_usable(topic, 100, 10)


def test_ordinary_names_are_usable() -> None:
    assert is_usable("zigbee2mqtt/kuchyň okno/světlo", 100, 10)
