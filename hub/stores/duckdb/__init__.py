"""Observations in DuckDB files, one per month, and a journal of what is not in them yet: the engine ``duckdb``."""
