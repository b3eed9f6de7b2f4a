"""Faults that a person can do something about, as one line instead of a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import typer

from scripts.demo.walk import DemoFailed
from scripts.stack.cluster import ClusterError
from scripts.stack.migrate import MigrationError
from scripts.stack.processes import PartFailed
from scripts.stack.supabase_cli import SupabaseCliError
from scripts.stack.supervisor import AlreadyRunning

EXPECTED = (
    AlreadyRunning,
    ClusterError,
    DemoFailed,
    FileNotFoundError,
    MigrationError,
    PartFailed,
    SupabaseCliError,
    psycopg.Error,
    subprocess.SubprocessError,
)


@contextmanager
def readable_errors() -> Iterator[None]:
    """Says what is wrong on stderr and ends with exit code 1."""
    try:
        yield
    except EXPECTED as error:
        print(str(error).strip(), file=sys.stderr)
        raise typer.Exit(1) from error
