"""The golden samples of devices/formats/: a payload, and beside it what it means. Adding a case needs no Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from hub.core.reading import Announcement, Decoded, Heard, Message
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody
from hub.decoders.times import from_iso

FORMATS = Path(__file__).resolve().parents[2] / "devices" / "formats"


class Expected(Struct, forbid_unknown_fields=True):
    thing: str
    property: str
    value: float | bool
    unit: str | None = None
    time: str | None = None
    wish: str | None = None


class Sample(Struct, forbid_unknown_fields=True):
    """`name.json` beside `name.payload`; `note` is for the reader.

    `after` names samples that are heard first; `format/name` is one of another format.
    """

    topic: str
    received: str
    expect: list[Expected] = []
    refused: str | None = None
    announced: list[Announcement] | None = None
    after: list[str] = []
    note: str = ""


def every_sample() -> Iterator[tuple[str, str]]:
    """(format, name) of each sample, by walking the folders."""
    for path in sorted(FORMATS.glob("*/samples/*.json")):
        yield path.parent.parent.name, path.stem


def read(form: str, name: str) -> tuple[Sample, bytes]:
    """A sample and its payload."""
    place = FORMATS / form / "samples" / name
    sample = msgspec.json.decode(Path(f"{place}.json").read_bytes(), type=Sample)
    return sample, Path(f"{place}.payload").read_bytes()


def decoded(form: str, name: str, heard: Heard | None = None) -> Decoded:
    """What the format's decoder makes of a sample, after hearing those before it."""
    heard = Heard() if heard is None else heard
    sample, payload = read(form, name)
    for earlier in sample.after:
        other, _, earlier_name = earlier.rpartition("/")
        told = decoded(other or form, earlier_name, heard)
        heard.hear(told.announcements, told.withdrawn)
    return DECODERS[form](Message(Nobody(), 1, sample.topic, payload, from_iso(sample.received) or 0), heard)
