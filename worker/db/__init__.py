"""Postgres: the pool and the named statements."""
