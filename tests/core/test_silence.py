"""A power-cycle as a sign: what it takes, what spoils it, and that chance does not do it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.grade import DAY, HOUR, MINUTE
from hub.core.silence import BACK, GRACE, SECOND, Asked, NoBeatError, Watch, ask, steady

NOW = 500_000 * HOUR + 17 * SECOND


def beating(every: int, *, hours: float = 2, until: int = NOW) -> list[int]:
    return list(range(until - int(hours * HOUR), until, every))


def asked(every: int = 10 * SECOND, draw: int = 0) -> Asked:
    return ask({"plug/STATE": beating(every), "plug/SENSOR": beating(every)}, NOW, lambda _: draw)


def told(a: Asked, times: dict[str, list[int]], since: int = 0) -> tuple[bool, bool]:
    """Whether it was shown, and whether it was spoilt before."""
    watch, shown = Watch(a), False
    for at, topic in sorted((at, topic) for topic, some in times.items() for at in some):
        shown = watch.hear(topic, at, since) or shown
        if shown or watch.broken:
            break
    return shown, watch.broken


def on_and_off(a: Asked, *, late: int = 0, every: int | None = None) -> list[int]:
    """What a thing says that is switched off as it was asked to, `late` (µs) each time."""
    beat = every or a.beat
    times = range(NOW, a.expires, beat)
    return [t for t in times if not any(m + late <= t < m + a.length + late for m in a.moments)]


@pytest.mark.parametrize("every", [SECOND, 10 * SECOND, MINUTE, 5 * MINUTE])
@pytest.mark.parametrize("late", [0, 15 * SECOND, -15 * SECOND])
def test_who_switches_it_off_twice_as_asked_has_shown_it(every: int, late: int) -> None:
    a = asked(every)
    times = on_and_off(a, late=late)
    assert told(a, {"plug/STATE": times, "plug/SENSOR": times}) == (True, False)


def test_whoever_does_nothing_has_shown_nothing() -> None:
    a = asked()
    times = beating(a.beat, hours=3, until=a.expires)
    assert told(a, {"plug/STATE": times, "plug/SENSOR": times}) == (False, True)


def test_once_is_not_enough() -> None:
    a = asked()
    first, _ = a.moments
    times = [t for t in range(NOW, a.expires, a.beat) if not first <= t < first + a.length]
    assert told(a, {"plug/STATE": times, "plug/SENSOR": times}) == (False, True)


def test_another_thing_under_the_prefix_that_goes_on_speaking_spoils_it() -> None:
    a = asked()
    times = on_and_off(a)
    stranger = list(range(NOW, a.expires, MINUTE))
    assert told(a, {"plug/STATE": times, "plug/SENSOR": times, "neighbour": stranger}) == (False, True)
    last_will = {"plug/STATE": times, "plug/SENSOR": times, "plug/LWT": [m + MINUTE for m in a.moments]}
    assert told(a, last_will) == (True, False), "that it has gone, the broker says for it"


def test_every_topic_with_a_beat_has_to_come_back_and_to_have_been_there() -> None:
    a = asked()
    times = on_and_off(a)
    assert told(a, {"plug/STATE": times}) == (False, True)
    until_then = [t for t in times if t < a.moments[1] + GRACE]
    assert told(a, {"plug/STATE": times, "plug/SENSOR": until_then}) == (False, False), "it did not come back"
    off_already = [t for t in times if t < NOW + MINUTE or t > a.moments[0] + a.length]
    assert told(a, {"plug/STATE": off_already, "plug/SENSOR": off_already}) == (False, True), "it was silent before"


def test_while_the_hub_was_away_silence_means_nothing() -> None:
    a = asked()
    times = on_and_off(a)
    both = {"plug/STATE": times, "plug/SENSOR": times}
    assert told(a, both, since=NOW) == (True, False)
    assert told(a, both, since=a.moments[0] + MINUTE) == (False, True)


def test_too_late_is_too_late() -> None:
    a = asked()
    gone = [t for t in on_and_off(a) if not a.moments[0] <= t < a.moments[0] + a.length + a.back + MINUTE]
    assert told(a, {"plug/STATE": gone, "plug/SENSOR": gone})[0] is False


@pytest.mark.parametrize(
    "times",
    [
        [], beating(HOUR), beating(6 * MINUTE), beating(10 * SECOND, until=NOW - HOUR), beating(MINUTE, hours=0.15),
        [*beating(10 * SECOND, until=NOW - HOUR), *beating(HOUR)],
        sorted(np.random.default_rng(1).integers(NOW - DAY, NOW, 99).tolist()),
    ],
)  # fmt: skip
def test_what_has_no_steady_beat_is_refused(times: list[int]) -> None:
    assert steady(times, NOW) is None
    with pytest.raises(NoBeatError):
        ask({"a": times}, NOW, lambda _: 0)
    with pytest.raises(NoBeatError, match="1 of 2"):
        ask({"a": times, "b": beating(10 * SECOND)}, NOW, lambda _: 0)


def test_a_thing_that_often_drops_out_is_refused() -> None:
    times = [t for t in beating(10 * SECOND, hours=20) if (t // MINUTE) % 120 > 5]
    assert steady(times, NOW) is None
    assert steady(beating(10 * SECOND, hours=20), NOW) == 10 * SECOND


@given(st.integers(SECOND, 5 * MINUTE), st.integers(0, 4))
def test_moments_are_whole_minutes_apart_and_to_come(every: int, drawn: int) -> None:
    a = asked(every, drawn)
    first, second = a.moments
    assert first >= NOW + 2 * MINUTE
    assert second > first + a.length + a.back
    assert all(m % MINUTE == 0 for m in (*a.moments, a.length))
    assert a.length - 2 * GRACE >= 5 * a.beat
    assert a.back >= BACK


def test_by_chance_it_is_as_rare_as_is_said() -> None:
    """Things that drop out ten times a day for just as long as is asked: how often one window is met."""
    rng, met, tries = np.random.default_rng(7), 0, 4_000
    a = asked()
    moment = a.moments[0]
    for _ in range(tries):
        outages = [moment - 12 * HOUR + int(rng.integers(DAY)) for _ in range(10)]
        gone = [(o, o + a.length + int(rng.integers(a.back))) for o in outages]
        around = range(moment - 2 * MINUTE, moment + a.length + a.back + MINUTE, a.beat)
        heard = [t for t in around if not any(b <= t < e for b, e in gone)]
        before = any(moment - a.beat * 3 // 2 - GRACE <= t < moment + GRACE for t in heard)
        within = any(moment + GRACE <= t < moment + a.length - GRACE for t in heard)
        met += before and not within
    assert met / tries < 2 / 157
