"""How much somebody may ask of the endpoint in a time: messages of a credential, wrong passwords of an address.

Rule: time is an argument (seconds of any clock that only goes forward), and what is remembered is bounded.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

WINDOW = 60.0
_REMEMBERED = 10_000
_SITE_BITS = 64


class Bucket:
    """So many messages a second, a second's worth at once; what was read beyond that is owed and waited for."""

    __slots__ = ("_at", "_level", "_rate")

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._level = float(rate)
        self._at = now

    def spend(self, count: int, now: float) -> float:
        """Note `count` messages; give the seconds to wait before the next are read (0: none)."""
        self._level = min(float(self._rate), self._level + (now - self._at) * self._rate) - count
        self._at = now
        return max(0.0, -self._level / self._rate)


class Tries:
    """Wrong tries by key, at most `bound` in a minute."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._counts: dict[object, tuple[int, float]] = {}

    def spent(self, key: object, now: float) -> bool:
        """Whether the key has had its tries for this minute."""
        count, since = self._counts.get(key, (0, now))
        return count >= self._bound and now - since < WINDOW

    def note(self, key: object, now: float) -> None:
        """Count a wrong try. With too many keys the oldest is forgotten."""
        count, since = self._counts.get(key, (0, now))
        if now - since >= WINDOW:
            count, since = 0, now
        if key not in self._counts and len(self._counts) >= _REMEMBERED:
            del self._counts[next(iter(self._counts))]
        self._counts[key] = (count + 1, since)


def site(address: str) -> str:
    """The address as tries are counted: an IPv6 one by its /64, for a household has all of that."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((known, _SITE_BITS), strict=False)) if known.version == 6 else address  # noqa: PLR2004
