"""Word that something new is shown: for additions, never for removals."""

from __future__ import annotations

import pytest

from hub.core.grade import MINUTE, Grade
from tests.web.asking import words
from tests.web.events import events
from tests.web.world import NOW, World

pytestmark = pytest.mark.slow
PATH = "/property/pm25/live"


def test_a_reading_of_a_public_instrument_is_announced_without_its_value(own_hub: World) -> None:
    own_hub.clock[0] = NOW + MINUTE
    said = own_hub.client.runner.run(
        events(own_hub, PATH, 3.0, lambda: own_hub.say(1007, 107, NOW + MINUTE, 77.0, Grade.OPEN))
    )
    assert said.count("event: changed") == 1
    assert "77" not in said


def test_a_reading_at_home_is_not_announced(own_hub: World) -> None:
    said = own_hub.client.runner.run(
        events(own_hub, PATH, 2.0, lambda: own_hub.say(1008, 108, NOW + MINUTE, 77.0, Grade.HOME))
    )
    assert "changed" not in said


def test_going_home_is_not_announced(own_hub: World) -> None:
    said = own_hub.client.runner.run(events(own_hub, PATH, 2.0, lambda: own_hub.lower(1007)))
    assert "changed" not in said


def test_after_the_word_the_page_shows_what_is_new(own_hub: World) -> None:
    assert "77" not in words(own_hub.client.get("/property/pm25?range=hour").text)
    own_hub.say(1007, 107, NOW - 1, 77.0, Grade.OPEN)
    own_hub.client.runner.run(events(own_hub, PATH, 1.2))
    assert ">77<" in own_hub.client.get("/property/pm25?range=hour").text


def test_a_stream_of_an_unknown_property_is_refused_as_data(hub: World) -> None:
    answer = hub.client.get("/property/nothing/live")
    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "type", "message"}
