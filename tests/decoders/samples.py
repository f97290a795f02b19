"""The golden samples of devices/formats/: a payload, and beside it what it means. Adding a case needs no Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from hub.core.reading import Announcement, Decoded, Message
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
    """`name.json` beside `name.payload`; `after` names samples that are heard first, `note` is for the reader."""

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


def decoded(form: str, name: str, heard: dict[tuple[str, str], Announcement] | None = None) -> Decoded:
    """What the format's decoder makes of a sample, after hearing those before it."""
    heard = {} if heard is None else heard
    sample, payload = read(form, name)
    for earlier in sample.after:
        heard.update({(a.thing, a.property): a for a in decoded(form, earlier, heard).announcements})
    return DECODERS[form](Message(Nobody(), 1, sample.topic, payload, from_iso(sample.received) or 0), heard)
