"""How the shipped properties are released: slow things for a week, energy under a public cap, liars bounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hub.configured import catalogue_of
from hub.core.catalogue import ObservedProperty
from hub.core.grade import Grade
from hub.core.releases import close, seats
from hub.settings import PropertySettings, SettingsError, read
from tests.core.towns import enrolled, home, steady

ROOT = Path(__file__).resolve().parents[2]
PROPERTIES = catalogue_of(read(ROOT / "config" / "barrio.toml").properties).properties
COUNTED = pytest.mark.parametrize("p", [p for p in PROPERTIES.values() if p.cap >= Grade.COUNTED], ids=lambda p: p.id)


@COUNTED
def test_what_changes_slowly_or_shows_presence_is_told_for_a_week(p: ObservedProperty) -> None:
    slow = p.family in ("soil", "water", "energy", "presence")
    assert p.epoch_days == (7 if slow else 1)


@COUNTED
def test_every_home_counts_within_public_bounds(p: ObservedProperty) -> None:
    low = p.low if p.release_low is None else p.release_low
    high = p.high if p.release_high is None else p.release_high
    assert p.low <= low < high <= p.high
    assert np.isfinite([low, high]).all()
    if p.energy:
        assert p.release_high is not None
        assert p.release_low is not None


def test_meters_are_what_is_read_off_and_only_grows() -> None:
    assert {p.id for p in PROPERTIES.values() if p.meter} == {"energy", "gas", "water_consumption"}


@COUNTED
def test_a_release_is_not_so_coarse_that_it_says_nothing(p: ObservedProperty) -> None:
    step = p.step_commons if p.release_step is None else p.release_step
    high = p.high if p.release_high is None else p.release_high
    assert step <= high / 5


def test_one_liar_among_five_moves_the_noise_by_two_decibels_at_most() -> None:
    noise = PROPERTIES["noise_level"]
    epoch = enrolled([home(n) for n in range(8)], k=8)
    cell = int(seats(epoch).labels["public"][0])
    five = enrolled([home(n) for n in range(5)], public_k=5)
    for lie in (noise.low, noise.high):
        values = steady(five, dict.fromkeys(range(5), 55.0))
        values[0] = lie
        sheet = close(seats(five), 0, values, [], noise, {cell: 55.0})["near"]
        assert abs(sheet.means[0] - 55.0) <= 2.0


def test_bounds_in_the_wrong_order_are_refused_with_their_path(tmp_path: Path) -> None:
    text = (ROOT / "config" / "properties.toml").read_text(encoding="utf-8")
    (tmp_path / "properties.toml").write_text(
        text.replace("release_low = -3000", "release_low = 4000"), encoding="utf-8"
    )
    (tmp_path / "barrio.toml").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"properties\.\d+: .*release_low must be below release_high"):
        read(tmp_path / "barrio.toml")


def test_every_field_is_explained_above_the_list() -> None:
    head = (ROOT / "config" / "properties.toml").read_text(encoding="utf-8").split("[[properties]]")[0]
    assert all(field in head for field in PropertySettings.model_fields)
