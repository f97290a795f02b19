"""How a thing joins by a token, how it passes to another owner by one, and since when it has been his.

Rule: it stands for itself; what `hub.registry.tables` has become since is in the steps after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, String

revision = "v0005"
down_revision = "v0004"


def upgrade() -> None:
    """Make the tables; no thing that is there has come by a token."""
    op.create_table(
        "enrolments",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("hash", String, nullable=False, unique=True),
        Column("party", Integer, ForeignKey("parties.id"), nullable=False, index=True),
        Column("kind", String, nullable=False),
        Column("wire", String, nullable=False),
        Column("title", String, nullable=False),
        Column("description", String, nullable=False),
        Column("exposure", String),
        Column("lat", Float),
        Column("lon", Float),
        Column("since", BigInteger, nullable=False),
        Column("expires", BigInteger, nullable=False),
        Column("asked", Integer, nullable=False),
        Column("credential", Integer, unique=True),
        Column("user", String, nullable=False),
        Column("given", String, nullable=False),
    )
    op.create_table(
        "handovers",
        Column("hash", String, primary_key=True),
        Column("thing", Integer, ForeignKey("things.id"), nullable=False, unique=True),
        Column("giver", Integer, ForeignKey("parties.id"), nullable=False, index=True),
        Column("taker", Integer, ForeignKey("parties.id"), index=True),
        Column("since", BigInteger, nullable=False),
        Column("expires", BigInteger, nullable=False),
    )
    op.create_table(
        "tries",
        Column("party", Integer, ForeignKey("parties.id"), primary_key=True, autoincrement=False),
        Column("since", BigInteger, nullable=False),
        Column("count", Integer, nullable=False),
    )
    op.add_column("things", Column("handed", BigInteger))
