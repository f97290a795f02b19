"""Somebody leaves a household: all that he could have known ends at once, and he learns nothing from then on."""

from __future__ import annotations

from devices import keys
from hub import actions
from hub.core.catalogue import PartyKind
from hub.core.grade import DAY, HOUR, Grade
from hub.core.observations import Key
from hub.registry import Registry
from tests.registry.town import NOW, couple, datastream, monitor, person

LEAVES = NOW + 2 * DAY


def test_new_passwords_are_for_those_who_stay_and_the_old_ones_have_ended(registry: Registry) -> None:
    both = couple(registry)
    theirs = actions.add_thing(registry, both.household, "balcony", title="Our balcony", now=NOW)
    anas = actions.add_thing(registry, both.ana, "desk", now=NOW)
    gateway = actions.add_credential(registry, both.household, "gateway", now=NOW)
    registry.first_heard({Key(gateway.credential, n, "pm25", None) for n in ("kitchen", "hall")}, NOW)
    bens = actions.add_thing(registry, both.ben, "window", now=NOW)
    removed = actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    new = {r.credential: r for r in removed.renewed}
    assert set(new) == {theirs.credential, anas.credential, gateway.credential}
    assert new[theirs.credential].things == ("Our balcony",)
    assert set(new[gateway.credential].things) == {"kitchen", "hall"}
    for made in (theirs, anas, gateway, bens):
        assert made.user is not None
        assert made.password is not None
        assert registry.admit(made.user, made.password.encode(), None) is None
        if made is not bens:
            again = new[made.credential]
            admitted = registry.admit(again.user, again.password.encode(), None)
            assert admitted is not None
            assert admitted.credential == made.credential
    assert bens.credential in removed.ended
    assert not any(r.password in entry.what for r in removed.renewed for entry in registry.journal())


def test_certificates_end_too(registry: Registry) -> None:
    both = couple(registry)
    actions.add_credential(registry, both.household, "gateway", certificate="our-gateway", now=NOW)
    assert registry.admit("", b"", "our-gateway") is not None
    actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    assert registry.admit("", b"", "our-gateway") is None


def test_every_link_of_the_household_ends_and_nobody_elses(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    links = [actions.make_link(registry, who, now=NOW) for who in (both.household, both.ana, both.ben)]
    hers = actions.make_link(registry, eva, now=NOW)
    actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    assert [registry.audience_of_link(link.token, LEAVES) for link in links] == [None] * 3
    assert registry.audience_of_link(hers.token, LEAVES) is not None


def test_a_link_made_afterwards_shows_him_his_own_and_nothing_of_theirs(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    (his,) = monitor(registry, both.ben, "pm25", name="window")
    actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    after = registry.audience_of_party(both.ben)
    assert after is not None
    assert after.parties == {both.ben}
    assert after.parties.isdisjoint(datastream(registry, dust).household)
    assert not after.parties.isdisjoint(datastream(registry, his).household)
    ana = registry.audience_of_party(both.ana)
    assert ana is not None
    assert ana.parties.isdisjoint(datastream(registry, his).household)


def test_sealing_keys_end_and_the_others_do_not(registry: Registry) -> None:
    both, eva = couple(registry), person(registry, "Eva")
    name = actions.add_sealing_key(registry, both.household, keys.public_of(bytes(32)), now=NOW)
    actions.add_sealing_key(registry, eva, keys.public_of(bytes(range(32))), now=NOW)
    removed = actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    assert removed.keys == (name,)
    assert [k.until for k in registry.sealed.keys([both.household])] == [LEAVES]
    assert [k.until for k in registry.sealed.keys([eva])] == [None]


def test_brokers_where_he_may_have_a_login_are_named(registry: Registry) -> None:
    both = couple(registry)
    registry.source("cellar", both.household, NOW)
    removed = actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    assert removed.brokers == ("broker cellar",)


def test_he_is_told_nothing_of_it_and_of_nothing_that_comes_after(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.COUNTED, now=NOW)
    before = registry.journal(both.ben)
    assert before
    actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    receipts = registry.receipts.of(both.ben)
    assert receipts, "the last is that what he had agreed to has ended"
    actions.set_grade(registry, dust, Grade.STREET, by=both.ana, now=LEAVES + HOUR)
    actions.add_thing(registry, both.household, "cellar", now=LEAVES + HOUR)
    actions.add_sealing_key(registry, both.household, keys.public_of(bytes(32)), now=LEAVES + HOUR)
    actions.make_link(registry, both.household, now=LEAVES + HOUR)
    actions.add_household_member(registry, both.household, person(registry, "Eva"), now=LEAVES + 2 * HOUR)
    assert registry.journal(both.ben) == before
    assert registry.receipts.of(both.ben) == receipts
    told = [e.what for e in registry.journal(both.ana)]
    assert any("Ben left the household" in what and "devices need the new passwords" in what for what in told)


def test_what_he_does_with_his_own_afterwards_is_not_told_to_those_who_stay(registry: Registry) -> None:
    both = couple(registry)
    actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    before = registry.journal(both.ana)
    actions.add_thing(registry, both.ben, "attic", by=both.ben, now=LEAVES + HOUR)
    assert registry.journal(both.ana) == before


def test_his_wishes_hold_no_longer_and_nothing_is_raised_by_his_going(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, by=both.ana, now=NOW)
    actions.remove_household_member(registry, both.household, both.ben, now=LEAVES)
    assert datastream(registry, dust).grade(LEAVES + 90 * DAY) is Grade.HOME
    actions.set_grade(registry, dust, Grade.COUNTED, by=both.ana, now=LEAVES + DAY)
    assert datastream(registry, dust).grade(LEAVES + DAY + 10) is Grade.COUNTED


def test_a_guardian_who_goes_knows_no_password_link_or_key_of_the_being_any_more(registry: Registry) -> None:
    brook = actions.add_party(registry, PartyKind.BEING, "Brook", now=NOW)
    ana, ben, eva = (person(registry, name) for name in ("Ana", "Ben", "Eva"))
    for guardian in (ana, ben):
        actions.add_guardian(registry, brook, guardian, now=NOW)
    gauge = actions.add_thing(registry, brook, "gauge", title="At the bridge", now=NOW)
    bens = actions.add_thing(registry, ben, "window", now=NOW)
    evas = actions.add_thing(registry, eva, "roof", now=NOW)
    links = {who: actions.make_link(registry, who, now=NOW).token for who in (brook, ben, eva)}
    name = actions.add_sealing_key(registry, brook, keys.public_of(bytes(32)), now=NOW)
    removed = actions.remove_guardian(registry, brook, ben, now=LEAVES)
    (new,) = removed.renewed
    assert (removed.ended, new.things, removed.keys) == ((gauge.credential,), ("At the bridge",), (name,))
    assert gauge.user is not None
    assert gauge.password is not None
    assert registry.admit(gauge.user, gauge.password.encode(), None) is None
    assert registry.admit(new.user, new.password.encode(), None) is not None
    for other in (bens, evas):
        assert other.user is not None
        assert other.password is not None
        assert registry.admit(other.user, other.password.encode(), None) is not None
    assert registry.audience_of_link(links[brook], LEAVES) is None
    his = registry.audience_of_link(links[ben], LEAVES)
    assert his is not None
    assert his.parties == {ben}
    assert registry.audience_of_link(links[eva], LEAVES) is not None
    told = registry.journal(brook) + registry.journal(ana)
    assert any("1 devices need the new passwords" in entry.what for entry in told)
    assert not any(new.password in entry.what for entry in registry.journal())
    assert not any(entry.at == LEAVES for entry in registry.journal(ben)), "he is told nothing"
