"""Supabase's own advisors find nothing to say about the migrated database."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.stack.supabase_cli import run
from tests.support.database import Database


def advice(db: Database, folder: Path) -> list[str]:
    """Lints but those that say nothing about a new database: unused indexes, closed tables of app."""
    said = run("db", "advisors", "--level", "info", dsn=db.dsn("postgres"), workdir=folder)
    lints = json.loads(said[said.index("[") :]) if "[" in said else []
    return [
        f"{lint['name']}: {lint['detail']}"
        for lint in lints
        if lint["name"] != "unused_index"
        and not (lint["name"] == "rls_enabled_no_policy" and lint["metadata"]["schema"] == "app")
    ]


def test_advisors_are_content(shared_db: Database, tmp_path: Path) -> None:
    assert advice(shared_db, tmp_path) == []


def test_advisors_see_a_planted_breach(db: Database, tmp_path: Path) -> None:
    db.admin.execute("create table public.planted (id int primary key)")
    db.admin.execute("alter table public.planted owner to postgres; grant select on public.planted to anon")
    assert any(line.startswith("rls_disabled_in_public") for line in advice(db, tmp_path))
