"""Workers are killed at random while 1,000 jobs run; Postgres is stopped hard and started in the middle."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from scripts.stack.cluster import Cluster
from scripts.stack.migrate import migrate
from scripts.stack.platform import bootstrap_database
from tests.support.clusters import MIGRATIONS, PROJECT

JOBS = 1000
WORKERS = 3
KILLS = 8
PATIENCE = 120.0


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server that may be stopped: no other test is on it. It keeps fsync, since it is stopped hard."""
    with tempfile.TemporaryDirectory(prefix="lamina-chaos-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        cluster = Cluster(Path(name) / "pg")
        cluster.start()
        try:
            bootstrap_database(cluster, "chaos")
            migrate(cluster.dsn("chaos", user="postgres"), MIGRATIONS)
            yield cluster
        finally:
            cluster.stop("immediate")


def prepare(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("alter role lamina_worker login")
        admin.execute(
            "insert into app.job_kinds (kind, lane, max_attempts) values ('test.chaos', 'bulk', 50)"
        )
        admin.execute("create table public.effects (job_id bigint, attempt int, worker text)")
        admin.execute(
            "create table public.attempts (job_id bigint, attempt int, worker text, what text,"
            " at timestamptz default clock_timestamp())"
        )
        admin.execute("grant select, insert on public.effects, public.attempts to lamina_worker")
        admin.execute("select app.enqueue('test.chaos') from generate_series(1, %s)", (JOBS,))


class Workers:
    """Always as many as wanted, whoever dies."""

    def __init__(self, dsn: str) -> None:
        self._command = [sys.executable, "-m", "tests.integration.jobs.victim", dsn]
        self.processes = [self._start() for _ in range(WORKERS)]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=PROJECT, stderr=subprocess.DEVNULL)

    def kill_one(self) -> None:
        at = random.randrange(WORKERS)
        self.processes[at].kill()
        self.processes[at].wait()
        self.processes[at] = self._start()

    def stop(self) -> list[int]:
        for process in self.processes:
            process.terminate()
        return [process.wait(timeout=30) for process in self.processes]


def unfinished(dsn: str) -> int:
    with suppress(psycopg.OperationalError), psycopg.connect(dsn) as admin:
        row = admin.execute("select count(*) from public.jobs where gate <> 'closed'").fetchone()
        return int(row[0]) if row else 0
    return JOBS


def test_every_job_ends_and_each_effect_is_there_once(cluster: Cluster) -> None:
    dsn = cluster.dsn("chaos")
    prepare(dsn)
    workers = Workers(cluster.dsn("chaos", user="lamina_worker"))
    try:
        for kill in range(KILLS):
            time.sleep(random.uniform(0.2, 0.9))
            workers.kill_one()
            if kill == KILLS // 2:
                assert unfinished(dsn) > 0, "nothing was left to disturb"
                cluster.stop("immediate")
                time.sleep(0.5)
                cluster.start()
        deadline = time.monotonic() + PATIENCE
        while unfinished(dsn):
            assert time.monotonic() < deadline, f"{unfinished(dsn)} jobs did not end"
            time.sleep(0.2)
    finally:
        codes = workers.stop()
    assert codes == [0] * WORKERS
    with psycopg.connect(dsn) as admin:
        check_effects(admin)
        check_overlaps(admin)


def check_effects(admin: psycopg.Connection) -> None:
    states = dict(admin.execute("select status, count(*) from public.jobs group by 1").fetchall())
    assert states == {"succeeded": JOBS}
    effects = admin.execute("select count(*), count(distinct job_id) from public.effects").fetchone()
    assert effects == (JOBS, JOBS)
    repeated = admin.execute("select count(*) from public.jobs where attempts > 1").fetchone()
    assert repeated is not None
    assert repeated[0] > 0, "no attempt was interrupted: the test disturbed nothing"


def check_overlaps(admin: psycopg.Connection) -> None:
    """An attempt's end is noted before the next attempt of its job begins."""
    overlaps = admin.execute(
        "select ended.job_id from public.attempts as ended"
        " join public.attempts as later on later.job_id = ended.job_id and later.attempt > ended.attempt"
        " where ended.what = 'end' and later.what = 'begin' and later.at < ended.at"
    ).fetchall()
    assert overlaps == []
    twice = admin.execute(
        "select job_id, attempt from public.attempts where what = 'begin'"
        " group by 1, 2 having count(distinct worker) > 1"
    ).fetchall()
    assert twice == []
