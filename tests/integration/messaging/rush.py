"""A rush of messages from many people, with duplicates, while a worker is killed in the middle.

Every message must be kept once and answered once, each person's in order, and the vendor's limit held by all
workers together. What the killed worker was about to send may end as unknown: that is shown, not repeated.

``python -m tests.integration.messaging.rush [--messages 1000] [--contacts 100] [--workers 3] [--seed 7]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psycopg
from psycopg.rows import dict_row

from tests.integration.messaging.crew import Crew, crew
from tests.support.actors import Actor, give_plan, sign_up
from tests.support.manychat import FakeManyChat, taken

AT_ONCE = 50
LIMIT = 25
TWICE = 0.2
"""Share of the messages that come a second time, at the same time or later."""
KEY = "1234567:0123456789abcdef0123456789abcdef"


@dataclass
class Report:
    """What was seen; ``problems`` must stay empty."""

    waits: list[float] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def check(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)

    def lines(self) -> list[str]:
        """For people."""
        slow = statistics.quantiles(self.waits, n=100)[98]
        told = {"requests": len(self.waits), **self.facts}
        told["acknowledged"] = f"p50 {1000 * statistics.median(self.waits):.0f} ms, p99 {1000 * slow:.0f} ms"
        return [f"{name}: {what}" for name, what in told.items()] + [f"PROBLEM: {p}" for p in self.problems]


@dataclass
class Rush:
    """One channel on a platform; people send to its door."""

    crew: Crew
    seed: int
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        self.db = psycopg.connect(
            self.crew.state.dsn("supabase_admin"), autocommit=True, row_factory=dict_row
        )
        self.chance = random.Random(self.seed)
        made = self._channel()
        self.url = f"{self.crew.state.url}/functions/v1/manychat?channel={made['channel_id']}"
        self.headers = {"x-lamina-secret": made["secret"]}

    def _channel(self) -> dict[str, str]:
        plain = psycopg.connect(self.crew.state.dsn("supabase_admin"), autocommit=True)
        owner = sign_up(plain, "owner")
        made = plain.execute(
            "insert into public.workspaces (name, kind, created_by) values ('Rush', 'team', %s) returning id",
            (owner.user_id,),
        ).fetchone()
        assert made is not None
        member = "insert into public.workspace_members (workspace_id, user_id, role) values (%s, %s, 'owner')"
        plain.execute(member.encode() + b" on conflict do nothing", (made[0], owner.user_id))
        give_plan(plain, made[0], "enterprise")
        plain.close()
        return self._create(owner, made[0])

    def _create(self, owner: Actor, workspace_id: object) -> dict[str, str]:
        with self.db.transaction():
            self.db.execute("set local role authenticated")
            self.db.execute(
                "select set_config('request.jwt.claims', %s, true)", (json.dumps(owner.claims()),)
            )
            row = self.db.execute(
                "select public.create_channel(%s, 'WhatsApp', %s)", (workspace_id, KEY)
            ).fetchone()
        assert row is not None
        found: dict[str, str] = row["create_channel"]
        return found

    async def run(self, messages: int, contacts: int, workers: int) -> Report:
        """Sends everything, kills a worker a third of the way, and compares once all jobs have ended."""
        self.crew.hire(workers)
        began = time.monotonic()
        left = asyncio.Event()
        self.room = asyncio.Semaphore(AT_ONCE)
        async with aiohttp.ClientSession() as session:
            people = [self._person(session, person, messages // contacts) for person in range(contacts)]
            killing = asyncio.create_task(self._kill_in_the_middle(messages // 3))
            await asyncio.gather(*people)
            left.set()
        await killing
        self.crew.hire(1)
        await self._settled(60 + messages / 4)
        self.report.facts["all done after"] = f"{time.monotonic() - began:.1f} s"
        self._compare(messages, contacts)
        return self.report

    async def _person(self, session: aiohttp.ClientSession, person: int, count: int) -> None:
        """One message after another, some of them twice."""
        for number in range(count):
            copies = [self._send(session, person, number)]
            is_twice = self.chance.random() < TWICE
            if is_twice and self.chance.random() < 0.5:
                copies.append(self._send(session, person, number))
            await asyncio.gather(*copies)
            if is_twice and len(copies) == 1:
                await self._send(session, person, number)

    async def _send(self, session: aiohttp.ClientSession, person: int, number: int) -> None:
        """As ManyChat sends a contact whole; it names no message, so the moment tells them apart."""
        body = {
            "id": str(1000 + person),
            "name": f"Person {person}",
            "language": "French",
            "last_input_text": f"What is Q-{person}-{number} ?",
            "last_interaction": f"2026-11-21T08:{number // 60:02}:{number % 60:02}+00:00",
        }
        async with self.room:
            began = time.perf_counter()
            async with session.post(self.url, json=body, headers=self.headers) as answer:
                said = await answer.json(content_type=None)
            self.report.waits.append(time.perf_counter() - began)
        words = {"type": "text", "text": "OK, bien reçu"}
        wanted = {"version": "v2", "content": {"type": "whatsapp", "messages": [words]}}
        self.report.check((answer.status, said) == (200, wanted), f"answered {answer.status}: {said}")

    async def _kill_in_the_middle(self, after: int) -> None:
        while len(taken(self.crew.manychat).sends) < min(after, 100):
            await asyncio.sleep(0.2)
        self.crew.kill_one()
        self.report.facts["worker killed after"] = f"{len(taken(self.crew.manychat).sends)} replies"

    async def _settled(self, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        left = (
            "select count(*) as n from public.jobs where gate <> 'closed' and kind ~ '^(knowledge|messaging)'"
        )
        while self._rows(left)[0]["n"]:
            if time.monotonic() > deadline:
                self.report.check(False, f"{self._rows(left)[0]['n']} jobs are left")
                return
            await asyncio.sleep(0.2)

    def _compare(self, messages: int, contacts: int) -> None:
        """What is in the tables and what ManyChat took, against what was sent."""
        questions = self._rows(
            "select i.subscriber_id, array_agg(m.content order by m.seq) as texts,"
            " count(distinct m.conversation_id) as conversations"
            " from public.messages as m join public.contact_identities as i on i.contact_id = m.contact_id"
            " where m.role = 'user' group by 1"
        )
        per_person = messages // contacts
        for row in questions:
            person = int(row["subscriber_id"]) - 1000
            wanted = [f"What is Q-{person}-{number} ?" for number in range(per_person)]
            self.report.check(row["texts"] == wanted, f"person {person} wrote {row['texts']}")
            self.report.check(row["conversations"] == 1, f"person {person} has several conversations")
        self.report.check(len(questions) == contacts, f"{len(questions)} people are known")
        answers = Counter(
            row["status"] for row in self._rows("select status from public.messages where role = 'assistant'")
        )
        self.report.check(answers == {"complete": messages}, f"answers: {dict(answers)}")
        self._compare_replies(taken(self.crew.manychat), messages, contacts)

    def _compare_replies(self, vendor: FakeManyChat, messages: int, contacts: int) -> None:
        deliveries = self._rows(
            "select d.status, m.content from public.message_deliveries as d"
            " join public.messages as m on m.id = d.message_id"
        )
        states = Counter(row["status"] for row in deliveries)
        arrived = Counter(text for send in vendor.sends for text in send.texts)
        sent = {row["content"] for row in deliveries if row["status"] == "sent"}
        unknown = {row["content"] for row in deliveries if row["status"] == "unknown"}
        self.report.check(sum(states.values()) == messages, f"{sum(states.values())} deliveries")
        self.report.check(set(states) <= {"sent", "unknown"}, f"deliveries: {dict(states)}")
        self.report.check(max(arrived.values()) == 1, f"sent twice: {arrived.most_common(3)}")
        self.report.check(sent <= set(arrived), f"never arrived: {sorted(sent - set(arrived))[:5]}")
        self.report.check(
            set(arrived) <= sent | unknown, f"nobody knows: {sorted(set(arrived) - sent - unknown)[:5]}"
        )
        for person in range(contacts):
            numbers = [int(text.rsplit("-", 1)[1]) for text in vendor.texts(1000 + person)]
            self.report.check(numbers == sorted(numbers), f"person {person} read {numbers}")
        self.report.check(vendor.busiest() <= LIMIT, f"{vendor.busiest()} sends in one second")
        span = vendor.sends[-1].at - vendor.sends[0].at
        self.report.facts |= {
            "replies": f"{dict(states)}; of the unknown {len(unknown & set(arrived))} arrived",
            "busiest second": f"{vendor.busiest()} sends (limit {LIMIT})",
            "pace": f"{len(vendor.sends) / span:.1f} sends a second",
        }

    def _rows(self, query: str) -> list[dict[str, Any]]:
        return self.db.execute(query.encode()).fetchall()


def main() -> None:
    """Prints the report; exit code 1 when there is a problem."""
    parser = argparse.ArgumentParser(prog="rush")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--contacts", type=int, default=100)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    wishes = parser.parse_args()
    with crew() as hired:
        rush = Rush(hired, wishes.seed)
        report = asyncio.run(rush.run(wishes.messages, wishes.contacts, wishes.workers))
    print("\n".join(report.lines()))
    raise SystemExit(bool(report.problems))


if __name__ == "__main__":
    main()
