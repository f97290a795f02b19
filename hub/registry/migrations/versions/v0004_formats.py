"""Where announced values come: by topic, and by a place in the payload; and which message told so.

Rule: it stands for itself; what `hub.registry.tables` has become since is in the steps after it.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, String

revision = "v0004"
down_revision = "v0003"


def upgrade() -> None:
    """Add the three columns; what was heard before has none of them."""
    for name in ("topic", "pointer", "source"):
        op.add_column("heard", Column(name, String))
