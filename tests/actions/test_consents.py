"""Consents: what for, from when, until when; they end by themselves, and every change has a receipt."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import actions
from hub.actions.people import Rule
from hub.core.catalogue import Exposure, PartyKind
from hub.core.grade import DAY, HOUR, Grade
from hub.core.history import effective
from hub.core.receipts import faults
from hub.registry import Registry
from hub.registry.grades import NOTICE, REST
from tests.registry.town import NOW, couple, datastream, grade, monitor, person

MAY, JUNE = NOW + 30 * DAY, NOW + 60 * DAY


def yards(registry: Registry, ends: int | None = None) -> int:
    return actions.add_commons(registry, "Yards", "to know what we breathe", ends=ends, now=NOW).commons


def told(registry: Registry, party: int) -> list[tuple[str, str | None]]:
    """What a party's receipts say: the event, and the grade if it is of one. They are all in order."""
    receipts = registry.receipts.of(party)
    assert faults(receipts, registry.receipts.public_key) == []
    records = [msgspec.json.decode(r.body)["dpv:hasRecordOfActivity"] for r in receipts]
    return [
        (r["dpv:hasConsentStatus"]["@type"].split(":")[1], r["dpv:hasProcess"].get("barrio:grade")) for r in records
    ]


def test_a_consent_says_what_for_from_when_until_when(registry: Registry) -> None:
    ana, one = person(registry), yards(registry, MAY)
    (dust,) = monitor(registry, ana, "pm25")
    actions.join(registry, one, ana, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, by=ana, now=NOW)
    (consent,) = registry.consents.of([ana])
    assert (consent.grade, consent.commons, consent.since, consent.until) == (Grade.COMMONS, one, NOW, MAY)
    assert consent.purpose == "to know what we breathe"
    actions.set_grade(registry, dust, Grade.HOME, by=ana, now=NOW + DAY)
    assert registry.consents.of([ana]) == []
    (over,) = registry.consents.of([ana], ended=True)
    assert over.ended == NOW + DAY
    assert told(registry, ana) == [("Joined", None), ("ConsentGiven", "commons"), ("ConsentWithdrawn", "commons")]


def test_a_consent_ends_by_itself_though_nobody_looks_after_it(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    made = actions.set_grade(registry, dust, Grade.OPEN, by=ana, until=MAY, now=NOW)
    assert (made.coming, made.falls, made.falls_at) == (None, Grade.HOME, MAY)
    stream = datastream(registry, dust)
    assert (stream.grade(MAY - 1), stream.grade(MAY)) == (Grade.OPEN, Grade.HOME)
    assert effective(Grade.OPEN, Grade.OPEN, NOW + DAY, stream.history, MAY) is Grade.HOME


def test_when_its_commons_ends_a_consent_falls_to_counted_and_at_its_own_end_to_home(registry: Registry) -> None:
    ana, one = person(registry), yards(registry, MAY)
    (dust,) = monitor(registry, ana, "pm25")
    actions.join(registry, one, ana, now=NOW)
    for until, later in ((None, Grade.COUNTED), (JUNE, Grade.HOME), (MAY - DAY, Grade.HOME)):
        actions.set_grade(registry, dust, Grade.COMMONS, commons=one, until=until, now=NOW + HOUR)
        stream = datastream(registry, dust)
        assert stream.grade(MAY - 1) is (Grade.HOME if until == MAY - DAY else Grade.COMMONS)
        assert stream.grade(MAY) is (Grade.HOME if until == MAY - DAY else Grade.COUNTED)
        assert stream.grade(JUNE) is later


def test_an_end_before_the_beginning_is_refused(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    for until in (NOW - DAY, NOW, NOW + NOTICE):
        with pytest.raises(actions.ActionRefused, match="ends before"):
            actions.set_grade(registry, dust, Grade.OPEN, until=until, now=NOW)
    made = actions.set_grade(registry, dust, Grade.OPEN, until=NOW + 2 * NOTICE, now=NOW)
    assert (made.grade, made.coming, made.falls, made.falls_at) == (
        Grade.HOME, Grade.OPEN, Grade.HOME, NOW + 2 * NOTICE,
    )  # fmt: skip


def test_an_end_is_announced_once_a_week_before_and_marked_after(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.STREET, by=ana, until=MAY, now=NOW)
    for moment in (MAY - 8 * DAY, MAY - 7 * DAY, MAY - 6 * DAY, MAY + HOUR):
        actions.look_after_consents(registry, now=moment)
    assert [e.at for e in registry.journal(ana) if "ends by itself" in e.what] == [MAY - 7 * DAY]
    (over,) = registry.consents.of([ana], ended=True)
    assert over.ended == MAY
    assert told(registry, ana)[-1] == ("ConsentExpired", "street")
    assert actions.look_after_consents(registry, now=MAY + 2 * HOUR) == ""


def test_who_says_it_anew_goes_on(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.STREET, until=MAY, now=NOW)
    actions.set_grade(registry, dust, Grade.STREET, until=JUNE, now=MAY - DAY)
    assert [datastream(registry, dust).grade(m) for m in (MAY, JUNE)] == [Grade.STREET, Grade.HOME]
    (consent,) = registry.consents.of([ana])
    assert (consent.until, consent.noticed) == (JUNE, None)


def test_a_street_cell_rests_when_a_consent_is_to_end_and_does_not_when_it_goes_on(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.STREET, until=MAY, now=NOW)
    assert [(r.since, r.until) for r in registry.holdings().rests] == [(MAY, MAY + REST)]
    actions.set_grade(registry, dust, Grade.STREET, until=JUNE, now=NOW + DAY)
    assert [(r.since, r.until) for r in registry.holdings().rests] == [(JUNE, JUNE + REST)]
    actions.set_grade(registry, dust, Grade.STREET, now=NOW + 2 * DAY)
    assert registry.holdings().rests == ()


def test_a_rest_that_goes_on_now_outlives_the_plan_of_a_later_one(registry: Registry) -> None:
    ana, eva = person(registry), person(registry, "Eva")
    (hers,), (other,) = monitor(registry, ana, "pm25"), monitor(registry, eva, "pm25")
    actions.set_grade(registry, hers, Grade.STREET, now=NOW)
    actions.set_grade(registry, hers, Grade.HOME, now=NOW + DAY)
    actions.set_grade(registry, other, Grade.STREET, until=MAY, now=NOW + 2 * DAY)
    assert {r.since for r in registry.holdings().rests} == {NOW + DAY, MAY}


def test_each_adult_agrees_for_himself_and_has_his_own_receipts(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, by=both.ana, until=JUNE, now=NOW)
    actions.set_grade(registry, dust, Grade.COUNTED, by=both.ben, until=MAY, now=NOW)
    assert [c.grade for c in registry.consents.of([both.ana])] == [Grade.OPEN]
    assert [(c.grade, c.since) for c in registry.consents.of([both.ben])] == [(Grade.COUNTED, NOW + NOTICE)]
    assert told(registry, both.ben) == [("ConsentGiven", "counted")]
    stream = datastream(registry, dust)
    assert [stream.grade(m) for m in (NOW + NOTICE, MAY, JUNE)] == [Grade.COUNTED, Grade.HOME, Grade.HOME]


def test_leaving_a_commons_ends_the_consent_and_what_stays_is_said(registry: Registry) -> None:
    ana, one = person(registry), yards(registry, MAY)
    (dust,) = monitor(registry, ana, "pm25")
    actions.join(registry, one, ana, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    actions.leave(registry, one, ana, now=NOW + DAY)
    (consent,) = registry.consents.of([ana])
    assert (consent.grade, consent.commons, consent.since) == (Grade.COUNTED, None, NOW + DAY)
    assert [what for what, _ in told(registry, ana)] == [
        "Joined", "ConsentGiven", "Left", "ConsentWithdrawn", "ConsentGiven",
    ]  # fmt: skip


def test_what_is_shown_to_a_commons_is_receipted_to_the_name_there_and_not_to_the_party(registry: Registry) -> None:
    ana, one = person(registry), yards(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.join(registry, one, ana, now=NOW)
    actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    actions.leave(registry, one, ana, now=NOW + DAY)
    nym = f"urn:barrio:fragment:{registry_nym(registry, one, ana)}"
    for receipt in registry.receipts.of(ana):
        record = msgspec.json.decode(receipt.body)["dpv:hasRecordOfActivity"]
        of_commons = "dpv:hasRecipient" in record["dpv:hasProcess"]
        assert record["dpv:hasDataSubject"] == (nym if of_commons else f"urn:barrio:party:{ana}")


def registry_nym(registry: Registry, commons: int, party: int) -> str:
    actions.join(registry, commons, party, now=NOW + 2 * DAY)
    return registry.holdings().fragments[commons, party][0].nym


def test_pauses_and_names_have_receipts_too(registry: Registry) -> None:
    ana, one = person(registry), yards(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.join(registry, one, ana, now=NOW)
    actions.show_name(registry, one, ana, "Ana", now=NOW)
    actions.hide_name(registry, one, ana, now=NOW + DAY)
    actions.pause(registry, dust, until=NOW + DAY, now=NOW)
    actions.unpause(registry, dust, now=NOW + HOUR)
    assert [what for what, _ in told(registry, ana)] == ["Joined", "NameShown", "NameTakenBack", "Paused", "PauseEnded"]


def test_a_cap_that_falls_voids_the_consent(registry: Registry) -> None:
    ana = person(registry)
    (dust,) = monitor(registry, ana, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, now=NOW)
    thing = datastream(registry, dust).thing
    actions.describe(registry, thing, exposure=Exposure.INDOOR, now=NOW + DAY)
    actions.look_after_consents(registry, now=NOW + DAY + HOUR)
    assert told(registry, ana)[-2:] == [("ConsentInvalidated", "open"), ("ConsentGiven", "counted")]


def test_a_fall_from_a_raise_that_never_came_is_no_raise(registry: Registry) -> None:
    both, one = couple(registry), yards(registry, MAY)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.join(registry, one, both.household, now=NOW)
    made = actions.set_grade(registry, dust, Grade.COMMONS, commons=one, now=NOW)
    assert (made.grade, made.coming, made.falls) == (Grade.HOME, Grade.COMMONS, Grade.COUNTED)
    actions.describe(registry, datastream(registry, dust).thing, exposure=Exposure.INDOOR, now=NOW + HOUR)
    assert {datastream(registry, dust).grade(m) for m in (NOW + 2 * NOTICE, MAY, JUNE)} == {Grade.HOME}


def test_who_moves_out_agrees_to_nothing_any_more(registry: Registry) -> None:
    both = couple(registry)
    (dust,) = monitor(registry, both.household, "pm25")
    actions.set_grade(registry, dust, Grade.COUNTED, now=NOW)
    actions.remove_household_member(registry, both.household, both.ben, now=NOW + 2 * DAY)
    assert registry.consents.of([both.ben]) == []
    assert told(registry, both.ben)[-1] == ("ConsentInvalidated", "counted")
    before = len(registry.receipts.of(both.ben))
    actions.set_grade(registry, dust, Grade.HOME, now=NOW + 3 * DAY)
    assert len(registry.receipts.of(both.ben)) == before


WISHES = st.tuples(
    st.sampled_from(Grade), st.one_of(st.none(), st.integers(1, 50)), st.booleans(), st.sampled_from(["say", "leave"])
)


@pytest.mark.slow
@given(st.lists(WISHES, min_size=1, max_size=5))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_ever_rises_by_itself(registry: Registry, said: list[tuple[Grade, int | None, bool, str]]) -> None:
    ana, one = person(registry), yards(registry, NOW + 20 * DAY)
    (dust,) = monitor(registry, ana, "pm25", name=f"balcony {ana}")
    now = NOW
    for wished, days, shared, what in said:
        now += DAY
        actions.join(registry, one, ana, now=now)
        if what == "leave":
            actions.leave(registry, one, ana, now=now)
            continue
        try:
            actions.set_grade(
                registry, dust, wished, commons=one if shared else None, now=now,
                until=None if days is None else now + days * DAY,
            )  # fmt: skip
        except actions.ActionRefused:
            continue
    stream = datastream(registry, dust)
    course = [stream.grade(now + 10 + n * DAY) for n in range(60)]
    assert course == sorted(course, reverse=True)
    actions.look_after_consents(registry, now=now + 10)  # one that has just lapsed by itself is told by the hub's chore
    agreed = registry.consents.of([ana])
    assert [c.grade for c in agreed] == [course[0]] * (course[0] >= Grade.COUNTED)
    assert faults(registry.receipts.of(ana), registry.receipts.public_key) == []


@pytest.mark.parametrize(
    ("wished", "holds"),
    [
        (("open", "open", "home"), "open"), (("open", "home", "home"), "home"), (("open", "home"), "home"),
        (("open", "counted", "home"), "counted"), (("open", "counted"), "counted"),
        (("open", "street", "counted", "home"), "counted"),
        (("sealed", "sealed", "home"), "home"), (("sealed", "sealed", "sealed"), "sealed"),
    ],
)  # fmt: skip
def test_a_majority_of_guardians_holds_what_more_than_half_wish_at_least(
    registry: Registry, wished: tuple[str, ...], holds: str
) -> None:
    brook = actions.add_party(registry, PartyKind.BEING, "Brook", rule="majority", now=NOW - DAY)
    guardians = [person(registry, f"Guardian {n}") for n in range(len(wished))]
    for guardian in guardians:
        actions.add_guardian(registry, brook, guardian, now=NOW - DAY)
    (dust,) = monitor(registry, brook, "pm25")
    for guardian, word in zip(guardians, wished, strict=True):
        actions.set_grade(registry, dust, Grade.read(word), by=guardian, now=NOW)
    assert grade(registry, dust, NOW + NOTICE) is Grade.read(holds)
    assert grade(registry, dust, NOW) is min(Grade.read(holds), Grade.HOME)


@pytest.mark.parametrize("rule", ["any", "majority", "all"])
def test_a_guardian_who_goes_leaves_everything_as_it_is_and_may_do_nothing_more(registry: Registry, rule: Rule) -> None:
    brook = actions.add_party(registry, PartyKind.BEING, "Brook", rule=rule, now=NOW - DAY)
    ana, ben, eva = (person(registry, n) for n in ("Ana", "Ben", "Eva"))
    for guardian in (ana, ben, eva):
        actions.add_guardian(registry, brook, guardian, now=NOW - DAY)
    (dust,) = monitor(registry, brook, "pm25")
    actions.set_grade(registry, dust, Grade.COUNTED, now=NOW)
    if rule != "any":
        actions.set_grade(registry, dust, Grade.OPEN, by=ana, now=NOW + 2 * DAY)
        actions.set_grade(registry, dust, Grade.OPEN, by=ben, now=NOW + 2 * DAY)
    later = NOW + 5 * DAY
    held = grade(registry, dust, later)
    actions.remove_guardian(registry, brook, eva, now=later)
    assert grade(registry, dust, later) is held
    assert grade(registry, dust, later + 30 * DAY) is held
    with pytest.raises(actions.ActionRefused):
        actions.set_grade(registry, dust, Grade.OPEN, by=eva, now=later + DAY)
    with pytest.raises(actions.ActionRefused):
        actions.remove_guardian(registry, brook, eva, now=later)
    assert brook not in registry.people().acting(eva)


def test_another_rule_opens_nothing(registry: Registry) -> None:
    brook = actions.add_party(registry, PartyKind.BEING, "Brook", rule="all", now=NOW - DAY)
    ana, ben = person(registry), person(registry, "Ben")
    for guardian in (ana, ben):
        actions.add_guardian(registry, brook, guardian, now=NOW - DAY)
    (dust,) = monitor(registry, brook, "pm25")
    actions.set_grade(registry, dust, Grade.OPEN, by=ana, now=NOW)
    for rule in ("majority", "any", "all"):
        actions.set_rule(registry, brook, rule, now=NOW + 3 * DAY)
        assert grade(registry, dust, NOW + 9 * DAY) is Grade.HOME
    with pytest.raises(actions.ActionRefused):
        actions.set_rule(registry, ana, "all", now=NOW)
