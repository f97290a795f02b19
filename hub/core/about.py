"""What the hub has written about somebody, for her to read and to take away.

Rule: words and times, never a value; it is given to whom it is about and to nobody else.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from hub.core.looked import WhoLooked


class Deed(Struct, frozen=True):
    """Something done `at` a time (µs), by whom, in words."""

    at: int
    who: str
    what: str


class ErasureReceipt(Struct, frozen=True):
    """What somebody had erased: hidden from every view `at`, so many `rows`; `gone` from every file, or not yet (µs).

    `told`: what was looked through, or why it is not gone yet.
    """

    id: int
    party: int
    at: int
    what: str
    rows: int
    gone: int | None
    told: str


class About(Struct, frozen=True):
    """Everything of this: the diary, what was erased, who looked, and receipts of what was agreed to (as signed)."""

    diary: tuple[Deed, ...]
    erased: tuple[ErasureReceipt, ...]
    who_looked: WhoLooked
    agreed: tuple[dict[str, Any], ...]
