"""How often somebody may write, counted without keeping who."""

from __future__ import annotations

from hub.core.grade import HOUR
from hub.web.turns import Turns


def test_an_address_has_its_turns_and_gets_new_ones_the_next_hour() -> None:
    clock = [HOUR]
    turns = Turns(lambda: clock[0], each=2)
    assert [turns.taken("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert turns.taken("192.0.2.2")
    clock[0] += HOUR
    assert turns.taken("192.0.2.1")


def test_whoever_has_a_whole_network_has_one_turn_for_all_of_it() -> None:
    turns = Turns(lambda: 0, each=1)
    assert turns.taken("2001:db8:1:2::1")
    assert not turns.taken("2001:db8:1:2:ffff::9")
    assert turns.taken("2001:db8:1:3::1")


def test_all_together_have_an_end_too() -> None:
    turns = Turns(lambda: 0, each=10, all_together=3)
    assert [turns.taken(f"198.51.100.{n}") for n in range(5)] == [True, True, True, False, False]


def test_what_is_counted_holds_no_address_and_leads_to_another_place_every_hour() -> None:
    clock = [0]
    turns = Turns(lambda: clock[0])
    places = set()
    for hour in range(8):
        clock[0] = hour * HOUR
        turns.taken("192.0.2.77")
        counts = turns._counts
        assert (len(counts), sum(counts)) == (4096, 1)
        places.add(counts.index(1))
        assert b"192.0.2.77" not in repr(vars(turns)).encode()
    assert len(places) > 1
