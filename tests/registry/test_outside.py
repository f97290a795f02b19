"""What comes from shared brokers: whose it is, what waits, and how it follows to who has shown that it is his."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import actions
from hub.core.grade import MINUTE, Grade
from hub.core.reading import Message
from hub.registry import Registry
from hub.registry.claims import codes_in, new_code
from tests.registry.town import NOW, gateway, person

_NOISE = st.text(st.characters(codec="utf-8"), max_size=60)


class Listening:
    """A sender that remembers what it was answered."""

    mark = 7

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.acknowledged = 0

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.acknowledged += len(messages)

    def hold_up(self, messages: Sequence[Message]) -> None:
        raise AssertionError(messages)

    def answer(self, topic: str, payload: bytes) -> None:
        del payload
        self.answers.append(topic)


def message(source: int, topic: str, payload: bytes = b"1", at: int = NOW, *, retained: bool = False) -> Message:
    return Message(Listening(), source, topic, payload, at, retained=retained)


def whose(registry: Registry, source: int, topic: str) -> int | None:
    """The party whose a topic is."""
    placed = registry.place([message(source, topic)])
    with registry.transaction() as tx:
        owners = {i: p for i, p in tx.connection.exec_driver_sql("SELECT id, party FROM credentials")}  # noqa: C416
    return owners[placed[0].credential] if placed else None


@given(_NOISE, _NOISE)
def test_a_code_is_found_in_whatever_is_around_it(before: str, after: str) -> None:
    code = new_code()
    assert len(code.replace("-", "")) * 5 >= 60, "bits"
    for written in (code, code.upper(), code.replace("-", "")):
        assert code in codes_in(f"{before[:20]} {written}\n{after}".encode())
    assert code in codes_in(f'{{"code": "{code}", "t": 1}}'.encode())


@given(st.binary(max_size=3_000))
def test_what_is_no_code_is_looked_at_in_vain(payload: bytes) -> None:
    assert len(codes_in(payload)) <= 4


def test_the_code_published_at_the_top_of_the_prefix_gives_it_to_the_claimant(registry: Registry) -> None:
    ana, city = person(registry), registry.source("city", None, NOW)
    made = actions.begin_claim(registry, ana, "city", "house7/", now=NOW)
    assert made.topic == "house7/claim"
    assert registry.place([message(city, "house7/a")]) == []
    got = registry.place([message(city, made.topic, f" {made.code}\n".encode()), message(city, "house7/a")])
    assert [m.topic for m in got] == ["a"], "the code is no reading"
    assert whose(registry, city, "house7/b") == ana
    assert whose(registry, city, "house70/b") is None
    assert any("has shown" in e.what for e in registry.journal(ana))
    assert registry.outside.claims() == []


@pytest.mark.parametrize(
    ("topic", "late", "why"),
    [
        ("house7/ana/claim", 0, "who may publish further down only has shown nothing of the rest"),
        ("house7/claim/x", 0, "as before"),
        ("house70/claim", 0, "another prefix"),
        ("claim", 0, "above it"),
        ("house7/claim", 15 * MINUTE, "too late"),
    ],
)
def test_a_code_elsewhere_or_too_late_gives_nothing(registry: Registry, topic: str, late: int, why: str) -> None:
    ana, city = person(registry), registry.source("city", None, NOW)
    made = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    assert registry.place([message(city, topic, made.code.encode(), NOW + late)]) == []
    assert whose(registry, city, "house7/b") is None, why


def test_a_code_is_of_no_use_to_another(registry: Registry) -> None:
    """It is public at that broker: whoever has read it can publish it again, but only for whom it was made."""
    ana, eva, city = person(registry), person(registry, "Eva"), registry.source("city", None, NOW)
    hers = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    actions.begin_claim(registry, eva, "city", "house7", now=NOW)
    actions.begin_claim(registry, eva, "city", "house9", now=NOW)
    assert registry.place([message(city, "house9/claim", hers.code.encode())]) == []
    assert whose(registry, city, "house9/a") is None
    registry.place([message(city, "house7/claim", hers.code.encode())])
    assert whose(registry, city, "house7/a") == ana
    assert [c.prefix for c in registry.outside.claims()] == ["house9"], "what shares topics with it has ended"


def test_two_claims_of_what_overlaps_the_first_that_is_shown_wins(registry: Registry) -> None:
    ana, eva, city = person(registry), person(registry, "Eva"), registry.source("city", None, NOW)
    wide = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    narrow = actions.begin_claim(registry, eva, "city", "house7/attic", now=NOW)
    registry.place([message(city, narrow.topic, narrow.code.encode()), message(city, wide.topic, wide.code.encode())])
    assert whose(registry, city, "house7/attic/a") == eva
    assert whose(registry, city, "house7/a") is None


def test_a_prefix_that_became_somebodys_meanwhile_is_not_given_away(registry: Registry) -> None:
    ana, eva, city = person(registry), person(registry, "Eva"), registry.source("city", None, NOW)
    made = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    actions.add_prefix(registry, "city", "house7/attic", gateway(registry, eva), now=NOW)
    registry.place([message(city, made.topic, made.code.encode())])
    assert whose(registry, city, "house7/attic/a") == eva
    assert whose(registry, city, "house7/a") is None
    assert registry.outside.claims() == []


def test_what_waited_follows_as_it_came_and_only_what_is_under_the_prefix(registry: Registry) -> None:
    ana, city = person(registry), registry.source("city", None, NOW)
    wished = message(city, "house7/a/x", b"\x00\xff", NOW + 1)
    wished.wish = Grade.SEALED
    kept = message(city, "house7/a/y", b"2", NOW + 2, retained=True)
    registry.place([wished, kept, message(city, "house7", b"3", NOW + 3), message(city, "House7/a", b"4", NOW + 4)])
    assert registry.outside.following() == ([], [])
    made = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    assert registry.outside.following() == ([], []), "a claim alone gives nothing"
    registry.place([message(city, made.topic, made.code.encode())])
    numbers, messages = registry.outside.following()
    assert [(m.topic, m.payload, m.received, m.retained, m.wish) for m in messages] == [
        ("a/x", b"\x00\xff", NOW + 1, False, Grade.SEALED),
        ("a/y", b"2", NOW + 2, True, None),
        ("", b"3", NOW + 3, False, None),
    ]
    assert {m.credential for m in messages} == {registry.place([message(city, "house7/z")])[0].credential}
    assert registry.outside.following()[0] == numbers, "until it is stored"
    registry.outside.followed(numbers)
    assert registry.outside.following() == ([], [])
    assert [w.topic for w in registry.outside.waiting()] == ["House7/a"]


def test_answers_go_back_under_the_prefix(registry: Registry) -> None:
    ana, city = person(registry), registry.source("city", None, NOW)
    actions.add_prefix(registry, "city", "house7/ana", gateway(registry, ana), now=NOW)
    sender = Listening()
    first, second = registry.place(
        [Message(sender, city, "house7/ana/things/a/x", b"1", NOW), Message(sender, city, "house7/ana/b", b"1", NOW)]
    )
    assert first.sender is second.sender
    first.sender.answer("things/a/errors", b"no number")
    first.sender.acknowledge([first, second])
    assert (sender.answers, sender.acknowledged, first.sender.mark) == (["house7/ana/things/a/errors"], 2, sender.mark)


def test_what_waits_is_counted_by_topic(registry: Registry) -> None:
    city = registry.source("city", None, NOW)
    registry.place([message(city, "a/b", at=NOW), message(city, "a/b", at=NOW + 5), message(city, "c", at=NOW + 1)])
    assert [(w.source, w.topic, w.count, w.since, w.last) for w in registry.outside.waiting()] == [
        ("city", "a/b", 2, NOW, NOW + 5),
        ("city", "c", 1, NOW + 1, NOW + 1),
    ]
    assert registry.quarantined() == 3
