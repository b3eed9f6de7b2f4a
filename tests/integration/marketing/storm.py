"""One campaign to many people while a worker is killed in the middle.

Nobody may get two mails, and whoever is called sent must have got one. What the killed worker was about to
send may end as unknown: that is shown, not repeated.

``python -m tests.integration.marketing.storm [--mails 10000] [--workers 2] [--latency 0.02] [--rate 1000]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from tests.integration.messaging.crew import Crew, crew
from tests.support.actors import Actor, give_plan, sign_up
from tests.support.sendgrid import FakeSendGrid, running_sendgrid
from worker.domains.marketing.rules import AT_ONCE

BULK_LANE = 4


class Mailroom(Crew):
    """Workers that send by SendGrid's Web API."""

    sendgrid: str = ""

    def _environment(self, port: int) -> dict[str, str]:
        mail = {
            "LAMINA_EMAIL_PROVIDER": "sendgrid",
            "SENDGRID_API_KEY": "test",
            "SENDGRID_BASE_URL": self.sendgrid,
            "LAMINA_EMAIL_FROM": "Lamina <mail@example.test>",
            "LAMINA_LANES": f"bulk={BULK_LANE},outbound=2",
        }
        return {**super()._environment(port), **mail}


@dataclass
class Storm:
    """A workspace with its people and one campaign; ``problems`` must stay empty."""

    room: Mailroom
    vendor: FakeSendGrid
    facts: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.db = psycopg.connect(self.room.state.dsn("supabase_admin"), autocommit=True)
        self.owner = sign_up(self.db, "owner")
        self.workspace = self._value(
            "select id from public.workspaces where created_by = %s", self.owner.user_id
        )
        give_plan(self.db, self.workspace, "enterprise")

    def _value(self, query: str, *parameters: Any) -> Any:
        row = self.db.execute(query.encode(), parameters or None).fetchone()
        return row[0] if row else None

    def prepare(self, mails: int, rate: float) -> UUID:
        """People who agreed, and a draft to all of them."""
        self.db.execute(
            "insert into public.contacts (workspace_id, name, email, email_consent)"
            " select %s, 'Person ' || n, format('p%%s@people.test', n), 'granted'"
            " from generate_series(1, %s) as n",
            (self.workspace, mails),
        )
        self.db.execute(
            "insert into public.marketing_settings (workspace_id, sender_name, postal_address,"
            " mails_per_second) values (%s, 'Morvan', '1 Quai du Port, Brest', %s)",
            (self.workspace, rate),
        )
        segment = self._value(
            "insert into public.segments (workspace_id, name, filter) values (%s, 'All', '{\"all\": []}')"
            " returning id",
            self.workspace,
        )
        found: UUID = self._value(
            "insert into public.campaigns (workspace_id, name, segment_id, subject, body)"
            " values (%s, 'Storm', %s, 'Hello {{first_name}}', 'Spring. [Look](https://morvan.test/)')"
            " returning id",
            self.workspace,
            segment,
        )
        return found

    async def run(self, mails: int, workers: int, rate: float) -> None:
        """Sends, kills a worker halfway, compares."""
        campaign = self.prepare(mails, rate)
        await asyncio.to_thread(self.room.hire, workers)
        began = time.monotonic()
        _as(self.db, self.owner, "select public.schedule_campaign(%s)", campaign)
        await self._arrived(mails // 2, 60 + mails / 20)
        self.room.kill_one()
        self.facts["worker killed after"] = f"{len(self.vendor.times)} mails"
        await asyncio.to_thread(self.room.hire, 1)
        await self._ended(campaign, 120 + mails / 20)
        self.facts["from the click to sent"] = f"{time.monotonic() - began:.1f} s"
        self._compare(campaign, mails)

    async def _arrived(self, count: int, patience_s: float) -> None:
        async with asyncio.timeout(patience_s):
            while len(self.vendor.times) < count:
                await asyncio.sleep(0.02)

    async def _ended(self, campaign: UUID, patience_s: float) -> None:
        async with asyncio.timeout(patience_s):
            status = "select status from public.campaigns where id = %s"
            while await asyncio.to_thread(self._value, status, campaign) != "sent":
                await asyncio.sleep(0.1)

    def _compare(self, campaign: UUID, mails: int) -> None:
        rows = self.db.execute(
            "select id::text, status from public.campaign_recipients where campaign_id = %s", (campaign,)
        ).fetchall()
        states = dict.fromkeys(sorted({status for _, status in rows}), 0)
        for _, status in rows:
            states[status] += 1
        sent = {mail for mail, status in rows if status == "sent"}
        unknown = {mail for mail, status in rows if status == "unknown"}
        arrived = set(self.vendor.taken)
        times = self.vendor.times
        self._check(len(rows) == mails, f"{len(rows)} recipients")
        self._check(set(states) <= {"sent", "unknown"}, f"recipients: {states}")
        twice = [mail for mail, count in self.vendor.taken.items() if count > 1]
        self._check(not twice, f"{len(twice)} mails were sent twice")
        self._check(max(self.vendor.addresses.values()) == 1, "an address got two mails")
        self._check(sent <= arrived, f"{len(sent - arrived)} called sent never arrived")
        self._check(arrived <= sent | unknown, "one that arrived is not known")
        self._check(len(unknown) <= AT_ONCE * BULK_LANE, f"{len(unknown)} are unknown")
        self.facts |= {
            "mails": f"{len(times)} arrived, {states}; of the unknown {len(unknown & arrived)} arrived",
            "sent twice": len(twice),
            "rate": f"{len(times) / (times[-1] - times[0]):.0f} mails a second, the killing included",
        }

    def _check(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)


def _as(database: psycopg.Connection, actor: Actor, query: str, *parameters: Any) -> None:
    with database.transaction():
        database.execute("select set_config('request.jwt.claims', %s, true)", (json.dumps(actor.claims()),))
        database.execute("set local role authenticated")
        database.execute(query.encode(), parameters)


async def storm(hired: Crew, wishes: argparse.Namespace) -> Storm:
    """Runs it against a SendGrid of its own."""
    async with running_sendgrid(wishes.latency) as vendor:
        room = Mailroom(hired.state, hired.manychat, hired.model, hired.folder, hired.workers)
        room.sendgrid = vendor.url
        found = Storm(room, vendor)
        await found.run(wishes.mails, wishes.workers, wishes.rate)
        return found


def main() -> None:
    """Prints the report; exit code 1 when there is a problem."""
    parser = argparse.ArgumentParser(prog="storm")
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.02, help="seconds until the vendor answers")
    parser.add_argument("--rate", type=float, default=1000.0, help="the workspace's limit, mails a second")
    wishes = parser.parse_args()
    with crew() as hired:
        found = asyncio.run(storm(hired, wishes))
    print("\n".join(f"{name}: {what}" for name, what in found.facts.items()))
    print("\n".join(f"PROBLEM: {problem}" for problem in found.problems))
    raise SystemExit(bool(found.problems))


if __name__ == "__main__":
    main()
