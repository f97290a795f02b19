"""How many readings of each datastream were marked, and how, day by day.

Rule: it stands for itself; what `hub.registry.tables` has become since is in the steps after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

revision = "v0007"
down_revision = "v0006"
_NUMBERS = (
    "late", "late_since", "late_until", "least_delay", "most_delay", "ahead", "most_ahead", "implausible", "jump",
    "flat",
)  # fmt: skip


def upgrade() -> None:
    """Add the table; nothing was counted before."""
    op.create_table(
        "records",
        Column("datastream", Integer, nullable=False, autoincrement=False),
        Column("day", Integer, nullable=False, autoincrement=False),
        *(Column(name, BigInteger, nullable=False) for name in _NUMBERS),
        ForeignKeyConstraint(["datastream"], ["datastreams.id"], name="fk_records_datastream_datastreams"),
        PrimaryKeyConstraint("datastream", "day", name="pk_records"),
    )
