"""Which topic is which format."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.decoders.routes import Routes
from tests.decoders.decode_lines import shipped_routes


@pytest.mark.parametrize(
    ("pattern", "topic", "matches"),
    [
        ("a/b", "a/b", True), ("a/b", "a/b/c", False), ("a/+", "a/b", True), ("a/+", "a", False), ("a/+", "a/", True),
        ("a/+/c", "a/b/c", True), ("a/#", "a", True), ("a/#", "a/b/c", True), ("a/#", "ab", False), ("#", "a/b", True),
        ("#", "$SYS/a", False), ("+/a", "$SYS/a", False), ("$SYS/#", "$SYS/a", True), ("+", "a", True),
        ("+/+", "/a", True),        ("a.c/#", "abc/d", False),
    ],
)  # fmt: skip
def test_filters_match_as_the_standard_says(pattern: str, topic: str, *, matches: bool) -> None:
    assert (Routes([(pattern, "x")]).format_of(topic) == "x") is matches


def test_the_first_filter_that_matches_wins() -> None:
    routes = Routes([("a/b/#", "first"), ("a/#", "second")])
    assert [routes.format_of(t) for t in ("a/b/c", "a/c", "b")] == ["first", "second", None]


def test_the_hubs_own_topics_are_native_whatever_the_rules_say() -> None:
    assert Routes([("#", "tasmota")]).format_of("things/balcony/temperature") == "native"


@pytest.mark.parametrize("pattern", ["", "a/#/b", "a+/b", "a/b#", "##"])
def test_what_is_no_filter_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="no topic filter"):
        Routes([(pattern, "x")])


def test_the_shipped_file_knows_the_usual_topics() -> None:
    routes = shipped_routes()
    assert routes.format_of("a/b/c/d/tele/SENSOR") == "tasmota"
    assert routes.format_of("attic/zigbee2mqtt/lamp/left") == "zigbee2mqtt"
    assert routes.format_of("sensors/kitchen/temperature") == "plain"
    assert routes.format_of("kitchen/temperature") is None


@given(st.lists(st.text(max_size=12), max_size=50))
def test_any_topic_is_answered_and_answered_alike_again(topics: list[str]) -> None:
    routes = Routes([("+/a/#", "x")])
    assert [routes.format_of(t) for t in topics] == [routes.format_of(t) for t in topics]


def test_a_topic_of_kilobytes_has_no_format_and_is_not_remembered() -> None:
    routes = Routes([("a/#", "x")])
    assert routes.format_of("a/" + "b" * 900) == "x"
    assert routes.format_of("a/" + "b" * 1000) is None
    assert routes.format_of("things/" + "b" * 1000) is None
    assert len(routes._known) == 1


def test_remembered_topics_are_bounded() -> None:
    routes = Routes([("a/#", "x")])
    for at in range(70_000):
        routes.format_of(f"a/{at}")
    assert len(routes._known) < 65_537
    assert routes.format_of("a/1") == "x"
