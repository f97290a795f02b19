"""The receipts of every party: written in the transaction of what they tell of, signed, each chained to the last.

Rule: rows are only added. The signing key follows from the hub's own and is kept nowhere.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select

from hub.core.receipts import Event, Matter, Signed, compose
from hub.registry import tables as t
from hub.registry.database import Database, Transaction

_ID_BYTES = 16


class Receipts:
    """Writes and reads receipts."""

    def __init__(self, database: Database, seed: bytes) -> None:
        """Sign with the Ed25519 key of this `seed` (32 bytes)."""
        self._database = database
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.hub = f"urn:barrio:hub:{hashlib.sha256(self.public_key).hexdigest()[:32]}"

    def issue(
        self, transaction: Transaction, party: int, event: Event, matter: Matter, now: int, *, nym: str | None = None
    ) -> None:
        """Give a party a receipt of something done `now` (µs); with a `nym` it is about that, not about the party."""
        c = t.receipts.c
        before = select(c.hash).where(c.party == party).order_by(c.id.desc()).limit(1)
        body = compose(
            event, matter, identifier=secrets.token_hex(_ID_BYTES), hub=self.hub, at=now,
            subject=f"urn:barrio:party:{party}" if nym is None else f"urn:barrio:fragment:{nym}",
            previous=transaction.connection.execute(before).scalar(),
        )  # fmt: skip
        signed = Signed(body, self._key.sign(body.encode()).hex())
        transaction.connection.execute(
            insert(t.receipts).values(party=party, at=now, body=body, hash=signed.hash, signature=signed.signature)
        )

    def told(self, parties: Collection[int]) -> list[dict[str, str]]:
        """All receipts of these parties, each party's in order: as signed, with hash, signature and the hub's key."""
        c = t.receipts.c
        query = select(c.party, c.body, c.hash, c.signature).where(c.party.in_(parties)).order_by(c.party, c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            {"party": str(r.party), "receipt": r.body, "hash": r.hash, "signature": r.signature,
             "key": self.public_key.hex()}
            for r in rows
        ]  # fmt: skip

    def of(self, party: int) -> list[Signed]:
        """All receipts of a party, from the first to the newest."""
        c = t.receipts.c
        with self._database.read() as connection:
            rows = connection.execute(select(c.body, c.signature).where(c.party == party).order_by(c.id))
            return [Signed(*row) for row in rows]
