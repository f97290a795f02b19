"""Simulated things speak as real ones do: the hub's decoders read every word of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import cast

import aiomqtt
import pytest

from devices import dialects
from devices.curves import curve
from devices.simulate import Curve, SimulatedThing, _introductions, _live
from devices.simulate_command import USUAL, simulated
from hub.core.reading import Reading
from hub.decoders import DECODERS
from hub.decoders.lines import Listener
from tests.decoders.decode_lines import shipped_routes

NOW = 1_780_315_200_000_000
OBSERVED = {
    "air_temperature": "Cel", "relative_humidity": "%", "pm25": "ug/m3", "power": "W", "energy": "kW.h", "gas": "m3",
    "battery_level": "%", "signal_strength": "dB[mW]", "link_quality": "1", "soil_moisture": "%", "occupancy": "1",
}  # fmt: skip


def half_past(at: int, _: int) -> float:
    return at + 0.5


def thing(form: str) -> SimulatedThing:
    speaks = dialects.DIALECTS[form]
    units = OBSERVED if speaks.free else {observed: unit for observed, (_, unit) in speaks.usual.items()}
    curves: dict[str, Curve] = {observed: partial(half_past, at) for at, observed in enumerate(units)}
    if "occupancy" in curves:
        curves["occupancy"] = lambda _: 1.0
    return SimulatedThing("u", "p", "kitchen", form, curves, 60, units)


def heard(form: str, one: SimulatedThing) -> list[Reading]:
    """What the hub reads of all that a thing says, once it has introduced itself."""
    listener = Listener(shipped_routes())
    for topic, payload, _ in _introductions([one]):
        assert listener.hear(topic, payload, NOW, retained=True).readings == []
    spoken = one.messages(NOW)
    assert {shipped_routes().format_of(topic) or "ha-discovery" for topic, _, _ in spoken} == {form}
    return [r for topic, payload, _ in spoken for r in listener.hear(topic, payload, NOW + 5).readings]


def test_every_format_has_its_words() -> None:
    assert set(dialects.WORDS) == set(DECODERS) == set(USUAL)


@pytest.mark.parametrize("form", sorted(DECODERS))
def test_the_hub_hears_every_value_under_the_names_that_were_foretold(form: str) -> None:
    one = thing(form)
    readings = heard(form, one)
    found = {(r.thing, r.property): r.value for r in readings}
    for observed, name in one.names().items():
        assert found[one.heard_as, name] == pytest.approx(one.curves[observed](NOW))
    assert {r.time for r in readings} <= {NOW, None}


@pytest.mark.parametrize("form", ["native", "zigbee2mqtt"])
def test_the_hub_learns_the_units(form: str) -> None:
    units = {r.property: r.unit for r in heard(form, thing(form))}
    assert units[dialects.word(form, "air_temperature")] in {"Cel", "°C"}
    assert units["power"] == "W"


@pytest.mark.parametrize("form", sorted(USUAL))
def test_the_usual_devices_of_a_format_can_be_read(form: str) -> None:
    one = simulated(form, "u", "p", "kitchen", 10, 7)
    assert {(r.thing, r.property) for r in heard(form, one)} >= {(one.heard_as, name) for name in one.names().values()}


def test_a_simulated_value_is_that_of_its_curve() -> None:
    one = simulated("native", "u", "p", "kitchen", 10, 7)
    assert one.curves["pm25"](NOW) == curve("dust", 7, NOW)


def test_things_speak_in_their_interval_but_not_all_at_once() -> None:
    things = [SimulatedThing("u", "p", f"t{at}", "native", {}, 60) for at in range(200)]
    first = [t.next_after(1_780_315_200.0) for t in things]
    assert all(0 < when - 1_780_315_200 <= 60 for when in first)
    assert len({int(when) for when in first}) > 40
    assert all(abs(t.next_after(when) - when - 60) < 1e-3 for t, when in zip(things, first, strict=True))


class Deaf:
    """A client whose call, when it is cancelled, ends as if it had not been."""

    async def publish(self, *_: object, **_more: object) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


async def test_whoever_is_told_to_end_while_a_client_does_not_listen_ends() -> None:
    one = thing("native")
    living = asyncio.create_task(_live(cast("aiomqtt.Client", Deaf()), [one], 1, time.time))
    await asyncio.sleep(0.02)
    living.cancel()
    done, _ = await asyncio.wait({living}, timeout=5)
    assert done
    assert living.cancelled()
