"""Claims of what waits behind an outside broker; what waits keeps whether it was retained, and its wish.

Rule: it stands for itself; what `hub.registry.tables` has become since is in the steps after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, String, false

revision = "v0006"
down_revision = "v0005"
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Add the table and the two columns; what waits already was new, and wished for nothing."""
    op.add_column("quarantine", Column("retained", Boolean, nullable=False, server_default=false()))
    op.add_column("quarantine", Column("wish", Integer))
    op.create_table(
        "claims",
        Column("id", _NUMBER, nullable=False),
        Column("source", Integer, nullable=False, autoincrement=False),
        Column("prefix", String, nullable=False),
        Column("party", Integer, nullable=False, autoincrement=False),
        Column("hash", String),
        Column("asked", String),
        Column("since", BigInteger, nullable=False),
        Column("expires", BigInteger, nullable=False),
        Column("ended", BigInteger),
        Column("credential", Integer, autoincrement=False),
        PrimaryKeyConstraint("id", name="pk_claims"),
        ForeignKeyConstraint(["source"], ["sources.id"], name="fk_claims_source_sources"),
        ForeignKeyConstraint(["party"], ["parties.id"], name="fk_claims_party_parties"),
        ForeignKeyConstraint(["credential"], ["credentials.id"], name="fk_claims_credential_credentials"),
    )
    op.create_index("ix_claims_source", "claims", ["source"])
    op.create_index("ix_claims_party", "claims", ["party"])
