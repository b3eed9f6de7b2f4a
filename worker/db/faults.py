"""Which errors of Postgres are nobody's fault and pass by themselves."""

from __future__ import annotations

import psycopg
from psycopg_pool import PoolClosed

OUTAGE_STATES = ("08", "57P", "53300")  # connection exception, operator intervention, too many connections
CONFLICT_STATES = ("40001", "40P01")  # serialization failure, deadlock detected


def is_outage(error: BaseException) -> bool:
    """The server is away, going down, starting or full: the statement may or may not have been carried out.

    A cancelled or timed-out statement (57014) is none, nor is a pool that we closed ourselves.
    """
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, PoolClosed):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(OUTAGE_STATES)


def is_conflict(error: BaseException) -> bool:
    """Two transactions met and this one had to give way: nothing was changed, try it again at once."""
    return isinstance(error, psycopg.Error) and error.sqlstate in CONFLICT_STATES
