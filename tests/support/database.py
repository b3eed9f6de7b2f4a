"""A database per test, seen through the eyes of whoever the test names."""

from __future__ import annotations

import itertools
import json
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from scripts.stack.cluster import Cluster
from tests.support.actors import Actor, Cast, make_cast, sign_up
from tests.support.clusters import ROOT_VARIABLE, migrated_template, once, shared_cluster

Cursor = psycopg.Cursor[tuple[Any, ...]]
_numbers = itertools.count(1)
_finished: list[tuple[int, str]] = []


class Database:
    """One database on a test server.

    The ``as_…`` context managers yield a cursor inside a transaction of its own, with the role and the
    settings that the Data API gives a request; it commits at the end and rolls back on an exception.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self._admin: psycopg.Connection | None = None

    def dsn(self, user: str = "supabase_admin") -> str:
        """For a role that may log in: supabase_admin, postgres, authenticator, lamina_worker."""
        return self.cluster.dsn(self.name, user=user)

    @property
    def admin(self) -> psycopg.Connection:
        """A superuser connection in autocommit mode, opened at first use."""
        if self._admin is None or self._admin.closed:
            self._admin = psycopg.connect(self.dsn(), autocommit=True)
        return self._admin

    def close(self) -> None:
        if self._admin is not None:
            self._admin.close()

    @contextmanager
    def as_role(self, role: str, claims: dict[str, Any] | None = None) -> Iterator[Cursor]:
        """As the Data API runs a request: login as authenticator, then ``set local role`` and the claims."""
        with psycopg.connect(self.dsn("authenticator")) as connection, connection.cursor() as cursor:
            enter_request(cursor, role, claims)
            yield cursor

    @contextmanager
    def as_claims(self, claims: dict[str, Any]) -> Iterator[Cursor]:
        """As the holder of a verified token; the claim ``role`` names the role (default authenticated)."""
        with self.as_role(claims.get("role", "authenticated"), claims) as cursor:
            yield cursor

    @contextmanager
    def as_user(self, user: Actor | UUID | str) -> Iterator[Cursor]:
        """As a signed-in user."""
        with self.as_claims(claims_of(user)) as cursor:
            yield cursor

    @contextmanager
    def as_anon(self) -> Iterator[Cursor]:
        """As a visitor with the publishable key and no session."""
        with self.as_claims({"role": "anon"}) as cursor:
            yield cursor

    @contextmanager
    def as_service(self) -> Iterator[Cursor]:
        """As a server with the secret key."""
        with self.as_claims({"role": "service_role"}) as cursor:
            yield cursor

    @contextmanager
    def as_worker(self) -> Iterator[Cursor]:
        """As the worker: its own login role, no token."""
        with psycopg.connect(self.dsn("lamina_worker")) as connection, connection.cursor() as cursor:
            yield cursor

    def sign_up(self, name: str, **metadata: Any) -> Actor:
        """A new user, made as the platform makes one."""
        return sign_up(self.admin, name, metadata)

    def make_cast(self) -> Cast:
        """One team workspace with a member of each role, and a stranger."""
        return make_cast(self.admin)

    def value(self, query: str, *parameters: Any) -> Any:
        """First column of the first row, read as superuser; None without a row."""
        row = self.admin.execute(query.encode(), parameters or None).fetchone()
        return None if row is None else row[0]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """All rows, read as superuser."""
        return self.admin.execute(query.encode(), parameters or None).fetchall()


def enter_request(cursor: Cursor, role: str, claims: dict[str, Any] | None) -> None:
    """Sets what the Data API sets at the start of a request's transaction."""
    cursor.execute(
        "select set_config('request.jwt.claims', %s, true),"
        " set_config('search_path', 'public, extensions', true)",
        (json.dumps(claims) if claims is not None else "",),
    )
    cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))


def claims_of(user: Actor | UUID | str) -> dict[str, Any]:
    """The claims of an ordinary access token of this user."""
    if isinstance(user, Actor):
        return user.claims()
    return {"sub": str(user), "role": "authenticated", "aud": "authenticated", "aal": "aal1"}


def cast_template() -> tuple[str, Cast]:
    """Name of a migrated database with the cast in it, to be copied and never written to; and the cast."""
    cluster, source, name = shared_cluster(), migrated_template(), "template_cast"
    pickled = Path(os.environ[ROOT_VARIABLE]) / "cast.pickle"
    with once(name) as first:
        if first:
            with psycopg.connect(cluster.dsn(), autocommit=True) as server:
                copy_database(server, source, name)
            with psycopg.connect(cluster.dsn(name), autocommit=True) as admin:
                pickled.write_bytes(pickle.dumps(make_cast(admin)))
    return name, pickle.loads(pickled.read_bytes())


def copy_database(server: psycopg.Connection, template: str, name: str) -> None:
    """CREATE DATABASE … TEMPLATE, with the owner and the rights on the database, which that leaves out."""
    row = server.execute(
        "select pg_get_userbyid(datdba) from pg_database where datname = %s", (template,)
    ).fetchone()
    assert row is not None, f"no database {template}"
    source, target = sql.Identifier(template), sql.Identifier(name)
    server.execute(
        sql.SQL("create database {} template {} owner {} strategy file_copy").format(
            target, source, sql.Identifier(row[0])
        )
    )
    rights = server.execute(
        "select grantee::regrole::text, privilege_type from pg_database, aclexplode(datacl)"
        " where datname = %s and grantee <> 0 and grantee <> datdba",
        (template,),
    )
    for role, right in rights.fetchall():
        server.execute(
            sql.SQL("grant {} on database {} to {}").format(sql.SQL(right), target, sql.Identifier(role))
        )


@contextmanager
def fresh_database(cluster: Cluster | None = None, *, template: str) -> Iterator[Database]:
    """A copy of ``template``, dropped when the next is made: its last backends are gone by then."""
    cluster = cluster or shared_cluster()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(cluster.dsn(), autocommit=True) as server:
        _drop_finished(cluster, server)
        copy_database(server, template, name)
    database = Database(cluster, name)
    try:
        yield database
    finally:
        database.close()
        _finished.append((cluster.port, name))


def _drop_finished(cluster: Cluster, server: psycopg.Connection) -> None:
    """With force: a leaked connection does not keep a database."""
    for port, name in [entry for entry in _finished if entry[0] == cluster.port]:
        server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        _finished.remove((port, name))
