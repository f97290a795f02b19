"""The door: credentials, prefixes of shared brokers, refusals, quarantine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import actions
from hub.core.admission import Admission
from hub.core.grade import HOUR
from hub.core.reading import Message
from hub.registry import Limits, Refused, Registry
from hub.registry.doors import KEPT_OF_CREDENTIAL, KEPT_REFUSALS, overlap, owner_of_topic
from hub.registry.keys import keyed_hash, same
from tests.registry.town import NOW, gateway, opened, person


class Nobody:
    """A sender that nothing is told."""

    mark = 7

    def acknowledge(self, messages: Sequence[Message]) -> None: ...

    def hold_up(self, messages: Sequence[Message]) -> None: ...

    def answer(self, topic: str, payload: bytes) -> None: ...


def message(credential: int, topic: str, payload: bytes = b"1") -> Message:
    return Message(Nobody(), credential, topic, payload, NOW)


def test_the_right_password_opens_and_nothing_else_does(registry: Registry) -> None:
    made = actions.add_thing(registry, person(registry), "balcony", now=NOW)
    assert made.user is not None
    assert made.password is not None
    lock = registry.locks()[made.credential]
    assert registry.admit(made.user, made.password.encode(), None) == Admission(made.credential, 0, 200, lock=lock)
    for user, password in (
        (made.user, b""), (made.user, made.password.encode()[:-1]), (made.user, b"\xff\x00"), ("", b""),
        ("nobody", made.password.encode()), (made.user.upper(), made.password.encode()),
    ):  # fmt: skip
        assert registry.admit(user, password, None) is None
    assert registry.admit("", b"", "balcony") is None


def test_a_password_is_128_bits_and_only_its_keyed_hash_is_kept(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    made = actions.add_thing(registry, person(registry), "balcony", now=NOW)
    link = actions.make_link(registry, person(registry, "Eva"), now=NOW)
    assert made.password is not None
    assert len(made.password) == 26
    registry.close()
    everything = b"".join(p.read_bytes() for p in tmp_path.iterdir() if p.name != "secret.key")
    assert made.password.encode() not in everything
    assert link.token.encode() not in everything
    assert keyed_hash(b"a" * 32, b"secret") != keyed_hash(b"b" * 32, b"secret")


def test_a_new_password_ends_the_old_and_a_closed_credential_both(registry: Registry) -> None:
    made = actions.add_thing(registry, person(registry), "balcony", now=NOW)
    assert made.user is not None
    assert made.password is not None
    again = actions.renew_credential(registry, made.credential, now=NOW)
    assert registry.admit(made.user, made.password.encode(), None) is None
    assert registry.admit(again.user, again.password.encode(), None) is not None
    assert made.credential in registry.locks()
    actions.close_credential(registry, made.credential, now=NOW)
    assert registry.admit(again.user, again.password.encode(), None) is None
    assert made.credential not in registry.locks()


def test_a_verified_certificate_opens_alone_or_with_its_own_user_name(registry: Registry) -> None:
    made = actions.add_credential(
        registry, person(registry), "gateway", certificate="gw-7", messages_per_second=5, max_connections=2, now=NOW
    )
    expected = Admission(made.credential, 5, 2, lock=registry.locks()[made.credential])
    assert registry.admit("", b"", "gw-7") == expected
    assert registry.admit(made.user, b"", "gw-7") == expected
    assert registry.admit("another", b"", "gw-7") is None
    assert registry.admit("", b"", "gw-8") is None


def test_an_unknown_name_does_the_same_work_as_a_wrong_password(registry: Registry) -> None:
    made = actions.add_thing(registry, person(registry), "balcony", now=NOW)
    assert made.user is not None

    def took(user: str) -> float:
        times = []
        for _ in range(400):
            started = time.perf_counter()
            registry.admit(user, b"wrong-password", None)
            times.append(time.perf_counter() - started)
        return statistics.median(times)

    known, unknown = took(made.user), took("x" * len(made.user))
    assert known < 5 * unknown
    assert unknown < 5 * known
    assert not same(b"k" * 32, b"anything", None)
    assert not same(b"k" * 32, b"anything", "")


PREFIX = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3).map("/".join)


@given(PREFIX, PREFIX, st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5).map("/".join))
def test_two_prefixes_overlap_exactly_when_a_topic_can_be_under_both(a: str, b: str, topic: str) -> None:
    both = owner_of_topic({a: 1}, topic) and owner_of_topic({b: 2}, topic)
    assert overlap(a, b) == overlap(b, a)
    assert overlap(a, b) or not both
    longer = max(a, b, key=lambda p: len(p.split("/")) if p else 0)
    if overlap(a, b) and longer:
        assert owner_of_topic({a: 1}, longer) == (1, longer.removeprefix(a).removeprefix("/"))
        assert owner_of_topic({b: 2}, longer) == (2, longer.removeprefix(b).removeprefix("/"))


def test_at_a_shared_broker_a_topic_is_its_prefixs_and_overlaps_are_refused(registry: Registry) -> None:
    ana, eva = gateway(registry, person(registry)), gateway(registry, person(registry, "Eva"))
    city = registry.source("city", None, NOW)
    assert city < 0
    assert registry.source("city", None, NOW) == city
    assert registry.has_shared_sources
    actions.add_prefix(registry, "city", "house7/ana/", ana, now=NOW)
    actions.add_prefix(registry, "city", "house7/eva", eva, now=NOW)
    for taken in ("house7", "house7/ana", "house7/ana/kitchen", "house7/+", "", "house7//x"):
        with pytest.raises(actions.ActionRefused):
            actions.add_prefix(registry, "city", taken, eva, now=NOW)
    got = registry.place([
        message(city, "house7/ana/t"), message(city, "house7/eva/t"), message(city, "house7/anastasia/t"),
        message(5, "untouched"),
    ])  # fmt: skip
    assert [(m.credential, m.topic) for m in got] == [
        (ana, "t"), (eva, "t"), (5, "untouched")
    ], "the prefix is the way to a space of its own, not a part of the topic"  # fmt: skip
    actions.close_credential(registry, ana, now=NOW)
    assert registry.place([message(city, "house7/ana/t")]) == []


def test_a_source_of_one_party_is_a_topic_space_of_its_own(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    number = registry.source("ttn", ana, NOW)
    assert number > 0
    assert registry.source("ttn", ana, NOW) == number
    assert not registry.has_shared_sources
    assert registry.admit("", b"", None) is None
    assert registry.source("ttn", eva, NOW) not in (number, 0)


def test_nobodys_messages_wait_raw_and_bounded(tmp_path: Path) -> None:
    registry = opened(tmp_path, limits=Limits(quarantine_messages=3, quarantine_bytes=100))
    city = -registry.source("city", None, NOW)
    assert registry.quarantine(city, [message(-city, "a/b", b"\x00\xff"), message(-city, "a/c", b"x" * 90)]) == 2
    assert registry.quarantine(city, [message(-city, "a/d", b"x" * 90)]) == 0
    assert registry.quarantine(city, [message(-city, "a/d", b"y"), message(-city, "a/e", b"z")]) == 1
    assert sum("quarantine" in e.what for e in registry.journal()) == 1
    registry.close()
    again = opened(tmp_path, limits=Limits(quarantine_messages=4, quarantine_bytes=100))
    assert again.quarantine(city, [message(-city, "a/f", b"1"), message(-city, "a/g", b"2")]) == 1
    again.close()


def refused(credential: int, thing: str | None, number: int) -> Refused:
    return Refused(credential, thing, f"things/{thing}/x", f"reason {number}", 10, NOW + number)


def test_the_newest_fifty_refusals_of_each_thing_are_kept(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    for start in range(0, 120, 40):
        registry.refuse([refused(credential, "a", start + i) for i in range(40)])
    registry.refuse([refused(credential, "b", 1), refused(4242, "a", 1)])
    of_a = [r for r in registry.refusals([credential], 500) if r.thing == "a"]
    assert [r.at - NOW for r in of_a] == list(range(119, 119 - KEPT_REFUSALS, -1))
    assert len(registry.refusals([credential], 500)) == KEPT_REFUSALS + 1
    assert registry.refusals([4242]) == []


def test_thing_names_without_end_do_not_fill_the_registry(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.refuse([refused(credential, f"t{i}\ud800", i) for i in range(KEPT_OF_CREDENTIAL + 100)])
    assert len(registry.refusals([credential], 10_000)) == KEPT_OF_CREDENTIAL


def test_a_things_refusals_are_its_own_and_all_of_them_if_it_has_a_credential(registry: Registry) -> None:
    ana = person(registry)
    own = actions.add_thing(registry, ana, "balcony", now=NOW)
    carrier = gateway(registry, ana)
    carried = actions.add_thing(registry, ana, "kitchen", gateway=carrier, now=NOW)
    registry.refuse([refused(own.credential, "esp-1", 1), refused(carrier, "kitchen", 2), refused(carrier, "hall", 3)])
    assert [r.thing for r in registry.refusals_of_thing(own.thing)] == ["esp-1"]
    assert [r.thing for r in registry.refusals_of_thing(carried.thing)] == ["kitchen"]
    assert registry.refusals_of_thing(1) == []


def test_a_link_is_its_partys_until_it_expires_or_is_ended(registry: Registry) -> None:
    ana = person(registry)
    link = actions.make_link(registry, ana, hours=2, now=NOW)
    audience = registry.audience_of_link(link.token, NOW + HOUR)
    assert audience is not None
    assert (audience.party, audience.parties, audience.staff) == (ana, frozenset({ana}), False)
    assert registry.audience_of_link(link.token, NOW + 2 * HOUR) is None
    assert registry.audience_of_link(link.token + "x", NOW) is None
    assert registry.audience_of_link("\ud800", NOW) is None
    assert actions.end_links(registry, ana, now=NOW) == 1
    assert registry.audience_of_link(link.token, NOW + HOUR) is None
