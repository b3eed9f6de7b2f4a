"""The people of the tests: a cast with one member of each role in one workspace, and a stranger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

MEMBER_ROLES = ("owner", "admin", "editor", "sales", "support", "marketing", "viewer")


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-up user."""

    name: str
    user_id: UUID
    email: str

    def claims(self) -> dict[str, Any]:
        return {
            "sub": str(self.user_id),
            "email": self.email,
            "role": "authenticated",
            "aud": "authenticated",
            "aal": "aal1",
        }


@dataclass(frozen=True, slots=True)
class Cast:
    """``workspace_id`` is the team workspace; the stranger is in none but their own."""

    workspace_id: UUID
    owner: Actor
    admin: Actor
    editor: Actor
    sales: Actor
    support: Actor
    marketing: Actor
    viewer: Actor
    stranger: Actor

    def members(self) -> Iterator[Actor]:
        return (getattr(self, role) for role in MEMBER_ROLES)


def sign_up(admin: psycopg.Connection, name: str, metadata: dict[str, Any] | None = None) -> Actor:
    """Inserts into auth.users as the role that owns it, like the platform's auth server, for the triggers."""
    actor = Actor(name, uuid4(), f"{name}-{uuid4().hex[:8]}@example.test")
    owner = admin.execute(
        "select tableowner from pg_tables where schemaname = 'auth' and tablename = 'users'"
    )
    (role,) = owner.fetchone() or ("supabase_admin",)
    with admin.transaction():
        admin.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        admin.execute(
            "insert into auth.users"
            " (id, aud, role, email, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)"
            " values (%s, 'authenticated', 'authenticated', %s, '{}', %s, now(), now())",
            (actor.user_id, actor.email, json.dumps(metadata or {})),
        )
    return actor


def give_plan(admin: psycopg.Connection, workspace_id: UUID, plan: str) -> None:
    """The newest version of a plan, as the platform's staff gives it."""
    admin.execute(
        "select app.give_plan(%s, (select id from public.plan_versions where plan = %s"
        " order by version desc limit 1))",
        (workspace_id, plan),
    )


def make_cast(admin: psycopg.Connection) -> Cast:
    """Signs everyone up and makes the workspace by plain inserts: other tests are about the RPC.

    The workspace is on plan enterprise, which limits nothing, with the share of the queue of everyone else.
    """
    people = {name: sign_up(admin, name) for name in (*MEMBER_ROLES, "stranger")}
    with admin.transaction():
        row = admin.execute(
            "insert into public.workspaces (name, kind, created_by)"
            " values ('The cast', 'team', %s) returning id",
            (people["owner"].user_id,),
        ).fetchone()
        assert row is not None
        give_plan(admin, row[0], "enterprise")
        admin.execute("delete from app.workspace_weights where workspace_id = %s", (row[0],))
        for role in MEMBER_ROLES:
            admin.execute(
                "insert into public.workspace_members (workspace_id, user_id, role) values (%s, %s, %s)"
                " on conflict do nothing",
                (row[0], people[role].user_id, role),
            )
    return Cast(workspace_id=row[0], **people)
