"""1,000 notifications, each told by four at once, to a mail server that forgets, while workers are killed."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections import Counter

import psycopg
import pytest

from tests.contract.providers.mail_relay import Relay, Taken, running_relay
from tests.integration.jobs.engine import until
from tests.integration.notifications.post import Post
from tests.integration.notifications.victim import LANE
from tests.support.actors import Actor
from tests.support.clusters import PROJECT

TOLD = 1000
USERS = 20
TELLERS = 4
KILLS = (200, 500, 800)
"""A worker is killed once so many messages have arrived."""


class Workers:
    """Two at a time; who is killed is followed by another."""

    def __init__(self, post: Post, port: int) -> None:
        dsn = post.db.dsn("lamina_worker")
        self._command = [sys.executable, "-m", "tests.integration.notifications.victim", dsn, str(port)]
        self.processes = [self._start() for _ in range(2)]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=PROJECT, stderr=subprocess.DEVNULL)

    def kill_one(self) -> None:
        victim = self.processes.pop(0)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.processes.append(self._start())

    def stop(self) -> list[int]:
        for process in self.processes:
            process.terminate()
        try:
            return [process.wait(timeout=30) for process in self.processes]
        finally:
            for process in self.processes:
                process.kill()


def tell(post: Post, people: list[Actor]) -> None:
    """Every key, in a transaction of its own, as one of several who say the same at the same time."""
    with psycopg.connect(post.db.dsn(), autocommit=True) as connection:
        for number in range(TOLD):
            connection.execute(
                "select app.notify('mention', %s, null, null, %s, jsonb_build_object('text', %s::text))",
                (people[number % USERS].user_id, f"storm-{number}", f"number {number}"),
            )


@pytest.fixture
def people(post: Post) -> list[Actor]:
    found = [post.db.sign_up(f"person-{number}") for number in range(USERS)]
    for actor in found:
        post.confirm(actor)
    post.db.admin.execute("delete from public.jobs")
    return found


async def test_none_is_sent_twice_and_none_is_lost(post: Post, people: list[Actor]) -> None:
    async with running_relay() as relay:
        workers = Workers(post, relay.port)
        telling = asyncio.gather(*(asyncio.to_thread(tell, post, people) for _ in range(TELLERS)))
        try:
            for arrived in KILLS:
                await until(lambda wanted=arrived: len(relay.taken) >= wanted, 120)
                workers.kill_one()
            await telling
            await until(post.is_idle, 120)
        finally:
            codes = workers.stop()
        check(post, relay)
    assert codes == [0, 0]


def check(post: Post, relay: Relay) -> None:
    """Rows and letters tell the same; what nobody can know is listed as unknown."""
    rows = post.db.rows(
        "select data ->> 'text', status from public.notifications where kind = 'mention' order by 1"
    )
    statuses = Counter(status for _, status in rows)
    arrived = Counter(text_of(taken) for taken in relay.taken)
    sent = {text for text, status in rows if status == "sent"}
    unknown = {text for text, status in rows if status == "unknown"}
    print(f"{len(rows)} told, {len(relay.taken)} arrived, {dict(statuses)}, {len(KILLS)} workers killed")
    assert len(rows) == TOLD
    assert set(statuses) <= {"sent", "unknown"}
    assert [text for text, times in arrived.items() if times > 1] == []
    assert sent - set(arrived) == set()
    assert set(arrived) - sent <= unknown
    assert len(unknown) <= len(KILLS) * LANE


def text_of(taken: Taken) -> str:
    """What the message is about."""
    body = taken.message.get_body(("plain",))
    assert body is not None
    found = re.search("number [0-9]+", body.get_content())
    assert found
    return found[0]
