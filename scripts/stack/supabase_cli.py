"""Runs the Supabase CLI that npm installed, against a database and nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from scripts.stack.settings import PROJECT

_PROGRAM = PROJECT / "node_modules" / ".bin" / "supabase"


class SupabaseCliError(Exception):
    """The Supabase CLI is missing or failed; the text is what it said."""


def run(*arguments: str, dsn: str, workdir: Path, timeout: float = 120) -> str:
    """Runs ``supabase <arguments> --remote=<dsn>`` in a folder that holds ``supabase/``; returns its output.

    The password travels in the environment, where other users of the machine do not see it.
    """
    if not _PROGRAM.exists():
        raise SupabaseCliError("The Supabase CLI is not installed; run: make setup")
    url, password = _without_password(dsn)
    command = [str(_PROGRAM), *arguments, f"--remote={url}", "--yes", "--workdir", str(workdir)]
    environment = {
        **os.environ,
        "PGPASSWORD": password,
        "SUPABASE_TELEMETRY_DISABLED": "1",
        "DO_NOT_TRACK": "1",
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode != 0:
        raise SupabaseCliError(done.stderr.strip() or done.stdout.strip())
    return done.stdout


def _without_password(dsn: str) -> tuple[str, str]:
    """The dsn as a URL without password, and the password."""
    parts = conninfo_to_dict(dsn)
    host, port = parts.get("host", "127.0.0.1"), parts.get("port", 5432)
    local = host in ("127.0.0.1", "localhost", "::1")
    mode = "disable" if local else parts.get("sslmode", "require")
    user, database = quote(str(parts.get("user", "postgres"))), quote(str(parts.get("dbname", "postgres")))
    return f"postgresql://{user}@{host}:{port}/{database}?sslmode={mode}", str(parts.get("password") or "")
