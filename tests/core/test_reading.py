"""What was announced is found by name, by topic and by who told; all three agree whatever is heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.core.reading import Announcement, Heard

WORDS = st.sampled_from(["a", "b", "c"])
SAID = st.builds(
    Announcement, thing=WORDS, property=WORDS, topic=WORDS | st.none(), pointer=WORDS | st.none(),
    source=WORDS | st.none(),
)  # fmt: skip
STEPS = st.lists(st.tuples(st.lists(SAID, max_size=4), st.lists(st.tuples(WORDS, WORDS), max_size=2)), max_size=8)


@given(STEPS)
def test_the_indexes_agree_with_what_is_kept(steps: list[tuple[list[Announcement], list[tuple[str, str]]]]) -> None:
    heard, kept = Heard(), dict[tuple[str, str], Announcement]()
    for said, withdrawn in steps:
        heard.hear(said, withdrawn)
        for place in withdrawn:
            kept.pop(place, None)
        for a in said:
            kept.pop((a.thing, a.property), None)
            kept[a.thing, a.property] = a
    assert heard == kept
    for word in "abc":
        assert list(heard.at(word)) == [a for a in kept.values() if a.topic == word]
        assert heard.told_on(word) == {place for place, a in kept.items() if a.source == word}


def test_of_two_that_point_at_the_same_value_the_last_one_counts() -> None:
    first, last = Announcement("a", "x", topic="t", pointer="1"), Announcement("a", "y", topic="t", pointer="1")
    heard = Heard([first, last])
    assert heard.pointed("t", "1") is last
    heard.hear([], [("a", "x")])
    assert heard.pointed("t", "1") is last


def test_when_everything_is_let_go_nothing_is_found() -> None:
    heard = Heard([Announcement("a", "x", topic="t", pointer="1", source="s")])
    heard.clear()
    assert (heard, heard.at("t"), heard.pointed("t", "1"), heard.told_on("s")) == ({}, (), None, frozenset())
