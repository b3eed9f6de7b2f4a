"""Numbers about this worker, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from time import monotonic

from prometheus_client import Counter, Gauge, Histogram

from worker.runtime.attempt import Attempt
from worker.runtime.store import LaneStats

ENDED = Counter("lamina_jobs_ended_total", "Attempts that ended.", ["kind", "ending"])
SECONDS = Histogram(
    "lamina_job_seconds",
    "Time from claim to the end's commit.",
    ["kind"],
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
RUNNING = Gauge("lamina_jobs_running", "Handlers that run now.", ["lane"])
QUEUED = Gauge("lamina_jobs_unfinished", "Unfinished jobs in the database.", ["lane", "status"])
OLDEST = Gauge("lamina_jobs_oldest_seconds", "How long the oldest unfinished job is due.", ["lane", "status"])


def show_queue(stats: Iterable[LaneStats]) -> None:
    """Unfinished jobs as the database counts them; lanes that emptied are forgotten."""
    QUEUED.clear()
    OLDEST.clear()
    for lane, status, jobs, oldest_seconds in stats:
        QUEUED.labels(lane, status).set(jobs)
        OLDEST.labels(lane, status).set(oldest_seconds)


def record_end(attempt: Attempt, ending: str) -> None:
    """An attempt's end was committed, or its lease was lost."""
    _ended(attempt.job.kind, ending).inc()
    _seconds(attempt.job.kind).observe(monotonic() - attempt.started)


@cache
def _ended(kind: str, ending: str) -> Counter:
    return ENDED.labels(kind, ending)


@cache
def _seconds(kind: str) -> Histogram:
    return SECONDS.labels(kind)
