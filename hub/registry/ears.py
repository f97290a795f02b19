"""What was announced under each credential: in the tables, and in memory for the decoders.

Rule: what is in memory is not older than the number it was read with; what another process has heard is read anew as
soon as that number has been seen to have grown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from threading import Lock

from sqlalchemy import delete, select

from hub.core.catalogue import Catalogue
from hub.core.places import Partition
from hub.core.reading import Announcement, Heard, Place
from hub.registry import tables as t
from hub.registry.announced import learn
from hub.registry.database import Database, read_numbers
from hub.registry.heard import news, read_heard


class Ears:
    """The announcements of one registry. Any thread may ask."""

    def __init__(self, database: Database, catalogue: Catalogue, street: Partition) -> None:
        self._database = database
        self._catalogue, self._street = catalogue, street
        self._lock = Lock()
        self._kept: dict[int, tuple[int, Heard]] = {}
        self._grown = 0

    def of(self, credential: int) -> Heard:
        """What was announced under a credential: one mapping, shared, that `remember` keeps up to date."""
        kept = self._kept.get(credential)
        if kept is not None and kept[0] >= self._grown:
            return kept[1]
        with self._database.read() as connection:
            fresh = read_numbers(connection).heard, read_heard(connection, credential)
        if self._database.within():  # it may still be taken back
            return fresh[1]
        with self._lock:
            kept = self._kept.get(credential)
            if kept is None or kept[0] < self._grown:
                self._kept[credential] = kept = fresh
        return kept[1]

    def seen(self, number: int) -> None:
        """The number of what was heard is this now: what was read before another process raised it is out of date."""
        if self._database.shared:
            self._grown = max(self._grown, number)

    def remember(
        self, credential: int, announcements: Iterable[Announcement], now: int, withdrawn: Collection[Place] = ()
    ) -> None:  # fmt: skip
        """Keep what was announced and let go of what is `withdrawn`, durable on return; `now` in µs."""
        live = self.of(credential)
        fresh = news(live, announcements)
        gone = [place for place in withdrawn if place in live]
        if not fresh and not gone:
            return
        with self._database.write() as transaction:
            if not learn(transaction, credential, fresh, gone, self._catalogue, self._street, now):
                return
            transaction.announced()
            number = transaction.raised().heard
        live.hear(fresh.values(), gone)
        with self._lock:
            kept = self._kept.get(credential)
            if kept is not None and kept[1] is live and kept[0] == number - 1:
                self._kept[credential] = number, live

    def forget(self, party: int) -> None:
        """Forget what was announced under a party's credentials, for good."""
        with self._database.write() as transaction:
            c = t.credentials.c
            mine = list(transaction.connection.execute(select(c.id).where(c.party == party)).scalars())
            transaction.connection.execute(delete(t.heard).where(t.heard.c.credential.in_(mine)))
            transaction.announced()
        for credential in mine:
            with self._lock:
                kept = self._kept.pop(credential, None)
            if kept is not None:
                kept[1].clear()
