"""What can be observed: units, plausible ranges, and the caps that no owner can raise.

Rule: a property that the catalogue does not know is `home`, and an exposure that nobody stated is indoor.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from hub.core.grade import MINUTE, Grade
from hub.core.units import conversion


class Exposure(Enum):
    """Where a thing senses. `STATION`: an institution's instrument outdoors, away from homes."""

    INDOOR = "indoor"
    OUTDOOR = "outdoor"
    STATION = "station"


class PartyKind(Enum):
    """Who can own (STAplus Party, with the kinds of this project)."""

    PERSON = "person"
    HOUSEHOLD = "household"
    ASSOCIATION = "association"
    INSTITUTION = "institution"
    BEING = "being"


class ObservedProperty(Struct, frozen=True, kw_only=True):
    """One observed property (SensorThings): `unit` is UCUM, `step_*` and `low`/`high` are in it.

    `cap` is the highest grade outdoors, `station_cap` that of an institution's station; `watermark` (µs) is how long
    after its end a window waits for late readings; `names` are the words devices use for it, in lower case.
    Plausible are values from `low` to `high`, changes of `rate` in a minute and as much for each minute more, and no
    change for `still` µs (0: for any time).

    Releases: blocks hold for `epoch_days`; a home's value is clipped to `release_low`..`release_high` (None: `low` and
    `high`) and to `release_spread` around what was published the epoch before; a figure is rounded to `release_step`
    (None: `step_commons`). Of a `meter`, whose values only grow, a window tells by how much.
    """

    id: str
    name: str
    unit: str
    family: str
    cap: Grade = Grade.HOME
    station_cap: Grade | None = None
    step_street: float = 1.0
    step_commons: float = 1.0
    low: float = float("-inf")
    high: float = float("inf")
    rate: float = float("inf")
    still: int = 0
    watermark: int = 30 * MINUTE
    energy: bool = False
    names: tuple[str, ...] = ()
    epoch_days: int = 1
    release_low: float | None = None
    release_high: float | None = None
    release_spread: float = float("inf")
    release_step: float | None = None
    meter: bool = False


def cap(observed: ObservedProperty | None, exposure: Exposure | None, owner: PartyKind) -> Grade:
    """The highest grade that anybody may give to this property here (design.md §2, "Default and caps")."""
    if observed is None:
        return Grade.HOME
    if exposure is Exposure.STATION and owner is PartyKind.INSTITUTION:
        return observed.cap if observed.station_cap is None else observed.station_cap
    if exposure in (Exposure.OUTDOOR, Exposure.STATION):
        return observed.cap
    return min(observed.cap, Grade.COUNTED)


class Catalogue:
    """The observed properties of one hub, by id and by the words that devices use."""

    def __init__(self, properties: Iterable[ObservedProperty]) -> None:
        """Index the properties; a device's word that two properties claim goes to the first that its unit fits."""
        self.properties = {p.id: p for p in properties}
        self._by_name: dict[str, list[ObservedProperty]] = {}
        for p in self.properties.values():
            for name in {p.id, *p.names}:
                self._by_name.setdefault(name, []).append(p)

    def get(self, observed: str) -> ObservedProperty | None:
        """The property of this id, or None."""
        return self.properties.get(observed)

    def match(self, words: Iterable[str], unit: str | None) -> ObservedProperty | None:
        """The property that a device means: the first of its `words` that is known and whose unit fits.

        A dotted word is tried whole and by its last part; a device that names no unit is believed to use ours.
        """
        for word in words:
            plain = word.strip().lower()
            for name in (plain, plain.rsplit(".", 1)[-1], plain.rsplit("/", 1)[-1]):
                for p in self._by_name.get(name, ()):
                    if unit is None or conversion(unit, p.unit) is not None:
                        return p
        return None
