"""What things announce: kept, shared with the decoders, and never a reason to show more."""

from __future__ import annotations

from pathlib import Path

from hub import actions
from hub.core.catalogue import Exposure
from hub.core.grade import HOUR, Grade
from hub.core.observations import Key
from hub.core.reading import Announcement
from hub.registry import Registry
from tests.registry.town import CORNER, NOW, datastream, gateway, grade, opened, person


def test_what_was_announced_is_shared_live_and_survives_a_restart(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    credential = gateway(registry, person(registry))
    live = registry.heard(credential)
    assert live == {}
    told = Announcement("k", "t", name="Kitchen", unit="Cel", kind="temperature")
    registry.remember(credential, [Announcement("k", "t", unit="K"), told], NOW)
    assert live == {("k", "t"): told}
    assert registry.heard(credential) is live
    registry.close()
    again = opened(tmp_path)
    assert again.heard(credential) == {("k", "t"): told}
    again.close()


def test_one_credential_does_not_hear_anothers(registry: Registry) -> None:
    a, b = gateway(registry, person(registry)), gateway(registry, person(registry))
    registry.remember(a, [Announcement("k", "t", unit="K")], NOW)
    assert registry.heard(b) == {}


def test_where_values_come_and_what_is_taken_back_survive_a_restart(tmp_path: Path) -> None:
    registry = opened(tmp_path)
    credential = gateway(registry, person(registry))
    one = Announcement("k", "t", topic="a/b", pointer="x.y", source="config/t")
    two = Announcement("k", "h", topic="a/b", pointer="x.z", source="config/h")
    registry.remember(credential, [one, two], NOW)
    registry.remember(credential, [], NOW, [("k", "h"), ("k", "never announced")])
    registry.close()
    again = opened(tmp_path)
    heard = again.heard(credential)
    assert heard == {("k", "t"): one}
    assert list(heard.at("a/b")) == [one]
    assert heard.pointed("a/b", "x.y") == one
    assert heard.told_on("config/t") == {("k", "t")}
    again.close()


def test_repeating_it_writes_nothing(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.first_heard({Key(credential, "k", "t", None)}, NOW)
    registry.remember(credential, [Announcement("k", name="Kitchen")], NOW)
    revision = registry.revision
    registry.remember(credential, [Announcement("k", name="Kitchen")], NOW)
    assert registry.revision == revision


def test_what_cannot_be_kept_is_passed_over(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    bad = [Announcement("k", "\ud800"), Announcement("k\x00"), Announcement("k", name="n" * 5000)]
    registry.remember(credential, [*bad, Announcement("k", name="fine")], NOW)
    assert set(registry.heard(credential)) == {("k", "")}
    registry.remember(999, [Announcement("k", name="nobody's")], NOW)
    assert registry.heard(999) == {}


def test_things_that_are_there_already_follow_until_their_owner_says_otherwise(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.first_heard({Key(credential, "k", "t", None)}, NOW)
    (stream,) = registry.holdings().datastreams
    assert (stream.property, stream.unit) == ("", None)
    told = [
        Announcement("k", name="Kitchen", exposure="outdoor"),
        Announcement("k", "t", kind="temperature", unit="°F"),
    ]
    registry.remember(credential, told, NOW)
    after = datastream(registry, stream.id)
    thing = registry.holdings().things[stream.thing]
    assert (thing.name, thing.exposure) == ("Kitchen", Exposure.OUTDOOR)
    assert (after.property, after.unit, round(after.scale, 3), after.cap) == ("warmth", "°F", 0.556, Grade.OPEN)
    assert after.grade(NOW) is Grade.HOME
    actions.describe(registry, stream.thing, title="Ours", exposure=Exposure.INDOOR, now=NOW)
    registry.remember(credential, [Announcement("k", name="K2", exposure="outdoor")], NOW)
    thing = registry.holdings().things[stream.thing]
    assert (thing.name, thing.title, thing.exposure) == ("K2", "Ours", Exposure.INDOOR)


def test_a_thing_that_says_it_is_indoors_after_all_is_shown_less_and_not_more_again(registry: Registry) -> None:
    credential = gateway(registry, person(registry))
    registry.remember(credential, [Announcement("k", exposure="outdoor")], NOW)
    registry.first_heard({Key(credential, "k", "pm25", None)}, NOW)
    (stream,) = registry.holdings().datastreams
    actions.set_place(registry, stream.thing, CORNER, now=NOW)
    actions.set_grade(registry, stream.id, Grade.OPEN, now=NOW)
    assert grade(registry, stream.id, NOW) is Grade.OPEN
    registry.remember(credential, [Announcement("k", exposure="indoor")], NOW + HOUR)
    assert grade(registry, stream.id, NOW + HOUR) is Grade.COUNTED
    registry.remember(credential, [Announcement("k", exposure="outdoor")], NOW + 2 * HOUR)
    assert datastream(registry, stream.id).cap is Grade.OPEN
    assert grade(registry, stream.id, NOW + 2 * HOUR) is Grade.COUNTED
    actions.pause(registry, stream.id, now=NOW + 3 * HOUR)
    assert grade(registry, stream.id, NOW + 3 * HOUR) is Grade.COUNTED
