"""An envelope is stored, then acknowledged; one that nobody's letter-box takes is answered in words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices import keys
from devices.seal import Sealer, opened
from hub import actions
from hub.core.reading import Message
from hub.registry import RegistryUnavailable
from hub.registry.sealed import Arrival
from tests.core.world import NOW
from tests.ingest.test_pipeline import Hub, running

PRIVATE = bytes(range(32))
SIGNING = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNER = SIGNING.public_key().public_bytes_raw()


def sealer(thing: str = "hall", private: bytes = PRIVATE, signing: Ed25519PrivateKey = SIGNING) -> Sealer:
    return Sealer(keys.public_of(private), signing, thing)


def sealed(hub: Hub, body: bytes, thing: str = "hall", **also: object) -> Message:
    message = hub.message(f"things/{thing}/sealed", "", **also)
    message.payload = body
    return message


def about(hub: Hub, thing: str = "hall", signing: Ed25519PrivateKey = SIGNING) -> Message:
    key = keys.written(keys.THING, signing.public_key().public_bytes_raw())
    return hub.message(f"things/{thing}/about", f'{{"name": "Hall", "signing_key": "{key}"}}', packet=9)


def kept(hub: Hub) -> list[bytes]:
    return [e.body for e in hub.registry.sealed.read(hub.registry.holdings().things)]


def told(hub: Hub) -> list[str]:
    return [answer["message"] for _, answer in hub.sender.answers]


async def test_a_sealed_reading_is_kept_as_it_came_then_acknowledged(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        body = sealer().seal([{"n": "presence", "v": 4242.5}], 1)
        await hub.put(about(hub), sealed(hub, body))
        assert len(hub.sender.acknowledged) == 2
        assert kept(hub) == [body]
        assert opened(kept(hub)[0], PRIVATE, SIGNER)[2] == [{"n": "presence", "v": 4242.5}]
        assert hub.values() == []
        (thing,) = hub.registry.holdings().things.values()
        assert (thing.name, thing.owner) == ("Hall", hub.ana)


async def test_while_the_registry_is_away_an_envelope_is_not_acknowledged(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        await hub.put(about(hub))
        real = hub.registry.sealed.keep

        full = [True]

        def keep(arrivals: Sequence[Arrival], now: int) -> list[tuple[Message, str]]:
            if full:
                raise RegistryUnavailable("the disk is full")
            return real(arrivals, now)

        hub.registry.sealed.keep = keep  # type: ignore[method-assign]  # a disk that is full
        hub.inbox.put([sealed(hub, sealer().seal([], 1))])
        await asyncio.sleep(0.3)
        assert len(hub.sender.acknowledged) == 1
        full.clear()
        await hub.inbox.drained(10)
        assert len(hub.sender.acknowledged) == 2
        assert len(kept(hub)) == 1


async def test_sent_again_it_is_kept_once_and_another_of_that_number_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        body = sealer().seal([], 1)
        await hub.put(about(hub), sealed(hub, body), sealed(hub, body, dup=True), sealed(hub, sealer().seal([], 2)))
        assert len(kept(hub)) == 2
        assert told(hub) == []
        await hub.put(sealed(hub, sealer().seal([], 1)))
        assert len(kept(hub)) == 2
        assert "number was used before" in told(hub)[0]


async def test_without_an_introduction_nothing_is_kept_and_no_thing_is_made(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        await hub.put(sealed(hub, sealer().seal([], 1)))
        assert "introduce itself" in told(hub)[0]
        assert not hub.registry.holdings().things
        assert hub.ingest.counts.refused == {"seal": 1}


@pytest.mark.slow
async def test_a_key_that_the_household_does_not_have_is_refused_and_so_is_one_that_has_ended(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(about(hub), sealed(hub, sealer().seal([], 1)))
        name = actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        actions.end_sealing_key(hub.registry, hub.ana, name, now=NOW + 1)
        await asyncio.sleep(1.1)
        await hub.put(sealed(hub, sealer().seal([], 2)))
        assert kept(hub) == []
        assert len(told(hub)) == 2
        assert all("does not have, or not any more" in words for words in told(hub))


async def test_what_another_key_signed_is_refused_though_the_password_is_right(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        other = Ed25519PrivateKey.generate()
        forged = sealer(signing=other).seal([], 1)
        await hub.put(about(hub), about(hub, signing=other), sealed(hub, forged))
        assert kept(hub) == []
        assert "another key signed" in told(hub)[0]
        (thing,) = hub.registry.holdings().things
        actions.set_signing_key(hub.registry, thing, keys.written(keys.THING, other.public_key().public_bytes_raw()))
        await hub.put(sealed(hub, forged))
        assert kept(hub) == [forged]


async def test_a_forgotten_signing_key_is_the_next_that_the_thing_names_even_the_same(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        await hub.put(about(hub), sealed(hub, sealer().seal([], 1)))
        (thing,) = hub.registry.holdings().things
        actions.set_signing_key(hub.registry, thing, None)
        await hub.put(sealed(hub, sealer().seal([], 2)))
        assert len(kept(hub)) == 1
        await hub.put(about(hub), sealed(hub, sealer().seal([], 3)))
        assert len(kept(hub)) == 2


async def test_an_envelope_does_not_move_to_another_thing_of_the_same_gateway(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        body = sealer().seal([], 1)
        await hub.put(about(hub), about(hub, "attic"), sealed(hub, body, "attic"))
        assert kept(hub) == []
        assert "another thing" in told(hub)[0]
        assert hub.ingest.counts.refused == {"payload": 1}


async def test_a_credential_of_one_thing_seals_for_that_thing_and_a_closed_one_for_none(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        actions.add_sealing_key(hub.registry, hub.ana, keys.public_of(PRIVATE), now=NOW)
        made = actions.add_thing(hub.registry, hub.ana, "hall", now=NOW)
        hub.door = made.credential
        await hub.put(about(hub, "esp-7"), sealed(hub, sealer("esp-7").seal([], 1), "esp-7"))
        assert [e.thing for e in hub.registry.sealed.read([made.thing])] == [made.thing]
        actions.close_thing(hub.registry, made.thing, now=NOW + 1)
        await hub.put(sealed(hub, sealer("esp-7").seal([], 2), "esp-7"))
        assert len(kept(hub)) == 1
        assert "closed by its owner" in told(hub)[0]


async def test_a_payload_that_is_no_envelope_is_answered_and_acknowledged(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.put(sealed(hub, b"21.5"))
        assert len(hub.sender.acknowledged) == 1
        assert "no sealed envelope" in told(hub)[0]
