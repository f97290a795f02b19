"""A fixed beat: something done at the same distance in time, for ever, whatever there is to do.

Rule: the beat does not follow what is measured. A beat that was missed is left out, never made up for.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator


def beats(
    every: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
) -> Iterator[None]:
    """Now, and then every so many seconds from now; without those that passed while the last was being done."""
    start, count = clock(), 0
    while True:
        wait = start + count * every - clock()
        if wait > 0:
            sleep(wait)
        yield
        count = max(count, int((clock() - start) // every)) + 1


class Pouring:
    """Lines that come whenever they come, read in a thread, taken whenever it is time."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Begin to read."""
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.over = False
        threading.Thread(target=self._pour, args=(lines,), daemon=True).start()

    def taken(self) -> list[str]:
        """What has come since the last call; `over` is set once nothing more will."""
        found: list[str] = []
        while True:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                return found
            if line is None:
                self.over = True
            else:
                found.append(line)

    def _pour(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._lines.put(line)
        self._lines.put(None)
