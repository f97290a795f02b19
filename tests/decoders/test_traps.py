"""What devices get wrong, over every format: each good sample is spoilt in one way, and must not become another value.

Rule: a spoilt field is a value as it was, or none; a spoilt time is the same instant, or none. Nothing is invented.
"""

from __future__ import annotations

import copy
import gzip
import json
import math
import time
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest

from hub.core.reading import Decoded, DecodeError, Heard, Message
from hub.decoders import DECODERS
from hub.decoders.lines import Nobody
from hub.decoders.times import from_iso
from tests.decoders.samples import Sample, decoded, every_sample, read

pytestmark = pytest.mark.slow

BOM = b"\xef\xbb\xbf"
MOST_LEAVES = 16
SLOWEST = 5.0
NEARLY = 300
PRAGUE = ZoneInfo("Europe/Prague")
Path = tuple[str | int, ...]
GOOD = [(form, name) for form, name in every_sample() if read(form, name)[0].refused is None]


def _json(form: str, name: str) -> object:
    payload = read(form, name)[1]
    try:
        return json.loads(payload) if payload.lstrip()[:1] in {b"{", b"["} else None
    except ValueError:
        return None


JSON = [(form, name) for form, name in GOOD if _json(form, name)]


def heard_before(form: str, sample: Sample) -> Heard:
    heard = Heard()
    for earlier in sample.after:
        other, _, name = earlier.rpartition("/")
        told = decoded(other or form, name, heard)
        heard.hear(told.announcements, told.withdrawn)
    return heard


def take(form: str, name: str, payload: bytes, zone: ZoneInfo | None = None, *, retained: bool = False) -> Decoded:
    """What the format makes of another payload on the sample's topic; a refusal is no reading."""
    sample, _ = read(form, name)
    heard = heard_before(form, sample)
    heard.zone = zone
    message = Message(Nobody(), 1, sample.topic, payload, from_iso(sample.received) or 0, retained=retained)
    try:
        return DECODERS[form](message, heard)
    except DecodeError:
        return Decoded([])


def leaves(tree: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if inner is None:
        yield path, tree
        return
    for key, value in inner:
        yield from leaves(value, (*path, key))


def replaced(tree: object, path: Path, value: object) -> object:
    spoilt = copy.deepcopy(tree)
    at: dict[object, object] = spoilt  # type: ignore[assignment]  # a dict or a list, both are asked by their keys
    for key in path[:-1]:
        at = at[key]  # type: ignore[assignment]  # as above
    at[path[-1]] = value
    return spoilt


def encoded(tree: object) -> bytes:
    return json.dumps(tree, ensure_ascii=False).encode()


def spoilt(form: str, name: str, spoil: Callable[[object], list[object]]) -> Iterator[Decoded]:
    """The sample with one field after the other spoilt."""
    tree = _json(form, name)
    fields = [(path, new) for path, found in leaves(tree) for new in spoil(found) if path]
    for path, new in fields[: MOST_LEAVES * 4]:
        yield take(form, name, encoded(replaced(tree, path, new)))


def receptions(form: str, name: str) -> set[float]:
    """How well each gateway heard: spoil the best, and another is the best."""
    return {float(v) for path, v in leaves(_json(form, name)) if path and path[-1] in {"rssi", "snr"} and is_number(v)}  # type: ignore[arg-type]  # numbers


def values(readings: Decoded) -> set[float]:
    return {round(float(r.value), 9) for r in readings.readings}


def original(form: str, name: str) -> set[float]:
    return values(decoded(form, name))


def is_number(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def texts(found: object) -> list[object]:
    return [str(found), f" {found} "] if is_number(found) else []


def commas(found: object) -> list[object]:
    return [str(found).replace(".", ",")] if isinstance(found, float) else []


def no_values(found: object) -> list[object]:
    return ["unavailable", "unknown", "", "None", None, "NaN", "inf", "1e999", "--"] if is_number(found) else []


def no_numbers(found: object) -> list[object]:
    return [math.nan, math.inf, -math.inf] if is_number(found) else []


@pytest.mark.parametrize("spoil", [texts, commas, no_values, no_numbers])
@pytest.mark.parametrize(("form", "name"), JSON)
def test_a_spoilt_field_is_its_value_or_none(form: str, name: str, spoil: Callable[[object], list[object]]) -> None:
    good = original(form, name) | receptions(form, name)
    for found in spoilt(form, name, spoil):
        assert values(found) <= good
        assert all(math.isfinite(r.value) for r in found.readings)


def epochs(found: object) -> list[object]:
    if not isinstance(found, int) or isinstance(found, bool) or not 10**9 < found < 10**20:
        return []
    seconds = found / 10 ** (3 * ((len(str(found)) - 10 + 2) // 3))
    return [round(seconds), *(round(seconds * scale) for scale in (10**3, 10**6, 10**9)), str(round(seconds))]


def other_instants(form: str, name: str, found: Decoded) -> set[int]:
    good = {r.time // 1_000_000 for r in decoded(form, name).readings if r.time is not None}
    return {r.time // 1_000_000 for r in found.readings if r.time is not None} - good


@pytest.mark.parametrize(("form", "name"), JSON)
def test_an_epoch_in_any_scale_is_the_same_instant_or_none(form: str, name: str) -> None:
    for found in spoilt(form, name, epochs):
        assert not other_instants(form, name, found)


def without_zone(found: object) -> list[object]:
    if not isinstance(found, str) or from_iso(found) is None:
        return []
    bare = found.rstrip("Zz ")
    return [bare if bare != found.rstrip() else bare[:-6], bare[:19].replace("-", ".")]


@pytest.mark.parametrize(("form", "name"), JSON)
def test_a_time_without_a_zone_is_none_where_no_zone_is_given(form: str, name: str) -> None:
    for found in spoilt(form, name, without_zone):
        assert not other_instants(form, name, found)
        assert not found.local


@pytest.mark.parametrize(("form", "name"), JSON)
def test_a_time_read_in_the_hubs_zone_says_so(form: str, name: str) -> None:
    tree = _json(form, name)
    for path, found in leaves(tree):
        for bare in without_zone(found):
            told = take(form, name, encoded(replaced(tree, path, bare)), PRAGUE)
            assert told.local or not other_instants(form, name, told)


def arrival(form: str, name: str) -> int:
    return (from_iso(read(form, name)[0].received) or 0) // 1_000_000


def far_off(found: object) -> list[object]:
    if isinstance(found, str) and from_iso(found) is not None:
        return ["2036-02-07T06:28:16Z", "2001-01-01T00:00:00Z", "1970-01-01T00:00:23Z", "2024-13-45T99:99:99Z"]
    return [2_085_978_496, 978_307_200, 23, 0] if epochs(found) else []


HUGE = [
    b"1" * 4_000_000, b"(" * 4_000_000, b'"' + b"{{" * 2_000_000, b"/A\r\n" * 1_000_000,
    b"[" + b"1," * 1_000_000 + b"1]", b"\x0a\x02" * 2_000_000,
]  # fmt: skip
FAR = {2_085_978_496, 978_307_200}


@pytest.mark.parametrize(("form", "name"), JSON)
def test_future_and_ancient_times_are_kept_and_unset_clocks_are_none(form: str, name: str) -> None:
    for found in spoilt(form, name, far_off):
        lawful = {*FAR, arrival(form, name)}  # SenML's small numbers are seconds from now, or from a base time
        assert all(any(abs(when - far) < NEARLY for far in lawful) for when in other_instants(form, name, found))


@pytest.mark.parametrize(("form", "name"), JSON)
def test_of_duplicate_keys_one_counts(form: str, name: str) -> None:
    tree = _json(form, name)
    if not isinstance(tree, dict):
        return
    for key, value in tree.items():
        pair = encoded({key: value})[1:-1]
        found = take(form, name, encoded(tree)[:-1] + b"," + pair + b"}")
        assert values(found) == original(form, name)


@pytest.mark.parametrize(("form", "name"), GOOD)
def test_an_empty_retained_message_is_no_reading(form: str, name: str) -> None:
    before = heard_before(form, read(form, name)[0])
    for payload in (b"", b" ", b"\x00"):
        found = take(form, name, payload, retained=True)
        assert not found.readings
        assert {a.unit for a in found.announcements} <= {None, *(a.unit for a in before.values())}


@pytest.mark.parametrize(("form", "name"), GOOD)
def test_what_is_compressed_or_another_text_is_no_reading(form: str, name: str) -> None:
    payload = read(form, name)[1]
    assert not take(form, name, gzip.compress(payload)).readings
    assert values(take(form, name, payload.decode("latin-1").encode("utf-16"))) <= original(form, name)


@pytest.mark.parametrize(("form", "name"), JSON)
def test_a_byte_order_mark_and_trailing_zeros_change_nothing(form: str, name: str) -> None:
    payload = read(form, name)[1]
    assert take(form, name, BOM + payload + b"\x00\x00").readings == decoded(form, name).readings


@pytest.mark.parametrize(("form", "name"), JSON)
def test_a_long_text_in_a_message_of_megabytes_changes_no_reading(form: str, name: str) -> None:
    tree = _json(form, name)
    if isinstance(tree, dict):
        began = time.process_time()
        found = take(form, name, encoded({**tree, "_log": "x" * 4_000_000}))
        assert time.process_time() - began < SLOWEST
        assert values(found) <= original(form, name)


@pytest.mark.parametrize("payload", HUGE)
@pytest.mark.parametrize("form", sorted(DECODERS))
def test_megabytes_of_anything_are_answered_in_time(form: str, payload: bytes) -> None:
    name = next(name for said, name in GOOD if said == form)
    began = time.process_time()
    take(form, name, payload)
    assert time.process_time() - began < SLOWEST
