"""Looking for what was erased: in every file below the hub's data, by its bytes.

Rule: "gone from every file" is said after the hub has looked and at no other time. What it looks for is in memory
only. A number that a neighbour's reading has too is no trace of anybody and is not looked for.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from stat import S_ISREG

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hub.core.grade import DAY
from hub.core.store import Store, elsewhere
from hub.registry import Registry
from hub.registry.erasures import Asked, Traces

KINDS = (
    ("*.draft*", "files half written"),
    ("registry.sqlite", "registry"),
    ("registry.sqlite-*", "the registry's log"),
    ("observations-*.duckdb", "readings"),
    ("observations-*.wal", "the readings' log"),
    ("observations-*.parquet", "archived readings"),
    ("journal-*", "the readings' journal"),
    ("outbox*.sqlite*", "the outbox"),
    ("engine-*.news", "news among workers"),
    ("*", "others"),
)
"""Patterns of names and the kind of file they are; the first that fits."""
_MOST = 16
_CHUNK = 4 * 2**20
_MANY_PLACES = 20_000
_DISTINCT_BYTES = 6
_DIGITS = 8


class Found(Struct, frozen=True):
    """How many files of each kind were looked through, and in how many of each kind something was found."""

    looked: Counter[str]
    found: Counter[str]


def look_for(data: Path, needles: Collection[bytes]) -> Found:
    """Look for any of these bytes in every file below `data`.

    A file that goes away meanwhile holds nothing; one that cannot be read counts as one in which something was found.
    """
    looked: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for file in sorted(data.rglob("*")):
        kind = next(kind for pattern, kind in KINDS if fnmatch(file.name, pattern))
        try:
            if not S_ISREG(file.lstat().st_mode):
                continue
            looked[kind] += 1
            found[kind] += _stands_in(file, needles)
        except FileNotFoundError:
            continue
        except OSError:
            found[kind] += 1
    return Found(looked, +found)


def everything(_registry: Registry, _asked: Asked, _now: int) -> bool:
    """Whatever was erased: where one process has the data for itself."""
    return True


def asked_here(registry: Registry, asked: Asked, _now: int) -> bool:
    """What was asked for in this process, which alone knows what to look for."""
    return asked.id in registry.erasures.traces


def left(registry: Registry, asked: Asked, now: int) -> bool:
    """What was asked for in a process that has not come to an end with it for a day: it is no more."""
    return asked.at < now - DAY and not asked_here(registry, asked, now)


Whose = Callable[[Registry, Asked, int], bool]
"""Which erasures a process looks for at a moment (µs)."""


def finish(registry: Registry, store: Store, data: Path, now: int, *, whose: Whose = everything) -> str:
    """Look for all that was erased and is not known yet to be gone; in words, what came of it.

    Whatever of it there still is goes first: rows by their own search, the registry by being written anew.

    Raises:
        StoreUnavailable: that cannot be done now.
    """
    with registry.erasures.looking:
        pending = [asked for asked in registry.erasures.pending() if whose(registry, asked, now)]
        return _finish(registry, store, data, now, pending) if pending else ""


def finish_new(registry: Registry, store: Store, data: Path, now: int, *, whose: Whose = everything) -> str:
    """The same as soon as something has been erased that nobody has looked for yet; else nothing.

    Raises:
        StoreUnavailable: that cannot be done now.
    """
    new = any(whose(registry, asked, now) for asked in registry.erasures.pending(new=True))
    return finish(registry, store, data, now, whose=whose) if new else ""


def _finish(registry: Registry, store: Store, data: Path, now: int, pending: list[Asked]) -> str:
    erasures = registry.erasures
    listed = {asked.id: _again(registry, store, asked) for asked in pending}
    compacted = erasures.compact()
    besides = ". ".join(filter(None, (elsewhere(store), erasures.elsewhere)))
    gone = 0
    for asked in pending:
        needles = list(_needles(erasures.traces.get(asked.id), store))
        found = look_for(data, needles)
        clean = compacted and not found.found
        erasures.looked(
            asked.id, now if clean else None,
            _told(found, needles, besides, compacted=compacted, listed=listed[asked.id]),
        )  # fmt: skip
        gone += clean
    return f"{gone} of {len(pending)} erasures are gone from every file"


def _again(registry: Registry, store: Store, asked: Asked) -> bool:
    """Erase what a hub that was killed did not come to; whether a restored backup would not bring it back."""
    rows = store.delete(asked.readings)
    if rows:
        registry.erasures.hidden(asked.id, rows)
    registry.erasures.sweep(asked)
    return registry.erasures.note(asked)


def _needles(traces: Traces | None, store: Store) -> Iterator[bytes]:
    """What to look for: eight bytes of a number in both orders, its digits where there are many, texts as they are."""
    if traces is None:
        return
    others = set(store.holds(np.array(traces.values, np.float64)).tolist()) if traces.values else set()
    values = [v for v in traces.values if v not in others and _is_like_no_other(v)]
    for value in values[:_MOST]:
        yield struct.pack("<d", value)
        yield struct.pack(">d", value)
        if sum(map(str.isdigit, repr(value))) >= _DIGITS:
            yield repr(value).encode()
    yield from traces.texts[:_MOST]


def _is_like_no_other(value: float) -> bool:
    """Whether the bytes of a number say more than those of a round one, which stand everywhere."""
    return len(set(struct.pack("<d", value))) >= _DISTINCT_BYTES


def _stands_in(file: Path, needles: Collection[bytes]) -> bool:
    overlap = max((len(n) for n in needles), default=1) - 1
    begins = np.zeros(2**16, bool)
    begins[[int.from_bytes(n[:2], "little") for n in needles]] = True
    with file.open("rb") as stream:
        last = b""
        while chunk := stream.read(_CHUNK):
            window = last + chunk
            if _found_in(window, needles, begins):
                return True
            last = window[len(window) - overlap :] if overlap else b""
    return False


def _found_in(window: bytes, needles: Collection[bytes], begins: NDArray[np.bool_]) -> bool:
    """Whether any of them stands there: all are looked for at once where two bytes are as one of them begins."""
    places: list[int] = []
    for odd in (0, 1):
        pairs = np.frombuffer(window, "<u2", max(0, len(window) - odd) // 2, odd)
        places += (2 * np.flatnonzero(begins[pairs]) + odd).tolist()
        if len(places) > _MANY_PLACES:
            return any(needle in window for needle in needles)
    some = tuple(needles)
    return any(window.startswith(some, place) for place in places)


def _told(found: Found, needles: Collection[bytes], besides: str, *, compacted: bool, listed: bool) -> str:
    where = _listing(found.looked)
    if not compacted:
        told = "not yet: the registry is being read, and could not be written anew; the hub tries again by itself"
    elif found.found:
        told = f"not yet: something of it still stands in {_listing(found.found)}; the hub tries again by itself"
    elif needles:
        told = f"looked for {len(needles)} traces in {where}: none is there"
    else:
        told = f"every row was asked for in {where}; none of it was distinctive enough to be looked for by its bytes"
    told = f"{told}. {besides}" if besides else told
    return told if listed else f"{told} (a backup from before would bring it back: retention.erased cannot be written)"


def _listing(kinds: Iterable[str]) -> str:
    counted = kinds if isinstance(kinds, Counter) else Counter(kinds)
    return ", ".join(f"{kind} ({counted[kind]})" for kind in sorted(counted)) or "no file"
