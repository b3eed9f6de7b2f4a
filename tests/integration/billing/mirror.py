"""The database's picture of Stripe: taken, put back to where it began, waited for."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from scripts.stack.state import State
from tests.support.actors import Actor, give_plan, sign_up

OWN = ["id", "observed_at", "created_at", "updated_at"]
"""Columns that tell when and by whom a row was written, and not what Stripe said."""
TABLES: dict[str, list[str]] = {
    "public.subscriptions": OWN,
    "public.invoices": OWN,
    "public.payments": OWN,
    "public.billing_sessions": ["updated_at"],
    "app.billing_customers": ["created_at"],
    "app.credits": [],
    "app.workspace_terms": ["updated_at"],
    "app.workspace_weights": [],
}
"""What events change, and the columns of each that may differ."""
EVENTS = ("app.stripe_events", "app.stripe_objects")
MOMENTS = ("fulfilled_at", "reversed_at", "deleted_at")
"""Compared by whether they are there."""

Picture = dict[str, list[dict[str, Any]]]


class Mirror:
    """Reads and writes as the superuser of the local platform."""

    def __init__(self, state: State) -> None:
        self._db = psycopg.connect(state.dsn("supabase_admin"), autocommit=True)

    def close(self) -> None:
        self._db.close()

    def new_workspaces(self, count: int, plan: str | None = None) -> tuple[Actor, list[UUID]]:
        """Workspaces of one new person."""
        owner = sign_up(self._db, f"owner-{uuid4().hex[:6]}")
        made = [self._new_workspace(owner, plan) for _ in range(count)]
        return owner, made

    def _new_workspace(self, owner: Actor, plan: str | None) -> UUID:
        row = self._db.execute(
            "insert into public.workspaces (name, kind, created_by) values ('S', 'team', %s) returning id",
            (owner.user_id,),
        ).fetchone()
        assert row is not None
        self._db.execute(
            "insert into public.workspace_members (workspace_id, user_id, role) values (%s, %s, 'owner')"
            " on conflict do nothing",
            (row[0], owner.user_id),
        )
        if plan:
            give_plan(self._db, row[0], plan)
        return UUID(str(row[0]))

    def ask(self, owner: Actor, function: str, *arguments: Any) -> UUID:
        """Calls the RPC as this person; the id of the session it begins."""
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(arguments))
        query = sql.SQL("select id from {}({})").format(sql.Identifier("public", function), marks)
        with self._db.transaction():
            self._db.execute("set local role authenticated")
            claims = json.dumps(owner.claims())
            self._db.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
            row = self._db.execute(query, arguments).fetchone()
        assert row is not None
        return UUID(str(row[0]))

    async def pages(self, sessions: list[UUID], patience_s: float = 60) -> list[str]:
        """Stripe's ids of the sessions once the worker has opened them, in their order."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            rows = self.rows(
                "select id, status, stripe_session_id from public.billing_sessions where id = any(%s)",
                sessions,
            )
            if all(row["status"] == "open" for row in rows):
                found = {row["id"]: row["stripe_session_id"] for row in rows}
                return [found[session] for session in sessions]
            await asyncio.sleep(0.1)
        raise AssertionError("the worker does not open the sessions")

    def keep(self) -> None:
        """Notes how things are now, for ``put_back``."""
        self._db.execute("drop schema if exists kept cascade; create schema kept")
        for table in TABLES:
            self._db.execute(sql.SQL("create table {} as table {}").format(_kept(table), _name(table)))

    def put_back(self) -> None:
        """As ``keep`` found it, and no event was ever heard of."""
        with self._db.transaction():
            self._db.execute("set local session_replication_role = replica")  # no triggers, no keys
            for table in (*TABLES, *EVENTS, "public.billing_notices"):
                self._db.execute(sql.SQL("delete from {}").format(_name(table)))
            for table in TABLES:
                self._db.execute(
                    sql.SQL("insert into {} overriding system value table {}").format(
                        _name(table), _kept(table)
                    )
                )

    def picture(self) -> Picture:
        """What the rows say, in an order of their own."""
        return {table: self._rows(table, without) for table, without in TABLES.items()}

    def _rows(self, table: str, without: list[str]) -> list[dict[str, Any]]:
        query = sql.SQL("select to_jsonb(t) - %s::text[] as row from {} as t").format(_name(table))
        rows: list[dict[str, Any]] = [row for (row,) in self._db.execute(query, (without,)).fetchall()]
        for row in rows:
            row.update({name: row[name] is not None for name in MOMENTS if name in row})
        return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Of any question."""
        with self._db.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters).fetchall()

    def read_at(self) -> dict[str, datetime]:
        """When the worker last began to read each object."""
        rows = self.rows("select object_id, observed_at from app.stripe_objects")
        return {row["object_id"]: row["observed_at"] for row in rows}

    def unfinished(self) -> int:
        """Events that wait to be applied."""
        (row,) = self.rows(
            "select count(*) as left from public.jobs where kind = 'billing.apply_event'"
            " and status not in ('succeeded', 'failed', 'cancelled')"
        )
        return int(row["left"])

    async def settled(self, patience_s: float = 180) -> None:
        """Until every event that came is applied."""
        deadline = time.monotonic() + patience_s
        while self.unfinished():
            assert time.monotonic() < deadline, f"{self.unfinished()} events are not applied"
            await asyncio.sleep(0.005)


def _name(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _kept(table: str) -> sql.Identifier:
    return sql.Identifier("kept", table.split(".")[1])
