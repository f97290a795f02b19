"""Every sample in devices/formats/ comes out as the file beside it says."""

from __future__ import annotations

import pytest

from hub.core.reading import DecodeError
from hub.decoders import DECODERS
from hub.decoders.routes import ANNOUNCED
from hub.decoders.times import from_iso
from tests.decoders.decode_lines import shipped_routes
from tests.decoders.samples import FORMATS, decoded, every_sample, read

SAMPLES = list(every_sample())


@pytest.mark.parametrize(("form", "name"), SAMPLES)
def test_a_sample_means_what_the_file_beside_it_says(form: str, name: str) -> None:
    sample, _ = read(form, name)
    if sample.refused is not None:
        with pytest.raises(DecodeError) as refusal:
            decoded(form, name)
        assert sample.refused in str(refusal.value)
        return
    found = decoded(form, name)
    rows = [(r.thing, r.property, r.value, r.unit, r.time, r.wish and r.wish.word) for r in found.readings]
    wanted = [(e.thing, e.property, e.value, e.unit, e.time and from_iso(e.time), e.wish) for e in sample.expect]
    assert rows == wanted
    assert [type(r.value) is bool for r in found.readings] == [type(e.value) is bool for e in sample.expect]
    assert sample.announced is None or list(found.announcements) == sample.announced


def test_every_format_has_its_folder_and_every_folder_its_format() -> None:
    assert {path.name for path in FORMATS.iterdir() if path.is_dir()} == set(DECODERS)


@pytest.mark.parametrize("form", sorted(DECODERS))
def test_every_format_says_what_to_type_and_has_good_and_failing_samples(form: str) -> None:
    assert (FORMATS / form / "README.md").read_text().startswith("# ")
    refused = {read(f, name)[0].refused is not None for f, name in SAMPLES if f == form}
    assert refused == {True, False}


@pytest.mark.parametrize(("form", "name"), SAMPLES)
def test_config_topics_sends_every_sample_to_its_format(form: str, name: str) -> None:
    sample, _ = read(form, name)
    assert (shipped_routes().format_of(sample.topic) or ANNOUNCED) == form


def test_every_payload_has_a_file_beside_it() -> None:
    payloads = {path.with_suffix("") for path in FORMATS.glob("*/samples/*.payload")}
    assert payloads == {path.with_suffix("") for path in FORMATS.glob("*/samples/*.json")}
