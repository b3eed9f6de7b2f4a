"""Gives the worker's database role a login."""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

ROLE = "lamina_worker"


def give_login(dsn: str, password: str | None = None) -> str:
    """Sets LOGIN and a password (random when None) and returns the worker's connection string.

    ``dsn`` logs in as ``postgres``. Only the password's SCRAM verifier reaches the server and its logs.
    """
    password = password or secrets.token_urlsafe(24)
    with psycopg.connect(dsn, autocommit=True) as connection:
        verifier = connection.pgconn.encrypt_password(password.encode(), ROLE.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL("alter role {} login password {}").format(
                sql.Identifier(ROLE), sql.Literal(verifier.decode())
            )
        )
    return make_conninfo(dsn, user=ROLE, password=password)
