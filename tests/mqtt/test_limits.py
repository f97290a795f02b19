"""Rates and tries, with a clock that the test turns."""

from __future__ import annotations

from hub.mqtt.limits import Bucket, Tries, site


def test_a_second_of_messages_is_free_and_more_is_waited_for() -> None:
    bucket = Bucket(10, 0.0)
    assert bucket.spend(10, 0.0) == 0
    assert bucket.spend(20, 0.0) == 2.0
    assert bucket.spend(0, 1.0) == 1.0
    assert bucket.spend(0, 2.5) == 0


def test_rest_does_not_save_up_more_than_a_second() -> None:
    bucket = Bucket(10, 0.0)
    assert bucket.spend(20, 1_000.0) == 1.0


def test_wrong_tries_end_and_begin_again_after_a_minute() -> None:
    tries = Tries(2)
    for _ in range(2):
        assert not tries.spent("a", 0.0)
        tries.note("a", 0.0)
    assert tries.spent("a", 59.0)
    assert not tries.spent("b", 59.0)
    assert not tries.spent("a", 60.0)
    tries.note("a", 60.0)
    assert not tries.spent("a", 60.0)


def test_what_is_remembered_of_wrong_tries_is_bounded() -> None:
    tries = Tries(1)
    for number in range(10_050):
        tries.note(number, 0.0)
    assert not tries.spent(0, 0.0)
    assert tries.spent(10_049, 0.0)


def test_a_household_has_one_ipv6_network_and_no_way_around_its_tries() -> None:
    assert site("2001:db8:1:2::1") == site("2001:db8:1:2:ffff::9")
    assert site("2001:db8:1:2::1") != site("2001:db8:1:3::1")
    assert site("192.0.2.1") == "192.0.2.1"
    assert site("") == ""
