"""What a command began and goes on with while others are answered: one thing at a time.

Rule: how far it is and what came of it is asked for, never sent; it stops when the hub does.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

from msgspec import Struct

from hub.backup import BackupError, Stopped, Told


class Progress(Struct, frozen=True):
    """What is being done, how much of it and of how much; once it has `ended`, what came of it or went wrong."""

    what: str = ""
    done: int = 0
    of: int = 0
    ended: bool = False
    told: str = ""
    trouble: str = ""


class Work:
    """One piece of work in a thread of its own. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self.progress = Progress(ended=True)

    def begin(self, act: Callable[[Told], str]) -> bool:
        """Begin with `act`, which says in words what it did; False while there is another at work."""
        with self._lock:
            if not self.progress.ended or self._stop.is_set():
                return False
            self.progress = Progress("beginning")
            self._thread = Thread(target=self._do, args=(act,), name="work", daemon=True)
            self._thread.start()
            return True

    def stop(self) -> None:
        """Let it end early, and wait until it has."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _do(self, act: Callable[[Told], str]) -> None:
        try:
            self.progress = Progress(ended=True, told=act(self._tell))
        except Stopped:
            self.progress = Progress(ended=True, trouble="it was stopped")
        except BackupError as error:
            self.progress = Progress(ended=True, trouble=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
            self.progress = Progress(ended=True, trouble=f"it failed ({type(error).__name__}): please report it")

    def _tell(self, what: str, done: int, of: int) -> None:
        if self._stop.is_set():
            raise Stopped
        self.progress = Progress(what, done, of)
