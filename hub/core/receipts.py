"""Receipts of what somebody agreed to, for him to keep and anybody to check: ISO/IEC TS 27560:2023 in JSON-LD.

Rule: a receipt says what was agreed, for what, until when, and who sees how much; it holds no value and no name, and
the subject of what is shown to a commons is the pseudonym there. Each names the hash of the one before, so that none
can be taken out or put in. Terms: W3C DPV (https://w3id.org/dpv), its guide for TS 27560.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from hub.core.grade import SENTENCES, TABLE, Grade, View

NOTICE_VERSION = "1"
_CONTEXT = {
    "dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/", "barrio": "urn:barrio:terms:",
}  # fmt: skip
_PROFILE = "https://w3id.org/dpv/schema/dpv-27560"


class Event(Enum):
    """What happened, as DPV says it where it has a word."""

    GIVEN = "dpv:ConsentGiven"
    WITHDRAWN = "dpv:ConsentWithdrawn"
    LAPSED = "dpv:ConsentExpired"
    VOID = "dpv:ConsentInvalidated"
    JOINED = "barrio:Joined"
    LEFT = "barrio:Left"
    NAMED = "barrio:NameShown"
    UNNAMED = "barrio:NameTakenBack"
    PAUSED = "barrio:Paused"
    UNPAUSED = "barrio:PauseEnded"
    ERASED = "barrio:Erased"


class Matter(Struct, frozen=True, kw_only=True):
    """What a receipt is about.

    `record` is the number of the consent, `datastream` and `observed` (a property's id) what it covers, `commons` the
    handle of whom it is shown to; `since`, `until` µs (None: until it is withdrawn); `retention_days` how long those
    who may see it see back (None: as long as its owner keeps it).
    """

    record: int | None = None
    datastream: int | None = None
    observed: str = ""
    grade: Grade | None = None
    commons: str | None = None
    purpose: str = ""
    since: int | None = None
    until: int | None = None
    retention_days: int | None = None
    note: str = ""


class Signed(Struct, frozen=True):
    """A receipt as it is kept: its text and the hub's Ed25519 signature (RFC 8032) over it, in hex."""

    body: str
    signature: str

    @property
    def hash(self) -> str:
        """What the next one names."""
        return "sha256:" + hashlib.sha256(self.body.encode()).hexdigest()


def compose(
    event: Event, matter: Matter, *, identifier: str, subject: str, hub: str, at: int, previous: str | None
) -> str:  # fmt: skip
    """The text of a receipt: JSON-LD with its keys in order and no spaces.

    `identifier` is its own, `subject` whom it is about (a URN), `hub` who gives it, `at` µs, `previous` the hash of
    the one before (None: it is the first).
    """
    told = {
        "@context": _CONTEXT, "@id": f"urn:barrio:receipt:{identifier}", "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": f"{_PROFILE}#receipt-eu-gdpr", "dct:identifier": identifier, "dct:created": moment(at),
        "dct:publisher": hub, "dct:language": "en", "barrio:previous": previous,
        "dpv:hasRecordOfActivity": _record(event, matter, subject, hub, at),
    }  # fmt: skip
    return msgspec.json.encode(told, order="sorted").decode()


def faults(receipts: Sequence[Signed], public_key: bytes) -> list[str]:
    """What is wrong with a party's receipts, from the first to the newest, in words; nothing when all is well.

    In: all of them in order, and the hub's public key (Ed25519, 32 bytes).
    """
    key = Ed25519PublicKey.from_public_bytes(public_key)
    wrong: list[str] = []
    before: str | None = None
    for number, receipt in enumerate(receipts, 1):
        try:
            key.verify(bytes.fromhex(receipt.signature), receipt.body.encode())
            if msgspec.json.decode(receipt.body).get("barrio:previous") != before:
                wrong.append(f"receipt {number} does not follow the one before: one is missing, or one was put in")
        except (InvalidSignature, ValueError, AttributeError):
            wrong.append(f"receipt {number} is not as this hub signed it")
        before = receipt.hash
    return wrong


def moment(at: int) -> str:
    """A time (µs) as ISO 8601, to the second."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def notice_hash() -> str:
    """The hash of what everybody is told about the grades before choosing one."""
    text = "\n".join(f"{grade.word}: {sentence}" for grade, sentence in SENTENCES.items())
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _record(event: Event, matter: Matter, subject: str, hub: str, at: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "@type": "dpv:ConsentRecord", "dct:conformsTo": f"{_PROFILE}#record-eu-gdpr", "dpv:hasDataSubject": subject,
        "dpv:hasDataController": hub, "dpv:hasLegalBasis": "eu-gdpr:A6-1-a",
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice", "dct:hasVersion": NOTICE_VERSION, "barrio:hash": notice_hash(),
        },
        "dpv:hasConsentStatus": {"@type": event.value, "dct:date": moment(at)},
        "dpv:hasRight": {
            "@type": "eu-gdpr:A7-3", "dct:description": "on your page, or with barrio grade set: at any time, at once",
        },
        "dpv:hasProcess": _process(matter),
    }  # fmt: skip
    if matter.record is not None:
        told["@id"] = f"urn:barrio:consent:{matter.record}"
    if matter.note:
        told["dct:description"] = matter.note
    return told


def _process(matter: Matter) -> dict[str, Any]:
    told: dict[str, Any] = {"@type": "dpv:Process"}
    if matter.purpose:
        told["dpv:hasPurpose"] = {"@type": "dpv:Purpose", "dct:description": matter.purpose}
    if matter.datastream is not None:
        told["dpv:hasPersonalData"] = {
            "@type": "dpv:PersonalData", "dct:identifier": f"urn:barrio:datastream:{matter.datastream}",
            "dct:subject": matter.observed,
        }  # fmt: skip
    if matter.commons is not None:
        told["dpv:hasRecipient"] = f"urn:barrio:commons:{matter.commons}"
    if matter.since is not None:
        told["dpv:hasDuration"] = {
            "@type": "dpv:TemporalDuration", "barrio:from": moment(matter.since),
            "barrio:until": None if matter.until is None else moment(matter.until),
        }  # fmt: skip
    if matter.grade is not None:
        kept = "as long as the owner keeps it" if matter.retention_days is None else f"P{matter.retention_days}D"
        told["dpv:hasStorageCondition"] = {"@type": "dpv:StorageDuration", "dpv:hasDuration": kept}
        told["barrio:grade"] = matter.grade.word
        told["barrio:views"] = {role.name.lower(): _view(view) for role, view in TABLE[matter.grade].items()}
    return told


def _view(view: View) -> dict[str, Any]:
    """What an audience sees, as the one table of the hub says it."""
    return {
        "barrio:shows": view.kind.name.lower(), "barrio:homes": view.homes, "barrio:resolution": view.resolution,
        "barrio:window": f"PT{view.window // 1_000_000}S",
    }  # fmt: skip
