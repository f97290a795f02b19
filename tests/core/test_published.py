"""What was published, as faces and rows."""

from __future__ import annotations

import h3
import numpy as np
import pytest

from hub.core.audience import PUBLIC, Audience
from hub.core.blocks import Level, Where
from hub.core.catalogue import Catalogue, ObservedProperty
from hub.core.disclosed import disclose
from hub.core.grade import HOUR, Grade, Kind
from hub.core.published import NOTHING_PUBLISHED, keys_of, level_of, published
from hub.core.releases import Sheet
from hub.core.scope import scope_for
from tests.core.test_disclosure import KEY, rows_of, street
from tests.core.world import CATALOGUE, CORNER, DUST, NOISE, NOW

HERE = h3.latlng_to_cell(CORNER.lat, CORNER.lon, 8)
POWER = ObservedProperty(id="power", name="Power", unit="W", family="energy", cap=Grade.COUNTED, energy=True)


def sheet(
    start: int, figures: dict[str, float], *, observed: str = "dust", where: Where = "outdoor", level: Level = "public"
) -> Sheet:
    cells = np.array([0 if cell == "city" else h3.str_to_int(cell) for cell in figures], np.uint64)
    return Sheet(
        observed, where, level, start, HOUR, cells, np.array(list(figures.values())), np.full(len(cells), 10, np.uint8)
    )


def test_each_cell_is_a_face_and_each_window_a_row() -> None:
    sheets = [sheet(NOW, {HERE: 4.0, "city": 6.0}), sheet(NOW + HOUR, {HERE: 5.0}), sheet(NOW + 2 * HOUR, {})]
    found = published(sheets, CATALOGUE)
    told = [
        (found.faces[f].cell, t, v, n)
        for f, t, v, n in zip(found.face, found.time.tolist(), found.value, found.homes, strict=True)
    ]
    assert told == [(None, NOW, 6.0, 10), (HERE, NOW, 4.0, 10), (HERE, NOW + HOUR, 5.0, 10)]
    for face in found.faces:
        assert (face.kind, face.window, face.homes, face.where) == (Kind.RELEASE, HOUR, 8, "outdoor")
        assert (face.place, face.name, face.owner, face.thing, face.datastream) == (None, None, None, None, None)
    assert len({f.key for f in found.faces}) == 2


def test_indoors_outdoors_and_properties_are_faces_of_their_own() -> None:
    sheets = [
        sheet(NOW, {HERE: 4.0}), sheet(NOW, {HERE: 5.0}, where="indoor"), sheet(NOW, {HERE: 6.0}, observed="noise"),
        sheet(NOW, {HERE: 7.0}, observed="power", where="indoor"), sheet(NOW, {HERE: 8.0}, observed="long gone"),
    ]  # fmt: skip
    found = published(sheets, Catalogue([DUST, NOISE, POWER]))
    assert {(f.property, f.where, f.homes) for f in found.faces} == {
        ("dust", "outdoor", 8), ("dust", "indoor", 15), ("noise", "outdoor", 8), ("power", "indoor", 15),
    }  # fmt: skip
    assert len({f.key for f in found.faces}) == 4
    near = published([sheet(NOW, {HERE: 4.0}, level="near")], CATALOGUE)
    assert near.faces[0].homes == 5


def test_nothing_published_is_nothing_shown() -> None:
    assert published([], CATALOGUE) is NOTHING_PUBLISHED
    assert published([sheet(NOW, {})], CATALOGUE) is NOTHING_PUBLISHED


@pytest.mark.parametrize(
    ("audience", "level"),
    [
        (PUBLIC, "public"), (Audience(staff=True), "public"), (Audience(staff=True, purpose=""), "public"),
        (Audience(purpose="to know"), "public"), (Audience(party=1, parties=frozenset({1})), "public"),
        (Audience(staff=True, purpose="air"), "near"), (Audience(memberships=frozenset({3})), "near"),
    ],
)  # fmt: skip
def test_only_staff_with_a_purpose_and_members_see_nearer_figures(audience: Audience, level: Level) -> None:
    assert level_of(audience) == level


def test_releases_stand_beside_rows_under_faces_of_their_own() -> None:
    world = street(6)
    out = published([sheet(NOW, {HERE: 4.0})], CATALOGUE)
    shown = disclose(rows_of(world), scope_for(PUBLIC, world, CATALOGUE, NOW), CATALOGUE, KEY, out)
    assert [f.kind for f in shown.faces] == [Kind.NOBODY, Kind.RELEASE]
    last = shown.where(shown.face == 1)
    assert (last.value.tolist(), last.homes.tolist(), last.row.tolist()) == ([4.0], [10], [0])
    assert (shown.face == np.sort(shown.face)).all()


def test_every_property_is_asked_for_indoors_and_outdoors() -> None:
    assert keys_of(["dust"]) == ["dust", "dust@indoor"]
