"""The real process, ``python -m worker``: starts, says how it is, keeps house, stops on a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.integration.jobs.engine import KIND, add_kind, enqueue, job
from tests.support.clusters import PROJECT
from tests.support.database import Database

SECRET = "sb_secret_that_no_log_may_show"


class Process:
    """A worker on ``db`` with its health endpoint."""

    def __init__(self, db: Database, port: int, folder: Path, **settings: str) -> None:
        parts = conninfo_to_dict(db.dsn("lamina_worker"))
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "worker.log"
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "LAMINA_DB_URL": f"postgresql://lamina_worker:hidden7@127.0.0.1:{parts['port']}/{parts['dbname']}",
            "SUPABASE_URL": "http://127.0.0.1:9",
            "SUPABASE_SECRET_KEY": SECRET,
            "LAMINA_HEALTH_PORT": str(port),
            "LAMINA_LOG_FORMAT": "json",
            **settings,
        }
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "worker"]
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stderr=log)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while self.get("/readyz")[0] != 200:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "not ready in time"
            time.sleep(0.1)


@pytest.fixture
def worker(db: Database, free_port: int, tmp_path: Path) -> Iterator[Process]:
    process = Process(db, free_port, tmp_path)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.wait()


def settled(db: Database, job_id: int) -> str:
    deadline = time.monotonic() + 30
    while job(db, job_id)["status"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return str(job(db, job_id)["status"])


def test_it_keeps_house_says_how_it_is_and_stops(db: Database, worker: Process) -> None:
    add_kind(db)
    old, new = enqueue(db), enqueue(db)
    db.admin.execute(
        "update public.jobs set status = 'succeeded', gate = 'closed',"
        " finished_at = now() - case id when %s then interval '20 days' else interval '1 day' end",
        (old,),
    )
    worker.wait_until_ready()
    assert settled(db, enqueue(db, "ops.purge_jobs")) == "succeeded"
    left = {row[0] for row in db.rows("select id from public.jobs where kind = %s", KIND)}
    assert left == {new}

    assert worker.get("/livez") == worker.get("/healthz") == (200, "ok\n")
    assert worker.get("/elsewhere")[0] == 404
    status, metrics = worker.get("/metrics")
    assert status == 200
    assert 'lamina_jobs_ended_total{ending="done",kind="ops.purge_jobs"} 1.0' in metrics

    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(30) == 0
    log = worker.log.read_text()
    assert '"worker.stopped"' in log
    assert SECRET not in log
    assert "hidden7" not in log


def test_a_refusal_of_the_database_ends_it_with_a_reason(db: Database, worker: Process) -> None:
    worker.wait_until_ready()
    db.admin.execute("revoke all on function app.claim_jobs from lamina_worker")
    add_kind(db)
    enqueue(db)
    assert worker.process.wait(30) == 3
    assert "permission denied" in worker.log.read_text().splitlines()[-1]
