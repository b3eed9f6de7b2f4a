"""Faults that a person can do something about, as one line instead of a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import typer

from scripts.billing.target import NoTill
from scripts.demo.visitor import DemoFailed
from scripts.stack.cluster import ClusterError
from scripts.stack.migrate import MigrationError
from scripts.stack.processes import PartFailed
from scripts.stack.supabase_cli import SupabaseCliError
from scripts.stack.supervisor import AlreadyRunning
from worker.errors import LaminaError


class CommandFailed(Exception):
    """A command cannot do what it was asked for; the text is for people."""


EXPECTED = (
    AlreadyRunning,
    ClusterError,
    CommandFailed,
    DemoFailed,
    FileNotFoundError,
    LaminaError,
    MigrationError,
    NoTill,
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
        print(in_words(error), file=sys.stderr)
        raise typer.Exit(1) from error


def in_words(error: Exception) -> str:
    """What an expected fault says; of Postgres's answers only the sentence, with our code if it has one."""
    if not isinstance(error, psycopg.Error) or not error.diag.message_primary:
        return str(error).strip()
    is_ours = (error.sqlstate or "").startswith("PT")
    return error.diag.message_primary + (f" ({error.diag.message_detail})" if is_ours else "")
