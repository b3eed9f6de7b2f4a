"""``lamina jobs`` as an operator types it, on a real database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scripts.cli import app
from scripts.commands.jobs import age
from tests.support.actors import Cast
from tests.support.database import Database

KIND = "knowledge.ingest_document"


def lamina(db: Database, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["jobs", *arguments, "--db-url", db.dsn("postgres")])


def read(db: Database, *arguments: str) -> Any:
    done = lamina(db, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def enqueue(db: Database, workspace_id: object = None, **options: Any) -> int:
    values = {"dedupe": None, "ordering": None, "delay": "0 s", "kind": KIND} | options
    return int(
        db.value(
            "select app.enqueue(%s, %s, p_dedupe_key => %s, p_ordering_key => %s,"
            " p_run_at => now() + %s::interval)",
            values["kind"],
            workspace_id,
            values["dedupe"],
            values["ordering"],
            values["delay"],
        )
    )


def run(db: Database) -> int:
    """A worker takes one job."""
    return int(db.value("select id from app.claim_jobs('w', array['ingest'], array[1], array[%s], 60)", KIND))


def fail(db: Database, job: int) -> None:
    assert run(db) == job
    db.admin.execute(
        "select app.finish_jobs('w', array[%s::bigint], array[1], array['fail'], array['document.damaged'],"
        " array['Cannot be read.'], array[null::float8])",
        (job,),
    )


def status(db: Database, job: int) -> str:
    return str(db.value("select status from public.jobs where id = %s", job))


def test_list_shows_newest_first_and_filters(db: Database, cast: Cast) -> None:
    first, second = enqueue(db, cast.workspace_id), enqueue(db)
    assert [row["id"] for row in read(db, "list")] == [second, first]
    assert [row["id"] for row in read(db, "list", "-n", "1")] == [second]
    assert [row["id"] for row in read(db, "list", "--workspace", str(cast.workspace_id))] == [first]
    assert [row["id"] for row in read(db, "list", "--kind", KIND)] == [second, first]
    assert read(db, "list", "--status", "failed") == []
    assert read(db, "list", "--kind", "no.such_kind") == []
    shown = lamina(db, "list").stdout
    assert "The cast" in shown
    assert KIND in shown


def test_list_says_why_a_job_waits(db: Database) -> None:
    enqueue(db, delay="1 hour")
    enqueue(db, ordering="one")
    enqueue(db, ordering="one")
    db.admin.execute("select app.pause_provider('embeddings', now() + interval '1 hour', 'quota')")
    shown = lamina(db, "list").stdout
    assert shown.count("queued, provider paused until") == 3
    db.admin.execute("delete from app.provider_pauses")
    shown = lamina(db, "list").stdout
    assert "queued until" in shown
    assert "queued behind its predecessor" in shown


def test_list_of_nothing(db: Database) -> None:
    assert lamina(db, "list").stdout == "No jobs.\n"
    assert read(db, "list") == []


def test_show_tells_all(db: Database, cast: Cast) -> None:
    job = enqueue(db, cast.workspace_id)
    fail(db, job)
    said = read(db, "show", str(job))
    assert (said["status"], said["error_code"], said["workspace"]) == (
        "failed",
        "document.damaged",
        "The cast",
    )
    assert "Cannot be read." in lamina(db, "show", str(job)).stdout


@pytest.mark.parametrize("verb", ["show", "cancel", "retry"])
def test_an_unknown_job_is_one_line(db: Database, verb: str) -> None:
    done = lamina(db, verb, "999")
    assert done.exit_code == 1
    assert done.stderr.strip().splitlines() == [
        f"{'' if verb == 'show' else '999: '}There is no such job. (job.not_found)"
    ]


def test_cancel_stops_a_queued_job_and_asks_a_running_one(db: Database) -> None:
    running, queued = enqueue(db), enqueue(db)
    assert run(db) == running
    done = lamina(db, "cancel", str(running), str(queued))
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [f"{running}: running, asked to stop", f"{queued}: cancelled"]
    assert status(db, queued) == "cancelled"


def test_what_cannot_be_changed_does_not_hold_back_the_others(db: Database) -> None:
    ended, queued = enqueue(db), enqueue(db)
    fail(db, ended)
    done = lamina(db, "cancel", str(ended), str(queued), "--json")
    assert done.exit_code == 1
    said = {row["id"]: row for row in json.loads(done.stdout)}
    assert "already ended: it is failed" in said[ended]["error"]
    assert said[queued] == {"id": queued, "now": "cancelled", "error": None}


def test_retry_begins_anew_by_the_rules_of_the_rpc(db: Database) -> None:
    job = enqueue(db, dedupe="same")
    fail(db, job)
    assert lamina(db, "retry", str(job)).stdout == f"{job}: queued\n"
    assert db.value("select attempts from public.jobs where id = %s", job) == 0
    again = lamina(db, "retry", str(job))
    assert again.exit_code == 1
    assert "(job.not_retryable)" in again.stderr
    assert len(again.stderr.strip().splitlines()) == 1
    fail(db, job)
    enqueue(db, dedupe="same")
    assert "(job.duplicate)" in lamina(db, "retry", str(job)).stderr


def test_a_platform_job_without_workspace_can_be_retried(db: Database) -> None:
    job = enqueue(db, kind=KIND)
    assert lamina(db, "cancel", str(job)).exit_code == 0
    assert lamina(db, "retry", str(job)).exit_code == 0
    assert status(db, job) == "queued"


def test_no_database_is_one_line(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("LAMINA_ADMIN_DB_URL", raising=False)
    done = CliRunner().invoke(app, ["jobs", "list"])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "lamina up" in done.stderr


def test_age_uses_the_largest_unit_that_fits() -> None:
    assert [age(s) for s in (-1, 0, 59, 60, 3599, 3600, 86_400)] == [
        "0 s",
        "0 s",
        "59 s",
        "1 min",
        "59 min",
        "1 h",
        "1 d",
    ]
