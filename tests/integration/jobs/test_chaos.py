"""Workers are killed at random while 1,000 jobs run; Postgres is stopped hard for longer than a lease."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from scripts.stack.cluster import Cluster
from scripts.stack.migrate import migrate
from scripts.stack.platform import bootstrap_database
from tests.support.clusters import MIGRATIONS, PROJECT, state_folder

JOBS = 1000
WORKERS = 3
KILLS = 8
OUTAGE = 2.5  # seconds; the leases are of 2
PATIENCE = 120.0


class Span(NamedTuple):
    """One attempt as its process saw it, in seconds of the machine's monotonic clock."""

    begin: float
    end: float
    worker: str
    attempt: int


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server that may be stopped: no other test is on it. It keeps fsync, since it is stopped hard."""
    with state_folder() as folder:
        cluster = Cluster(folder / "pg")
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
        admin.execute("create table public.effects (job_id bigint)")
        admin.execute("grant insert on public.effects to lamina_worker")
        admin.execute("select app.enqueue('test.chaos') from generate_series(1, %s)", (JOBS,))


class Workers:
    """Always as many as wanted, whoever dies; ``died`` says when a process was gone for good."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._command = [sys.executable, "-m", "tests.integration.jobs.victim", dsn, str(folder)]
        self._folder = folder
        self.died: dict[str, float] = {}
        self.processes = [self._start() for _ in range(WORKERS)]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=PROJECT, stderr=subprocess.DEVNULL)

    def wait_for_a_busy_one(self) -> int:
        """A random worker that is in the middle of an attempt: on a loaded machine they start slowly."""
        deadline = time.monotonic() + PATIENCE
        while True:
            busy = [at for at, process in enumerate(self.processes) if self._is_busy(process.pid)]
            if busy:
                return random.choice(busy)
            assert time.monotonic() < deadline, "no worker runs a job"
            time.sleep(0.01)

    def _is_busy(self, pid: int) -> bool:
        diary = self._folder / str(pid)
        text = diary.read_text() if diary.exists() else ""
        return text.count("begin") > text.count("end")

    def kill_one(self) -> None:
        at = self.wait_for_a_busy_one()
        victim = self.processes[at]
        victim.kill()
        victim.wait()
        self.died[str(victim.pid)] = time.monotonic()
        self.processes[at] = self._start()

    def stop(self) -> list[int]:
        for process in self.processes:
            process.terminate()
        try:
            return [process.wait(timeout=30) for process in self.processes]
        finally:
            for process in self.processes:
                process.kill()


def unfinished(dsn: str) -> int:
    with suppress(psycopg.OperationalError), psycopg.connect(dsn) as admin:
        row = admin.execute("select count(*) from public.jobs where gate <> 'closed'").fetchone()
        return int(row[0]) if row else 0
    return JOBS


def test_every_job_ends_and_each_effect_is_there_once(cluster: Cluster, tmp_path: Path) -> None:
    dsn = cluster.dsn("chaos")
    prepare(dsn)
    workers = Workers(cluster.dsn("chaos", user="lamina_worker"), tmp_path)
    try:
        disturb(workers, cluster)
        deadline = time.monotonic() + PATIENCE
        while unfinished(dsn):
            assert time.monotonic() < deadline, f"{unfinished(dsn)} jobs did not end"
            time.sleep(0.2)
    finally:
        codes = workers.stop()
    assert codes == [0] * WORKERS
    with psycopg.connect(dsn) as admin:
        check_effects(admin)
    check_spans(spans(tmp_path, workers.died))


def disturb(workers: Workers, cluster: Cluster) -> None:
    for kill in range(KILLS):
        workers.kill_one()
        time.sleep(random.uniform(0.1, 0.5))
        if kill == KILLS // 2:
            workers.wait_for_a_busy_one()
            cluster.stop("immediate")
            time.sleep(OUTAGE)
            cluster.start()


def check_effects(admin: psycopg.Connection) -> None:
    states = dict(admin.execute("select status, count(*) from public.jobs group by 1").fetchall())
    assert states == {"succeeded": JOBS}
    effects = admin.execute("select count(*), count(distinct job_id) from public.effects").fetchone()
    assert effects == (JOBS, JOBS)


def spans(folder: Path, died: dict[str, float]) -> dict[int, list[Span]]:
    """Job → its attempts; one without an end lasted until its process was gone."""
    found: dict[int, list[Span]] = defaultdict(list)
    for diary in folder.iterdir():
        begun: dict[tuple[int, int], float] = {}
        for line in diary.read_text().splitlines():
            what, job, attempt, at = line.split()
            key = (int(job), int(attempt))
            if what == "begin":
                begun[key] = float(at)
            else:
                found[key[0]].append(Span(begun.pop(key), float(at), diary.name, key[1]))
        for (job_id, number), begin in begun.items():
            found[job_id].append(Span(begin, died[diary.name], diary.name, number))
    return found


def check_spans(found: dict[int, list[Span]]) -> None:
    assert len(found) == JOBS
    attempts = [sorted(of_one) for of_one in found.values()]
    assert any(len(of_one) > 1 for of_one in attempts), "no attempt was interrupted: nothing was disturbed"
    overlaps = [
        (earlier, later)
        for of_one in attempts
        for earlier, later in pairwise(of_one)
        if later.begin < earlier.end
    ]
    assert overlaps == []
