"""Worker processes killed in the middle: everything goes out, and what may count once counts once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from scripts.stack.cluster import free_port
from tests.integration.integrations.office import Office
from tests.integration.jobs.engine import until
from tests.support.clusters import PROJECT

PEOPLE = 200


@contextmanager
def worker(office: Office) -> Iterator[subprocess.Popen[bytes]]:
    """One as it is started in production, against the vendors' side of this test; killed at the end."""
    environment = {
        **os.environ,
        "LAMINA_DB_URL": url_of(office.db.dsn("lamina_worker")),
        "SUPABASE_URL": "http://127.0.0.1:9",
        "SUPABASE_SECRET_KEY": "unused",
        "LAMINA_HEALTH_PORT": str(free_port()),
        "LAMINA_LEASE_SECONDS": "2",
        "LAMINA_POLL_SECONDS": "0.3",
        "LAMINA_LLM_PROVIDER": "offline",
        "LAMINA_EMBEDDINGS_PROVIDER": "offline",
        "LAMINA_EMAIL_PROVIDER": "offline",
        "LAMINA_CRM_PROVIDER": "vendors",
        "MAILCHIMP_BASE_URL": office.vendor.url,
        "GOOGLE_ANALYTICS_BASE_URL": office.vendor.url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "worker"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def url_of(dsn: str) -> str:
    """The same as a URL, which is what settings take."""
    parts = conninfo_to_dict(dsn)
    secret = f":{quote(str(parts['password']), safe='')}" if parts.get("password") else ""
    return f"postgresql://{parts['user']}{secret}@{parts['host']}:{parts['port']}/{parts['dbname']}"


def people(office: Office) -> None:
    office.db.admin.execute(
        "insert into public.contacts (workspace_id, email, email_consent, lifecycle, created_at, updated_at)"
        " select %s, 'p' || n || '@example.test', 'granted', 'lead', now() + interval '1 day',"
        " now() - interval '1 minute' from generate_series(1, %s) as n",
        (office.cast.workspace_id, PEOPLE),
    )


async def test_an_event_is_counted_once_though_workers_are_killed(office: Office) -> None:
    office.connect("google_analytics")
    people(office)
    for enough in (40, 100):
        with worker(office):
            await until(lambda least=enough: len(office.vendor.events) >= least, 60)
    with worker(office):
        await until(lambda: len(office.records()) == PEOPLE and "sending" not in office.statuses(), 60)
        await until(office.is_idle, 60)
    told = [event["client_id"] for event in office.vendor.events]
    assert len(set(told)) == len(told)
    statuses = office.statuses()
    assert statuses.count("unknown") <= 2
    assert statuses.count("synced") == PEOPLE - statuses.count("unknown")
    assert PEOPLE - 2 <= len(told) <= PEOPLE


async def test_every_member_is_there_though_a_worker_is_killed(office: Office) -> None:
    made = office.connect("mailchimp")
    people(office)
    for number in range(PEOPLE):
        office.vendor.join(f"p{number + 1}@example.test")
    with worker(office):
        await until(lambda: sum(asked.startswith("PUT") for asked in office.vendor.asked) >= 100, 60)
    with worker(office):
        await until(lambda: office.statuses() == ["synced"] * PEOPLE, 60)
        await until(office.is_idle, 60)
    assert len(office.vendor.members) == PEOPLE
    assert {member["status"] for member in office.vendor.members.values()} == {"subscribed"}
    assert office.connection(made["connection_id"])["status"] == "active"
