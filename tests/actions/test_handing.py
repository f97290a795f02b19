"""Handing a thing over by a token: the taker begins at home, the giver keeps her past, and neither sees the other's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub import actions
from hub.core.grade import DAY, HOUR, MINUTE, Grade
from hub.core.observations import Key
from hub.core.reading import Announcement
from hub.registry import Refused, Registry
from tests.actions.test_things import Shelf, shelf
from tests.registry.town import NOW, couple, datastream, gateway, monitor, person

NO_TOKEN = "no such token"


def balcony(registry: Registry, owner: int) -> tuple[int, int]:
    """A thing with one datastream: (thing, datastream)."""
    (dust,) = monitor(registry, owner, "pm25")
    return datastream(registry, dust).thing, dust


def carried(registry: Registry, owner: int, name: str = "kitchen") -> tuple[int, int, int]:
    """A thing that a gateway brings: (credential, thing, datastream)."""
    carrier = gateway(registry, owner)
    assert registry.first_heard({Key(carrier, name, "pm25", None)}, NOW) == {}
    (stream,) = registry.holdings().datastreams
    return carrier, stream.thing, stream.id


def test_whoever_has_the_token_has_the_thing_and_it_begins_at_home(registry: Registry) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    old, dust = balcony(registry, ana)
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    before = registry.credential_of_thing(old)
    offered = actions.offer(registry, old, by=ana, now=NOW)
    assert (offered.thing, offered.expires, len(offered.token)) == (old, NOW + DAY, 26)
    assert registry.holdings().things[old].owner == ana, "nothing has passed yet"
    made = actions.take(registry, offered.token, ben, by=ben, now=NOW + HOUR)
    assert made.thing != old
    assert made.credential != before
    assert before not in registry.locks()
    assert made.user is not None
    registry.first_heard({Key(made.credential, "balcony", "pm25", None)}, NOW + HOUR)
    streams = {d.thing: d for d in registry.holdings().datastreams}
    assert (streams[old].owner, streams[made.thing].owner) == (ana, ben)
    assert streams[made.thing].grade(NOW + HOUR) is Grade.HOME
    for who, words in ((ana, "handed a thing over"), (ben, "took a thing over")):
        assert words in [entry.what for entry in registry.journal(who)]


def test_a_token_is_good_once_and_for_whom_it_was_made(registry: Registry) -> None:
    ana, ben, eva = person(registry), person(registry, "Ben"), person(registry, "Eva")
    thing, _ = balcony(registry, ana)
    token = actions.offer(registry, thing, to=ben, now=NOW).token
    for who in (eva, ana):
        with pytest.raises(actions.ActionRefused, match=NO_TOKEN):
            actions.take(registry, token, who, now=NOW)
    actions.take(registry, token, ben, now=NOW)
    with pytest.raises(actions.ActionRefused, match=NO_TOKEN):
        actions.take(registry, token, ben, now=NOW)


Ends = Callable[[Registry, int, int], object]
ENDS: list[Ends] = [
    lambda registry, thing, _: actions.withdraw_offer(registry, thing, now=NOW),
    lambda registry, thing, _: actions.offer(registry, thing, now=NOW),
    lambda registry, thing, _: actions.close_thing(registry, thing, now=NOW),
    lambda registry, thing, ben: actions.hand_over(registry, thing, ben, now=NOW),
    lambda registry, _, __: actions.end_all_links(registry, now=NOW),
    lambda registry, thing, _: actions.erase(
        registry, shelf(Shelf()), registry.holdings().things[thing].owner, now=NOW
    ),
    lambda registry, _, ben: actions.erase(registry, shelf(Shelf()), ben, now=NOW),
]


@pytest.mark.parametrize("ends", ENDS)
def test_a_token_ends_with_whatever_it_was_made_for(registry: Registry, ends: Ends) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    thing, _ = balcony(registry, ana)
    token = actions.offer(registry, thing, to=ben, now=NOW).token
    ends(registry, thing, ben)
    with pytest.raises(actions.ActionRefused, match=NO_TOKEN):
        actions.take(registry, token, ben, now=NOW)


def test_it_ends_when_either_of_the_two_leaves_a_household(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    hers, _ = balcony(registry, eva)
    (window,) = monitor(registry, both.ben, "pm25", name="window")
    given = actions.offer(registry, datastream(registry, window).thing, now=NOW).token
    to_be_taken = actions.offer(registry, hers, to=both.ben, now=NOW).token
    actions.remove_household_member(registry, both.household, both.ben, now=NOW)
    for token, who in ((given, eva), (to_be_taken, both.ben)):
        with pytest.raises(actions.ActionRefused, match=NO_TOKEN):
            actions.take(registry, token, who, now=NOW)


def test_an_expired_token_is_none(registry: Registry) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    thing, _ = balcony(registry, ana)
    offered = actions.offer(registry, thing, hours=1, now=NOW)
    assert [o.thing for o in registry.tokens.offered(NOW)] == [thing]
    with pytest.raises(actions.ActionRefused, match=NO_TOKEN):
        actions.take(registry, offered.token, ben, now=offered.expires)
    assert registry.tokens.offered(offered.expires) == []
    assert registry.forget_old(offered.expires, readings=0, sealed=0, log=0, quarantine=0)["tokens of things"] == 1


def test_few_tokens_are_tried_a_minute_and_right_ones_do_not_count(registry: Registry) -> None:
    ana, ben, eva = person(registry), person(registry, "Ben"), person(registry, "Eva")
    thing, _ = balcony(registry, ana)
    token = actions.offer(registry, thing, now=NOW).token
    for _ in range(10):
        with pytest.raises(actions.ActionRefused, match=NO_TOKEN):
            actions.take(registry, "guess", ben, now=NOW)
    with pytest.raises(actions.ActionRefused, match="Too many wrong tokens"):
        actions.take(registry, token, ben, now=NOW + MINUTE - 1)
    with pytest.raises(actions.ActionRefused, match=NO_TOKEN):
        actions.take(registry, "guess", eva, now=NOW)
    taken = actions.take(registry, token, ben, now=NOW + MINUTE)
    for owner in [ana, ben] * 6:
        back = actions.offer(registry, taken.thing, now=NOW + MINUTE).token
        taken = actions.take(registry, back, owner, now=NOW + MINUTE)


def test_only_its_owner_offers_a_thing_and_nobody_takes_his_own(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    thing, _ = balcony(registry, ana)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: actions.offer(registry, thing, by=eva, now=NOW),
        lambda: actions.withdraw_offer(registry, thing, by=eva, now=NOW),
        lambda: actions.offer(registry, thing, to=ana, now=NOW),
        lambda: actions.offer(registry, thing, hours=0, now=NOW),
        lambda: actions.take(registry, actions.offer(registry, thing, now=NOW).token, ana, now=NOW),
        lambda: actions.take(registry, actions.offer(registry, thing, now=NOW).token, ana, by=eva, now=NOW),
    )
    for attempt in attempts:
        with pytest.raises(actions.ActionRefused):
            attempt()
    assert registry.holdings().things[thing].owner == ana
    actions.offer(registry, thing, now=NOW)
    assert actions.withdraw_offer(registry, thing, now=NOW)
    assert not actions.withdraw_offer(registry, thing, now=NOW)


def test_what_a_gateway_carries_becomes_the_takers_while_it_carries_it(registry: Registry) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    carrier, old, dust = carried(registry, ana)
    made = actions.take(registry, actions.offer(registry, old, now=NOW).token, ben, now=NOW + HOUR)
    assert (made.user, made.password, made.credential) == (None, None, carrier)
    assert carrier in registry.locks(), "the gateway is as it was"
    keys = {Key(carrier, "kitchen", named, None) for named in ("pm25", "temperature")}
    assert registry.first_heard(keys, NOW + HOUR) == {}
    table = registry.series_table(NOW + HOUR)
    assert {s.owner for s in table.series} == {ben}
    mine = [d for d in registry.holdings().datastreams if d.owner == ben]
    assert {d.named for d in mine} == {"pm25", "temperature"}
    assert {d.grade(NOW + HOUR) for d in mine} == {Grade.HOME}
    assert {d.thing for d in mine} == {made.thing}
    her = registry.audience_of_party(ana)
    assert her is not None
    assert all(her.parties.isdisjoint(d.household) for d in mine)
    assert datastream(registry, dust).owner == ana
    assert registry.holdings().things[old].name == "kitchen"


def test_other_things_of_the_gateway_stay_its_owners_and_the_thing_may_go_from_hand_to_hand(
    registry: Registry,
) -> None:
    ana, ben, eva = person(registry), person(registry, "Ben"), person(registry, "Eva")
    carrier, thing, _ = carried(registry, ana)
    registry.first_heard({Key(carrier, "hall", "pm25", None)}, NOW)
    for number, owner in enumerate((ben, eva, ana), 1):
        at = NOW + number * HOUR
        thing = actions.take(registry, actions.offer(registry, thing, now=at).token, owner, now=at).thing
        assert registry.first_heard({Key(carrier, "kitchen", "pm25", None)}, at) == {}
        (stream,) = [d for d in registry.holdings().datastreams if d.thing == thing]
        assert stream.owner == owner
    led = {s.datastream for s in registry.series_table(NOW + DAY).series}
    owners = {d.thing: d.owner for d in registry.holdings().datastreams if d.id in led}
    assert sorted(owners.values()) == [ana, ana]
    actions.close_thing(registry, thing, now=NOW + DAY)
    refused = registry.first_heard({Key(carrier, "kitchen", "pm10", None)}, NOW + DAY)
    assert len(refused) == 1, "what was closed does not come back"


def test_what_it_said_of_itself_comes_along_and_what_its_owner_said_does_not(registry: Registry) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    carrier = gateway(registry, ana)
    said = Announcement("kitchen", name="Plug 7", exposure="outdoor", signing_key=b"k" * 32)
    registry.remember(carrier, [said, Announcement("kitchen", "pm25", unit="ug/m3")], NOW)
    registry.first_heard({Key(carrier, "kitchen", "pm25", None)}, NOW)
    (old,) = registry.holdings().things
    actions.describe(registry, old, title="By Ana's bed", description="private", now=NOW)
    made = actions.hand_over(registry, old, ben, now=NOW)
    thing = registry.holdings().things[made.thing]
    assert (thing.name, thing.title, thing.description, thing.place) == ("Plug 7", "", "", None)
    assert thing.exposure is not None
    registry.first_heard({Key(carrier, "kitchen", "pm25", None)}, NOW)
    (stream,) = [d for d in registry.holdings().datastreams if d.thing == made.thing]
    assert (stream.property, stream.unit) == ("dust", "ug/m3")


def test_what_was_refused_before_stays_the_givers_and_what_comes_is_the_takers(registry: Registry) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    carrier, old, _ = carried(registry, ana)
    registry.refuse([Refused(carrier, "kitchen", "zigbee2mqtt/kitchen", "hers", 3, NOW)])
    made = actions.hand_over(registry, old, ben, now=NOW + 1)
    registry.refuse([Refused(carrier, "kitchen", "zigbee2mqtt/kitchen", "his", 3, NOW + 2)])
    assert [r.reason for r in registry.refusals_of_thing(old)] == ["hers"]
    assert [r.reason for r in registry.refusals_of_thing(made.thing)] == ["his"]


def test_new_passwords_of_a_gateway_do_not_tell_what_others_call_their_things(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    carrier, old, _ = carried(registry, both.household)
    made = actions.hand_over(registry, old, eva, now=NOW)
    actions.describe(registry, made.thing, title="Eva's secret", now=NOW)
    removed = actions.remove_household_member(registry, both.household, both.ben, now=NOW)
    assert {r.credential: r.things for r in removed.renewed}[carrier] == ("kitchen",)


@pytest.mark.parametrize("by_gateway", [True, False])
def test_a_new_owner_begins_with_the_moment_at_which_it_became_his(registry: Registry, *, by_gateway: bool) -> None:
    ana, ben = person(registry), person(registry, "Ben")
    thing = carried(registry, ana)[1] if by_gateway else balcony(registry, ana)[0]
    name = registry.holdings().things[thing].name
    assert not (registry.series_table(NOW).begins > -(2**63)).any()
    made = actions.hand_over(registry, thing, ben, now=NOW + HOUR)
    registry.first_heard({Key(made.credential, name, "pm25", None)}, NOW + HOUR)
    table = registry.series_table(NOW + HOUR)
    assert [s.begins for s in table.series if s.owner == ben] == [NOW + HOUR]
