"""``lamina doctor`` sees what is planted, in the database as in the settings, and shows no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from scripts.cli import app
from scripts.doctor.configuration import key_findings, model_findings, vendor_key_findings
from scripts.doctor.database import connect, database_findings, skew_finding
from scripts.doctor.doors import door_findings
from scripts.doctor.finding import Finding
from scripts.doctor.machine import judged
from scripts.doctor.target import PlatformSettings, Target, find_target
from scripts.doctor.worker import rights_findings, worker_findings
from tests.support.clusters import MIGRATIONS, PROJECT
from tests.support.database import Database
from worker.settings import ProviderSettings

WORKER = (PROJECT / "worker", PROJECT / "scripts" / "billing")


def database(db: Database, model: str | None = None) -> dict[str, Finding]:
    return {found.name: found for found in database_findings(db.dsn("postgres"), MIGRATIONS, model)}


def levels(found: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(finding.name, finding.level) for finding in found]


def target(db: Database, **changes: str | None) -> Target:
    url = db.dsn("lamina_worker")
    values = {"worker_url": url, "listen_url": url} | changes
    return Target(True, None, None, None, None, values["worker_url"], values["listen_url"])


def test_a_migrated_database_is_well(db: Database) -> None:
    found = database(db)
    assert {finding.level for finding in found.values()} == {"ok"}, found


@pytest.mark.parametrize(
    ("name", "level", "planted"),
    [
        ("Open to visitors", "warn", "grant select on public.roles to anon"),
        ("Open to visitors", "warn", "grant insert on public.plans to anon"),
        ("Open to visitors", "warn", "grant execute on function public.cancel_job(bigint) to public"),
        ("Without RLS", "fail", "alter table public.jobs disable row level security"),
        ("Bucket documents", "fail", "update storage.buckets set public = true"),
        ("Bucket documents", "warn", "update storage.buckets set file_size_limit = null"),
        ("Bucket documents", "warn", "update storage.buckets set allowed_mime_types = null"),
        ("pgvector", "fail", "alter extension vector set schema public"),
        (
            "Migrations",
            "fail",
            "delete from supabase_migrations.schema_migrations where version = '20261121000650'",
        ),
        (
            "Migrations",
            "warn",
            "insert into supabase_migrations.schema_migrations (version) values ('30000101000000')",
        ),
        ("Queue", "warn", "select app.enqueue('ops.purge_jobs', p_run_at => now() - interval '1 hour')"),
        ("Broadcasts", "fail", "alter table realtime.messages rename to elsewhere"),
    ],
)
def test_a_planted_fault_is_found(db: Database, name: str, level: str, planted: str) -> None:
    db.admin.execute(planted.encode())
    found = database(db)[name]
    assert found.level == level
    assert found.advice


def test_a_missing_partition_of_today_is_a_warning(db: Database) -> None:
    db.admin.execute("alter table realtime.messages rename to elsewhere")
    db.admin.execute(
        "create table realtime.messages (inserted_at timestamp) partition by range (inserted_at)"
    )
    assert database(db)["Broadcasts"].level == "warn"
    db.admin.execute(
        "do $$ begin execute format("
        "'create table realtime.messages_%s partition of realtime.messages default',"
        " to_char(timezone('utc', now()), 'YYYY_MM_DD')); end $$"
    )
    assert database(db)["Broadcasts"].level == "ok"


def test_an_empty_database_needs_migrations(platform_db: Database) -> None:
    found = database(platform_db)
    assert found["Migrations"].level == "fail"
    assert "lamina db up" in found["Migrations"].advice


def test_vectors_of_another_model_are_a_warning(db: Database) -> None:
    owner = db.sign_up("owner")
    workspace = db.value("select id from public.workspaces where created_by = %s", owner.user_id)
    db.admin.execute(
        "insert into public.documents (workspace_id, kind, title, created_by, embedding_model)"
        " values (%s, 'text', 'Old', %s, 'openai:old')",
        (workspace, owner.user_id),
    )
    found = database(db, "offline:new")["Vectors"]
    assert (found.level, "1 documents by openai:old" in found.says) == ("warn", True)
    assert database(db, "openai:old")["Vectors"].level == "ok"


def test_a_database_that_does_not_answer_is_one_finding(free_port: int) -> None:
    found = list(database_findings(f"postgresql://x@127.0.0.1:{free_port}/x", MIGRATIONS, None))
    assert levels(iter(found)) == [("Database", "fail")]
    assert "\n" not in found[0].says


def test_the_worker_may_run_all_its_statements_and_is_heard(db: Database) -> None:
    found = list(worker_findings(target(db), WORKER))
    assert {finding.level for finding in found} == {"ok"}, found
    assert [finding.name for finding in found] == ["Worker's login", "Worker's rights", "Wake-up"]


@pytest.mark.parametrize(
    ("planted", "statement"),
    [
        ("revoke insert on public.chunks from lamina_worker", "knowledge.copy_chunks"),
        ("revoke update on public.documents from lamina_worker", "knowledge.finish_document"),
        (
            "revoke execute on function app.next_wakeup(text[]) from lamina_worker",
            "runtime.seconds_to_next",
        ),
        ("revoke usage on schema app from lamina_worker", "runtime.claim"),
    ],
)
def test_a_missing_right_of_the_worker_names_the_statement(
    db: Database, planted: str, statement: str
) -> None:
    db.admin.execute(planted.encode())
    with connect(db.dsn("lamina_worker")) as connection:
        found = list(rights_findings(connection, WORKER))
    assert all(finding.level == "fail" for finding in found)
    assert any(finding.says.startswith(statement) for finding in found), found


def test_a_right_that_the_worker_does_not_use_is_a_warning(db: Database) -> None:
    db.admin.execute("grant insert on public.workspace_members to lamina_worker")
    with connect(db.dsn("lamina_worker")) as connection:
        (found,) = rights_findings(connection, WORKER)
    assert (found.level, "may write public.workspace_members" in found.says) == ("warn", True)


def test_planning_the_statements_changes_nothing(db: Database) -> None:
    job = db.value("select app.enqueue('ops.purge_jobs')")
    with connect(db.dsn("lamina_worker")) as connection:
        list(rights_findings(connection, WORKER))
    assert db.value("select status from public.jobs where id = %s", job) == "queued"


def test_a_connection_that_hears_nothing_is_found(db: Database, free_port: int) -> None:
    deaf = f"postgresql://x@127.0.0.1:{free_port}/x"
    found = list(worker_findings(target(db, listen_url=deaf), WORKER))
    assert (found[-1].name, found[-1].level) == ("Wake-up", "fail")
    polling = list(worker_findings(target(db, listen_url=None), WORKER))
    assert (polling[-1].level, "polling" in polling[-1].says) == ("ok", True)


def test_a_worker_that_logs_in_as_postgres_is_a_warning(db: Database) -> None:
    found = list(worker_findings(target(db, worker_url=db.dsn("postgres")), WORKER))
    assert (found[0].name, found[0].level) == ("Worker's login", "warn")


@pytest.mark.parametrize(
    ("kind", "key", "level"),
    [
        ("secret", "sb_secret_abc", "ok"),
        ("publishable", "sb_publishable_abc", "ok"),
        ("publishable", "sb_secret_abc", "fail"),
        ("secret", "sb_publishable_abc", "fail"),
        ("secret", " sb_secret_abc", "fail"),
        ("secret", '"sb_secret_abc"', "fail"),
        ("secret", "nonsense", "fail"),
        ("secret", "a.b.c", "fail"),
        ("secret", None, "warn"),
        ("secret", "e30.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.x", "warn"),
        ("publishable", "e30.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.x", "fail"),
    ],
)
def test_keys_are_judged_by_their_shape_and_never_shown(kind: str, key: str | None, level: str) -> None:
    (found,) = key_findings(kind, key)
    assert found.level == level
    assert "abc" not in found.says + found.advice


def test_vendor_keys_and_models() -> None:
    settings = ProviderSettings(
        openai_api_key=SecretStr("AIza-not-openai"),
        openrouter_api_key=SecretStr(" sk-or-1"),
        gemini_api_key=SecretStr("AIza1"),
        lamina_llm_provider="openai",
        lamina_llm_model="gpt-x",
        lamina_llm_allowed_models=["gpt-y"],
    )
    assert levels(vendor_key_findings(settings)) == [
        ("OPENAI_API_KEY", "warn"),
        ("OPENROUTER_API_KEY", "fail"),
    ]
    answers, _ = model_findings(settings)
    assert (answers.level, "config.model_not_allowed" in answers.says) == ("fail", True)


def test_programs_are_judged_by_version() -> None:
    assert judged("Node", "v20.1.0").level == "ok"
    assert judged("Node", "v18.20.2").level == "fail"
    assert judged("Deno", "deno 2.9.8 (stable)\nv8 1.2").level == "ok"
    assert judged("Deno", None).advice == "Install Deno 2.0 or newer."


def test_clocks_apart_are_found() -> None:
    assert [skew_finding("c", seconds).level for seconds in (0.1, -5, 60, -3600)] == [
        "ok",
        "warn",
        "fail",
        "fail",
    ]


def test_doors_that_do_not_answer_are_found(free_port: int) -> None:
    nowhere = Target(
        True, f"http://127.0.0.1:{free_port}", "sb_publishable_a", "sb_secret_b", None, None, None
    )
    assert levels(door_findings(nowhere)) == [
        (name, "fail") for name in ("Auth", "Realtime", "Data API", "Storage", "Functions")
    ]


def test_the_settings_win_over_the_local_platform() -> None:
    settings = PlatformSettings(
        _env_file=None,
        supabase_url="https://x.supabase.co/",
        lamina_db_url=SecretStr("postgresql://w"),
        lamina_db_pooled=True,
    )
    found = find_target(settings, None)
    assert found is not None
    assert (found.url, found.listen_url, found.local) == ("https://x.supabase.co", None, False)
    assert find_target(PlatformSettings(_env_file=None), None) is None


def test_without_a_platform_the_command_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAMINA_STATE_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert {"name": "Platform", "level": "fail"}.items() <= found[-1].items()
    assert "lamina up" in found[-1]["advice"]
    shown = CliRunner().invoke(app, ["doctor"])
    assert "✗ Platform" in shown.stdout
    assert "checks failed" in shown.stderr
