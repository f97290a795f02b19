"""Two numbers beside the revision: by them several processes notice what another has heard or published.

Rule: it stands for itself; what `hub.registry.tables` has become since is in the steps after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "v0003"
down_revision = "v0002"


def upgrade() -> None:
    """Add them, at 0."""
    for name in ("heard", "published"):
        op.add_column("state", Column(name, BigInteger, nullable=False, server_default="0"))
