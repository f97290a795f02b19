"""Claims: begun, bounded, withdrawn; and a power-cycle as a sign, through the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import actions
from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.silence import SECOND
from hub.registry import Registry
from hub.registry.claims import MOST_OPEN, MOST_TRIES
from hub.stores.memory import MemoryStore
from tests.registry.test_outside import message, whose
from tests.registry.town import NOW, couple, gateway, person


def city(registry: Registry) -> int:
    return registry.source("city", None, NOW)


def test_a_code_is_shown_once_and_kept_as_a_hash(registry: Registry) -> None:
    ana, _ = person(registry), city(registry)
    made = actions.begin_claim(registry, ana, "city", "/house7/", now=NOW)
    assert (made.topic, made.expires) == ("house7/claim", NOW + 15 * MINUTE)
    (claim,) = registry.outside.claims()
    assert claim.hash == registry.hash_of(made.code)
    assert not any(made.code in e.what for e in registry.journal())


@pytest.mark.parametrize("prefix", ["", "/", "a/+", "#", "a//b", "$SYS", "a\x00"])
def test_what_is_no_prefix_is_refused(registry: Registry, prefix: str) -> None:
    ana, _ = person(registry), city(registry)
    with pytest.raises(actions.ActionRefused):
        actions.begin_claim(registry, ana, "city", prefix, now=NOW)


def test_somebodys_prefix_and_a_broker_that_is_not_shared_are_refused(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    city(registry)
    registry.source("attic", ana, NOW)
    actions.add_prefix(registry, "city", "house7/ana", gateway(registry, ana), now=NOW)
    for source, prefix in (("city", "house7"), ("city", "house7/ana/x"), ("attic", "x"), ("nowhere", "x")):
        with pytest.raises(actions.ActionRefused):
            actions.begin_claim(registry, eva, source, prefix, now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.begin_claim(registry, ana, "city", "mine", by=eva, now=NOW)
    assert registry.outside.claims() == []


def test_so_many_are_open_at_a_time(registry: Registry) -> None:
    ana, _ = person(registry), city(registry)
    for n in range(MOST_OPEN):
        actions.begin_claim(registry, ana, "city", f"house{n}", now=NOW)
    with pytest.raises(actions.ActionRefused, match="claims are open"):
        actions.begin_claim(registry, ana, "city", "another", now=NOW)
    actions.begin_claim(registry, ana, "city", "house0", now=NOW + 1)
    assert len(registry.outside.claims()) == MOST_OPEN, "the former one of the same prefix has ended"
    actions.begin_claim(registry, ana, "city", "another", now=NOW + 16 * MINUTE)


def test_so_often_a_day_the_same_topics_are_claimed_by_whomever(registry: Registry) -> None:
    parties, _ = [person(registry, f"P{n}") for n in range(MOST_TRIES + 1)], city(registry)
    for n in range(MOST_TRIES):
        actions.begin_claim(registry, parties[n], "city", ("house7", "house7/attic")[n % 2], now=NOW)
    with pytest.raises(actions.ActionRefused, match="tomorrow"):
        actions.begin_claim(registry, parties[-1], "city", "house7", now=NOW + HOUR)
    actions.begin_claim(registry, parties[-1], "city", "house8", now=NOW + HOUR)
    actions.begin_claim(registry, parties[-1], "city", "house7", now=NOW + DAY + HOUR)


def test_a_claim_that_was_withdrawn_gives_nothing(registry: Registry) -> None:
    ana, eva, source = person(registry), person(registry, "Eva"), city(registry)
    made = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.withdraw_claim(registry, made.claim, by=eva, now=NOW)
    actions.withdraw_claim(registry, made.claim, by=ana, now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.withdraw_claim(registry, made.claim, now=NOW)
    registry.place([message(source, made.topic, made.code.encode())])
    assert whose(registry, source, "house7/a") is None


def test_claims_end_when_somebody_who_could_have_the_code_leaves(registry: Registry) -> None:
    both, source = couple(registry), city(registry)
    made = actions.begin_claim(registry, both.household, "city", "house7", now=NOW)
    actions.remove_household_member(registry, both.household, both.ben, now=NOW)
    registry.place([message(source, made.topic, made.code.encode())])
    assert whose(registry, source, "house7/a") is None


def test_what_is_erased_is_claimed_no_more(registry: Registry, tmp_path: Path) -> None:
    ana, source = person(registry), city(registry)
    made = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    actions.erase(registry, MemoryStore(tmp_path / "store"), ana, now=NOW + 1)
    registry.place([message(source, made.topic, made.code.encode(), NOW + 2)])
    assert whose(registry, source, "house7/a") is None


def test_old_claims_and_what_nobody_claimed_are_dropped(registry: Registry) -> None:
    ana, source = person(registry), city(registry)
    actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    registry.place([message(source, "house7/a")])
    later = NOW + 8 * DAY
    gone = registry.forget_old(later, readings=0, sealed=0, log=0, quarantine=later - 7 * DAY)
    assert (gone["claims"], gone["messages in quarantine"]) == (1, 1)
    assert registry.quarantined() == 0


def test_what_is_on_its_way_to_who_has_shown_it_is_not_forgotten(registry: Registry) -> None:
    ana, source = person(registry), city(registry)
    registry.place([message(source, "house7/a")])
    made = actions.begin_claim(registry, ana, "city", "house7", now=NOW)
    registry.place([message(source, made.topic, made.code.encode())])
    registry.forget_old(NOW + 3 * DAY, readings=0, sealed=0, log=0, quarantine=NOW)
    assert len(registry.outside.following()[0]) == 1


EVERY = 10 * SECOND


def heard(registry: Registry, source: int, since: int, until: int, *, off: tuple[int, int] = (0, 0)) -> None:
    """A plug that speaks every ten seconds, but when it is off; and the hub that listens all the time."""
    for at in range(since, until, EVERY):
        for second in range(0, EVERY, 2 * SECOND):
            registry.outside.listening(-source, at + second)
        if not off[0] <= at < off[1]:
            registry.place([message(source, "plug/STATE", at=at)])


def test_who_switches_a_thing_off_when_asked_to_has_shown_that_it_is_his(registry: Registry) -> None:
    ana, source = person(registry), city(registry)
    heard(registry, source, NOW - 5 * MINUTE, NOW)
    made = actions.begin_claim(registry, ana, "city", "plug", power_cycle=True, now=NOW, draw=lambda _: 0)
    assert made.asked is not None
    assert made.code == ""
    first, second = made.asked.moments
    heard(registry, source, NOW, second, off=(first, first + made.asked.length))
    assert registry.outside.following() == ([], [])
    heard(registry, source, second, second + made.asked.length + MINUTE, off=(second, second + made.asked.length))
    assert whose(registry, source, "plug/STATE") == ana
    assert len(registry.outside.following()[0]) > 30


def test_who_does_not_has_not_and_the_claim_ends(registry: Registry) -> None:
    ana, source = person(registry), city(registry)
    heard(registry, source, NOW - 5 * MINUTE, NOW)
    made = actions.begin_claim(registry, ana, "city", "plug", power_cycle=True, now=NOW, draw=lambda _: 0)
    assert made.asked is not None
    heard(registry, source, NOW, made.asked.moments[0] + MINUTE)
    assert registry.outside.claims() == []
    assert whose(registry, source, "plug/STATE") is None
    assert any("in vain" in e.what for e in registry.journal(ana))


def test_while_the_hub_was_not_connected_silence_shows_nothing(registry: Registry) -> None:
    ana, source = person(registry), city(registry)
    heard(registry, source, NOW - 5 * MINUTE, NOW)
    made = actions.begin_claim(registry, ana, "city", "plug", power_cycle=True, now=NOW, draw=lambda _: 0)
    assert made.asked is not None
    for moment in made.asked.moments:
        heard(registry, source, moment - MINUTE, moment)
        heard(registry, source, moment + made.asked.length, moment + made.asked.length + MINUTE)
    assert whose(registry, source, "plug/STATE") is None


def test_what_speaks_too_seldom_is_refused_with_the_way_out(registry: Registry) -> None:
    ana, source = person(registry), city(registry)
    for n in range(30):
        registry.place([message(source, "plug/STATE", at=NOW - n * HOUR)])
    with pytest.raises(actions.ActionRefused, match="Claim with a code"):
        actions.begin_claim(registry, ana, "city", "plug", power_cycle=True, now=NOW)


def test_what_the_broker_had_kept_is_no_beat(registry: Registry) -> None:
    ana, source = person(registry), city(registry)
    for n in range(30):
        registry.place([message(source, "plug/STATE", at=NOW - (30 - n) * EVERY, retained=True)])
    with pytest.raises(actions.ActionRefused):
        actions.begin_claim(registry, ana, "city", "plug", power_cycle=True, now=NOW)


def test_a_certificate_opens_in_the_passwords_stead_and_the_other_way_round(registry: Registry) -> None:
    made = actions.add_thing(registry, person(registry), "balcony", now=NOW)
    password = (made.password or "").encode()
    user = actions.give_certificate(registry, made.credential, "balcony-1", now=NOW)
    assert user == made.user
    assert registry.admit(user, password, None) is None, "the password has ended"
    assert registry.admit("", b"", "balcony-1") == registry.admit(user, b"", "balcony-1") is not None
    assert registry.admit("", b"", "balcony-2") is None
    again = actions.renew_credential(registry, made.credential, now=NOW)
    assert registry.admit("", b"", "balcony-1") is None, "and now the certificate has"
    assert registry.admit(user, again.password.encode(), None) is not None


def test_a_certificate_is_one_credentials(registry: Registry) -> None:
    ana = person(registry)
    first, second = (actions.add_thing(registry, ana, name, now=NOW) for name in ("a", "b"))
    actions.give_certificate(registry, first.credential, "one", now=NOW)
    actions.give_certificate(registry, first.credential, "one", now=NOW)
    for name in ("one", "", "x" * 65, "a\nb"):
        with pytest.raises(actions.ActionRefused):
            actions.give_certificate(registry, second.credential, name, now=NOW)
    actions.close_credential(registry, first.credential, now=NOW)
    with pytest.raises(actions.ActionRefused):
        actions.give_certificate(registry, first.credential, "two", now=NOW)


def test_certificates_without_a_password_end_when_somebody_leaves(registry: Registry) -> None:
    both = couple(registry)
    made = actions.add_credential(registry, both.household, "gateway", now=NOW)
    actions.give_certificate(registry, made.credential, "our-gateway", now=NOW)
    removed = actions.remove_household_member(registry, both.household, both.ben, now=NOW)
    assert made.credential in removed.ended
    assert registry.admit("", b"", "our-gateway") is None
