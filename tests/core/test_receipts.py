"""Receipts: what they say, what they never say, and that nobody can change, take out or put in one unseen."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.core.grade import HOUR, Grade
from hub.core.receipts import Event, Matter, Signed, compose, faults, notice_hash

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
AT = 500_000 * HOUR


def receipt(number: int, previous: str | None, event: Event = Event.GIVEN, **more: Any) -> Signed:  # noqa: ANN401 - a matter's fields
    body = compose(
        event, Matter(**more), identifier=f"r{number}", subject="urn:barrio:party:7", hub="urn:barrio:hub:1", at=AT,
        previous=previous,
    )  # fmt: skip
    return Signed(body, KEY.sign(body.encode()).hex())


def chain(length: int) -> list[Signed]:
    made: list[Signed] = []
    for number in range(length):
        made.append(receipt(number, made[-1].hash if made else None))
    return made


def test_a_chain_as_it_was_given_has_no_fault() -> None:
    assert faults([], PUBLIC) == []
    assert faults(chain(4), PUBLIC) == []


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_one_that_is_missing_is_noticed(gone: int) -> None:
    rest = chain(4)
    del rest[gone]
    assert len(faults(rest, PUBLIC)) == 1


def test_one_that_is_put_in_or_moved_is_noticed() -> None:
    kept = chain(3)
    assert faults([kept[0], kept[0], *kept[1:]], PUBLIC)
    assert faults([kept[1], kept[0], kept[2]], PUBLIC)


def test_one_that_is_changed_or_signed_by_another_hub_is_noticed() -> None:
    kept = chain(2)
    assert faults([Signed(kept[0].body.replace("r0", "r9"), kept[0].signature), kept[1]], PUBLIC)
    assert faults([Signed(kept[0].body, "no hex"), kept[1]], PUBLIC)
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key().public_bytes_raw()
    assert len(faults(kept, other)) == 2
    nonsense = "[]"
    assert faults([Signed(nonsense, KEY.sign(nonsense.encode()).hex())], PUBLIC)


def test_a_receipt_says_what_for_how_far_until_when_and_who_sees_what() -> None:
    body = receipt(
        1, None, record=5, datastream=1000, observed="pm25", grade=Grade.COMMONS, commons="yards",
        purpose="to know what we breathe", since=AT, until=AT + HOUR, retention_days=30,
    ).body  # fmt: skip
    told = msgspec.json.decode(body)
    assert (told["@type"], told["barrio:previous"]) == ("dpv:ConsentReceipt", None)
    record = told["dpv:hasRecordOfActivity"]
    process = record["dpv:hasProcess"]
    assert record["dpv:hasConsentStatus"] == {"@type": "dpv:ConsentGiven", "dct:date": "2027-01-15T08:00:00Z"}
    assert record["dpv:hasNotice"]["barrio:hash"] == notice_hash()
    assert process["dpv:hasPurpose"]["dct:description"] == "to know what we breathe"
    assert process["dpv:hasDuration"]["barrio:until"] == "2027-01-15T09:00:00Z"
    assert process["dpv:hasStorageCondition"]["dpv:hasDuration"] == "P30D"
    assert process["barrio:grade"] == "commons"
    assert process["barrio:views"]["member"]["barrio:shows"] == "pseudonym"
    assert process["barrio:views"]["public"] == {
        "barrio:shows": "release", "barrio:homes": 8, "barrio:resolution": 9, "barrio:window": "PT3600S",
    }  # fmt: skip


@pytest.mark.parametrize("event", Event)
def test_every_event_has_a_receipt_and_every_prefix_is_explained(event: Event) -> None:
    told = msgspec.json.decode(receipt(1, None, event).body)
    assert event.value.split(":")[0] in told["@context"]
    assert told["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]["@type"] == event.value
