"""The sites domain's rows; every statement is in queries.sql."""

from __future__ import annotations

from worker.db.queries import load_queries

SQL = load_queries(__package__, "queries.sql")
