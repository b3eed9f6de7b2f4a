"""The committed TypeScript types are those of the migrated database, and supabase-js understands them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.stack.typegen import TYPES_FILE, generate
from tests.support.clusters import PROJECT
from tests.support.database import Database

USE = """
import { createClient } from "@supabase/supabase-js";
import type { Database } from "./database.types.ts";

const client = createClient<Database>("http://127.0.0.1", "key");
const { data } = await client.from("workspaces").select("COLUMN, workspace_members(role)").single();
export const role: string | undefined = data?.workspace_members[0]?.role;
export const name: string | undefined = data?.COLUMN;
"""


def type_errors(folder: Path, column: str) -> str:
    """What the TypeScript compiler says about a program that selects ``column``."""
    (folder / "database.types.ts").write_text(TYPES_FILE.read_text())
    (folder / "use.ts").write_text(USE.replace("COLUMN", column))
    (folder / "node_modules").symlink_to(PROJECT / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"]
    compiler = str(PROJECT / "node_modules" / ".bin" / "tsc")
    command = [compiler, *options, "--allowImportingTsExtensions", "use.ts"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_the_committed_file_is_current(shared_db: Database) -> None:
    assert TYPES_FILE.read_text() == generate(shared_db.dsn("postgres")), "run: lamina db types"


def test_a_changed_table_makes_the_file_stale(db: Database) -> None:
    db.admin.execute("alter table public.workspaces add column planted int")
    assert TYPES_FILE.read_text() != generate(db.dsn("postgres"))


def test_supabase_js_knows_the_columns(tmp_path: Path) -> None:
    assert type_errors(tmp_path, "name") == ""


def test_supabase_js_refuses_a_column_that_is_not_there(tmp_path: Path) -> None:
    assert "use.ts" in type_errors(tmp_path, "nonsense")


@pytest.mark.parametrize("word", ["workspaces", "create_workspace", "documents"])
def test_tables_and_functions_are_in_it(word: str) -> None:
    assert f'"{word}": {{' in TYPES_FILE.read_text()
