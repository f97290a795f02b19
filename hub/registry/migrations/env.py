"""What Alembic runs: the steps, within the transaction that `hub.registry.database` has opened."""

from __future__ import annotations

from alembic import context

from hub.registry.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
