"""What the registry no longer needs: links and rests that are over, refusals and diaries that are old.

Rule: what still decides what somebody may see never goes by its age.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete

from hub.core.grade import DAY
from hub.registry import tables as t

_LONGEST_EPOCH = 400 * DAY
_RECORD_DAYS = 8


def forget_old(
    connection: Connection, now: int, *, readings: int, sealed: int, log: int, quarantine: int
) -> dict[str, int]:  # fmt: skip
    """Let go what is over at `now` or older than these moments (µs); how many rows of each kind.

    `readings`: of raw readings, so of refusals; `quarantine`: of what is nobody's yet; `sealed`: of ciphertext;
    `log`: of the diary.
    """
    old = {
        "links": delete(t.links).where(t.links.c.expires <= now),
        "tokens": delete(t.enrolments).where(t.enrolments.c.expires <= now),
        "tokens of things": delete(t.handovers).where(t.handovers.c.expires <= now),
        "rests": delete(t.rests).where(t.rests.c.until <= now),
        "withdrawals": delete(t.withdrawals).where(t.withdrawals.c.at < now - _LONGEST_EPOCH),
        "refusals": delete(t.refusals).where(t.refusals.c.at < readings),
        "messages in quarantine": delete(t.quarantine).where(t.quarantine.c.received < quarantine),
        "claims": delete(t.claims).where(t.claims.c.expires < now - DAY, t.claims.c.credential.is_(None)),
        "days of records": delete(t.records).where(t.records.c.day < now // DAY - _RECORD_DAYS),
        "sealed readings": delete(t.sealed).where(t.sealed.c.received < sealed),
        "entries of the diary": delete(t.journal).where(t.journal.c.at < log),
    }
    return {what: connection.execute(statement).rowcount for what, statement in old.items()}
