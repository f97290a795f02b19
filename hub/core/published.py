"""What the releaser has published, as faces and rows.

Rule: a figure is shown as it was published, under the cell it was published for and the least number of homes that its
level asks for; nothing is added up, split or looked up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import h3
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.audience import Audience
from hub.core.blocks import Level, Where, least_homes, release_key
from hub.core.catalogue import Catalogue
from hub.core.face import Face, release_face
from hub.core.observations import Ints, Times, Values
from hub.core.releases import Sheet

Homes = NDArray[np.int16]
WHERES: tuple[Where, ...] = ("outdoor", "indoor")


class Published(Struct, frozen=True):
    """Columns ordered by face and time; `homes` is the least of the band of homes that a figure stands for."""

    faces: tuple[Face, ...]
    face: Ints
    time: Times
    value: Values
    homes: Homes


NOTHING_PUBLISHED = Published(
    (), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int16)
)


def keys_of(properties: Iterable[str]) -> list[str]:
    """The words under which releases of these properties are kept."""
    return [release_key(observed, where) for observed in properties for where in WHERES]


def level_of(audience: Audience) -> Level:
    """The level of figures an audience sees: nearer for staff with a purpose and for members of any commons.

    Membership brings nobody nearer than staff are: a commons can be founded by anyone.
    """
    return "near" if audience.memberships or (audience.staff and audience.purpose) else "public"


def published(sheets: Sequence[Sheet], catalogue: Catalogue) -> Published:
    """The sheets of some windows as faces and rows; properties that the catalogue no longer has are left out."""
    sheets = [s for s in sheets if len(s.cells) and catalogue.get(s.property) is not None]
    if not sheets:
        return NOTHING_PUBLISHED
    sizes = [len(s.cells) for s in sheets]
    subjects = list(dict.fromkeys((s.property, s.where, s.level) for s in sheets))
    number = {subject: i for i, subject in enumerate(subjects)}
    subject = np.repeat([number[s.property, s.where, s.level] for s in sheets], sizes)
    cells, cell = np.unique(np.concatenate([s.cells for s in sheets]), return_inverse=True)
    pairs, face = np.unique(subject * len(cells) + cell, return_inverse=True)
    time = np.repeat(np.array([s.start for s in sheets], np.int64), sizes)
    order = np.lexsort((time, face))
    named = [(subjects[pair // len(cells)], int(cells[pair % len(cells)])) for pair in pairs.tolist()]
    return Published(
        tuple(_face(subject, cell, catalogue) for subject, cell in named),
        face[order].astype(np.int32), time[order], np.concatenate([s.means for s in sheets])[order],
        np.concatenate([s.homes for s in sheets])[order].astype(np.int16),
    )  # fmt: skip


def _face(subject: tuple[str, Where, Level], cell: int, catalogue: Catalogue) -> Face:
    observed, where, level = subject
    known = catalogue.properties[observed]
    return release_face(observed, where, least_homes(known, where, level), h3.int_to_str(cell) if cell else None)
