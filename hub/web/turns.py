"""How often somebody may write without saying who he is: so many times an hour from one address, and in all.

Rule: no address is kept, not even for the hour. It is mixed with a number that is drawn anew every hour and cut down
to a few bits, so that what is counted leads nowhere; two strangers may share a count.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock

from hub.core.grade import HOUR

_COUNTS = 4096
_EACH = 6
_ALL = 300


class Turns:
    """Counts of this hour; from any thread."""

    def __init__(self, now: Callable[[], int], each: int = _EACH, all_together: int = _ALL) -> None:
        """`now` gives µs; `each` per address and hour, `all_together` per hour."""
        self._now, self._each, self._all = now, each, all_together
        self._hour = -1
        self._mixed_with = b""
        self._counts = bytearray()
        self._lock = Lock()

    def taken(self, address: str) -> bool:
        """Whether there is a turn left for an address; it is taken then."""
        with self._lock:
            hour = self._now() // HOUR
            if hour != self._hour:
                self._hour, self._mixed_with, self._counts = hour, secrets.token_bytes(32), bytearray(_COUNTS)
            mixed = hashlib.blake2s(_network(address), key=self._mixed_with, digest_size=8).digest()
            number = int.from_bytes(mixed) % _COUNTS
            if self._counts[number] >= self._each or sum(self._counts) >= self._all:
                return False
            self._counts[number] += 1
            return True


def _network(address: str) -> bytes:
    """The part of an address that its holder cannot choose: of IPv6 the first 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address.encode()
    return parsed.packed[:8] if isinstance(parsed, IPv6Address) else parsed.packed
