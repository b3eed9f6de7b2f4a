"""The database as TypeScript types, for ``createClient<Database>()`` in supabase-js."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.stack.settings import PROJECT
from scripts.stack.supabase_cli import run

TYPES_FILE = PROJECT / "supabase" / "functions" / "_shared" / "database.types.ts"
_HEAD = "// Written by `lamina db types` from the migrated database. Do not edit.\n\n"


def generate(dsn: str) -> str:
    """Types of schema public, as the Supabase CLI writes them, laid out by ``deno fmt``.

    Raises SupabaseCliError, and CalledProcessError when the formatter fails.
    """
    with tempfile.TemporaryDirectory(prefix="lamina-types-") as folder:
        raw = run("gen", "types", "--lang", "typescript", "--schema", "public", dsn=dsn, workdir=Path(folder))
    return _formatted(_HEAD + raw.lstrip())


def _formatted(source: str) -> str:
    command = [str(Path(sys.prefix) / "bin" / "deno"), "fmt", "--no-config", "--ext", "ts", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
