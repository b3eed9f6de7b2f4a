"""Which errors of Postgres pass by themselves."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from worker.db.faults import is_conflict, is_outage


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("connection refused"),
        PoolTimeout(),
        errors.AdminShutdown(),
        errors.CrashShutdown(),
        errors.CannotConnectNow(),
        errors.ConnectionFailure(),
        errors.TooManyConnections(),
    ],
)
def test_outages(error: Exception) -> None:
    assert is_outage(error)
    assert not is_conflict(error)


@pytest.mark.parametrize("error", [errors.DeadlockDetected(), errors.SerializationFailure()])
def test_conflicts(error: Exception) -> None:
    assert is_conflict(error)
    assert not is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.QueryCanceled(),
        errors.UniqueViolation(),
        errors.UndefinedFunction(),
        errors.DiskFull(),
        PoolClosed(),
        OSError(),
    ],
)
def test_neither(error: Exception) -> None:
    assert not is_outage(error)
    assert not is_conflict(error)
