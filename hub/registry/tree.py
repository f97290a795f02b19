"""The log's tree: hours that are closed, the checkpoints over them, and looking whether anything was changed.

Rule: a closed batch is never opened again. Every hour closes at least one batch, filled up with padding, so that
neither the tree nor its size says whether anybody looked; the places of an hour's looks are drawn by lot.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, update

from hub.core import checkpoint, log, witness
from hub.core.checkpoint import Checkpoint, NotGenuine
from hub.core.grade import HOUR
from hub.core.witness import Batch, Proof
from hub.registry import tables as t
from hub.registry.database import Database

_LOT = secrets.SystemRandom()


class Tree:
    """The tree of one registry. Its methods block; any thread may call them."""

    def __init__(self, database: Database, sign: bytes, pad: bytes) -> None:
        """`sign` is the secret (32 bytes) that signs checkpoints, `pad` the one that padding is made with."""
        self._database = database
        self._sign, self._pad = sign, pad
        self.origin = checkpoint.origin_of(sign)
        self.key = checkpoint.verifier_key(self.origin, sign)
        self._listed = (-1, "")

    def close_hours(self, now: int) -> str:
        """Close every hour that is over at `now` (µs) and sign the head; the newest checkpoint, old or new.

        Raises:
            RegistryUnavailable: nothing was closed; try again.
        """
        hour = now // HOUR * HOUR
        with self._database.read() as connection:
            if _last_hour(connection) >= hour:
                return self.checkpoint()
        with self._database.write() as transaction:
            connection = transaction.connection
            roots = _roots(connection)
            if _last_hour(connection) < hour:
                roots += self._closed(connection, hour, len(roots))
                note = self._signed(roots)
                connection.execute(insert(t.checkpoints).values(size=len(roots) * log.BATCH, at=now, note=note))
        return self.checkpoint()

    def checkpoint(self) -> str:
        """The newest checkpoint; of a log in which no hour was closed yet, one of nothing."""
        c = t.checkpoints.c
        with self._database.read() as connection:
            note = connection.execute(select(c.note).order_by(c.size.desc()).limit(1)).scalar()
        return self._signed([]) if note is None else str(note)

    def checkpoints(self) -> list[str]:
        """All checkpoints, the oldest first."""
        c = t.checkpoints.c
        with self._database.read() as connection:
            return list(connection.execute(select(c.note).order_by(c.size)).scalars())

    def batches(self) -> list[Batch]:
        """All closed batches, in order."""
        b = t.look_batches.c
        with self._database.read() as connection:
            return [Batch(*row) for row in connection.execute(select(b.id, b.hour, b.root).order_by(b.id))]

    def listed(self) -> str:
        """The key and all batches as text (`hub.core.witness.written`); made again when there are more of them."""
        with self._database.read() as connection:
            count = int(connection.execute(select(func.count()).select_from(t.look_batches)).scalar_one())
        if self._listed[0] != count:
            self._listed = count, witness.written(self.key, self.batches())
        return self._listed[1]

    def proofs(self, looks: Sequence[int]) -> list[Proof]:
        """Proofs of entries that stand in the tree already, under the newest checkpoint; others have none yet."""
        with self._database.read() as connection:
            roots = _roots(connection)
            filled: dict[int, list[bytes]] = {}
            found = []
            for look in looks:
                e, k = t.look_entries.c, t.looks.c
                query = select(k.batch, k.position, e.salt, e.body).join(t.looks, e.look == k.id)
                row = connection.execute(query.where(e.look == look, k.batch.is_not(None))).first()
                if row is None:
                    continue
                if row.batch not in filled:
                    filled[row.batch] = log.batch(row.batch, _placed(connection, row.batch), self._pad)
                path = log.path_of(row.position, filled[row.batch], row.batch, roots)
                index, size = row.batch * log.BATCH + row.position, len(roots) * log.BATCH
                found.append(Proof(body=row.body, salt=row.salt, index=index, size=size, path=tuple(path)))
        return found

    def trouble(self) -> list[str]:
        """What of the log is not as it was written, in words without names; empty when all of it is.

        It recomputes every leaf, every batch and every checkpoint.
        """
        with self._database.read() as connection:
            told = _changed_entries(connection)
            placed = _all_placed(connection)
            stored = [Batch(*row) for row in connection.execute(select(t.look_batches).order_by(t.look_batches.c.id))]
        roots = [log.batch_root(log.batch(n, placed.get(n, {}), self._pad)) for n in range(len(stored))]
        told += [
            f"batch {b.number} is not what it was when its hour was closed"
            for b, root in zip(stored, roots, strict=True)
            if b.root != root
        ]
        try:
            witness.verified(self.key, self.checkpoints(), roots)
        except NotGenuine as error:
            told.append(str(error))
        return told

    def _closed(self, connection: Connection, hour: int, first: int) -> list[bytes]:
        """The roots of the new batches of all that was looked at before `hour` and is in none."""
        k = t.looks.c
        query = select(k.id, k.leaf).where(k.batch.is_(None), k.at < hour)
        waiting = [(int(row.id), bytes(row.leaf)) for row in connection.execute(query)]
        _LOT.shuffle(waiting)
        roots: list[bytes] = []
        for at in range(0, max(1, len(waiting)), log.BATCH):
            some, number = waiting[at : at + log.BATCH], first + len(roots)
            positions = _LOT.sample(range(log.BATCH), len(some))
            placed = {position: leaf for position, (_, leaf) in zip(positions, some, strict=True)}
            roots.append(log.batch_root(log.batch(number, placed, self._pad)))
            connection.execute(insert(t.look_batches).values(id=number, hour=hour, root=roots[-1]))
            if some:
                _place(connection, number, {look: p for p, (look, _) in zip(positions, some, strict=True)})
        return roots

    def _signed(self, roots: Sequence[bytes]) -> str:
        head = Checkpoint(self.origin, len(roots) * log.BATCH, log.root(roots))
        return checkpoint.signed(head, self._sign)


def _place(connection: Connection, number: int, positions: Mapping[int, int]) -> None:
    where = update(t.looks).where(t.looks.c.id == bindparam("look")).values(batch=number, position=bindparam("place"))
    connection.execute(where, [{"look": look, "place": place} for look, place in positions.items()])


def _roots(connection: Connection) -> list[bytes]:
    b = t.look_batches.c
    return [bytes(root) for root in connection.execute(select(b.root).order_by(b.id)).scalars()]


def _last_hour(connection: Connection) -> int:
    hour = connection.execute(select(func.max(t.look_batches.c.hour))).scalar()
    return -1 if hour is None else int(hour)


def _placed(connection: Connection, number: int) -> dict[int, bytes]:
    k = t.looks.c
    rows = connection.execute(select(k.position, k.leaf).where(k.batch == number))
    return {int(row.position): bytes(row.leaf) for row in rows}


def _all_placed(connection: Connection) -> dict[int, dict[int, bytes]]:
    k = t.looks.c
    placed: dict[int, dict[int, bytes]] = defaultdict(dict)
    for row in connection.execute(select(k.batch, k.position, k.leaf).where(k.batch.is_not(None))):
        placed[row.batch][row.position] = row.leaf
    return placed


def _changed_entries(connection: Connection) -> list[str]:
    e, k = t.look_entries.c, t.looks.c
    rows = connection.execute(select(e.salt, e.body, k.leaf).join(t.looks, e.look == k.id))
    changed = sum(log.commitment(row.salt, row.body.encode()) != row.leaf for row in rows)
    return [f"entries that were changed after they were written: {changed}"] if changed else []
