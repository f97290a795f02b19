"""How the registry's tables came to be, step by step (Alembic). Rule: a step, once released, is never changed."""
