"""How tokens end by which a device joins or a thing is handed over, whatever they end with.

Rule: a token ends with what it was made by: with the household as it was, with all that somebody had, with a restore.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete

from hub.registry import Transaction
from hub.registry import tables as t


def end_tokens(tx: Transaction, parties: Collection[int] | None) -> None:
    """End the open tokens of these parties (None: of all), also those that things are to come to them by."""
    e, v = t.enrolments.c, t.handovers.c
    enrolments, handovers = delete(t.enrolments), delete(t.handovers)
    if parties is not None:
        enrolments = enrolments.where(e.party.in_(parties))
        handovers = handovers.where(v.giver.in_(parties) | v.taker.in_(parties))
    if tx.connection.execute(enrolments).rowcount:
        tx.changed()
    tx.connection.execute(handovers)
