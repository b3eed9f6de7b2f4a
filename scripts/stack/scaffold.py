"""Begins a new migration file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from scripts.stack.migrate import MigrationError, load

_TEXT = """-- Purpose:  what changes and why.
-- Risk:     locks, time and what may break.
-- Way back: the statements that undo it.
set local lock_timeout = '5s';
"""


def new_migration(folder: Path, domain: str, verb: str, now: datetime) -> Path:
    """Creates ``<utc14>_<domain>_<verb>.sql``; its version is later than every other one's.

    MigrationError when a word is not lower-case letters and underscores.
    """
    for word in (domain, verb):
        if not re.fullmatch(r"[a-z][a-z_]*", word):
            raise MigrationError(f"{word!r}: only lower-case letters and underscores")
    newest = max((int(migration.version) for migration in load(folder)), default=0)
    version = max(int(now.astimezone(UTC).strftime("%Y%m%d%H%M%S")), newest + 1)
    path = folder / f"{version}_{domain}_{verb}.sql"
    path.write_text(_TEXT, encoding="utf-8")
    return path
