"""Makes a database look like a new Supabase project's: roles, schemas, auth, storage and realtime."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from scripts.stack.cluster import Cluster, ClusterError, free_port
from scripts.stack.lite import LOGIN, Keys, lite_part
from scripts.stack.processes import Child

DefaultPrivileges = Literal["open", "closed"]
FOLDER = Path(__file__).parent
_ROLES_LOCK = 4_100_268_351  # any constant: databases of one server may be bootstrapped side by side


def bootstrap_database(
    cluster: Cluster, dbname: str, *, default_privileges: DefaultPrivileges = "open"
) -> None:
    """Creates ``dbname`` unless it exists, and fills it; nothing happens to one that has been filled before.

    ``open`` gives the API's roles everything that ``postgres`` makes in public, as older projects do.
    """
    with psycopg.connect(cluster.dsn(), autocommit=True) as server:
        server.execute("select pg_advisory_lock(%s)", (_ROLES_LOCK,))
        server.execute("select set_config('lamina.password', %s, false)", (cluster.password or "",))
        server.execute(_read("roles.sql"))
        _create_database(server, dbname)
    with psycopg.connect(cluster.dsn(dbname), autocommit=True) as database:
        if database.execute("select to_regclass('storage.objects') is not null").fetchone() == (True,):
            _check_version(database)
            return
        database.execute(_read("platform.sql"))
        _let_lite_create_its_tables(cluster, dbname)
        database.execute(_read("storage.sql"))
        database.execute(_read("schema.sql", folder="realtime"))
        if default_privileges == "open":
            database.execute(_read("default_privileges.sql"))
        comment = sql.SQL("comment on schema realtime is {}").format(sql.Literal(_version()))
        database.execute(comment)


def _version() -> str:
    """Changes with any of the files that a database is bootstrapped with."""
    digest = hashlib.sha256()
    for file in sorted([*(FOLDER / "sql").glob("*.sql"), FOLDER / "realtime" / "schema.sql"]):
        digest.update(file.read_bytes())
    return f"platform {digest.hexdigest()[:16]}"


def _check_version(database: psycopg.Connection) -> None:
    row = database.execute("select obj_description('realtime'::regnamespace)").fetchone()
    if row is None or row[0] != _version():
        raise ClusterError(
            "The local database was made by another version of the platform; run: lamina reset"
        )


def _create_database(server: psycopg.Connection, dbname: str) -> None:
    name = sql.Identifier(dbname)
    if server.execute("select from pg_database where datname = %s", (dbname,)).fetchone() is None:
        server.execute(sql.SQL("create database {}").format(name))
    server.execute(sql.SQL("alter database {} owner to postgres").format(name))
    server.execute(sql.SQL("grant create on database {} to lamina_lite").format(name))


def _let_lite_create_its_tables(cluster: Cluster, dbname: str) -> None:
    keys = Keys("sb_publishable_bootstrap", "sb_secret_bootstrap", "bootstrap-" * 5)
    with tempfile.TemporaryDirectory(prefix="lamina-") as name:
        dsn = cluster.dsn(dbname, user=LOGIN)
        part = lite_part(Path(name), dsn=dsn, port=free_port(), keys=keys, site_url="http://127.0.0.1")
        child = Child(part, Path(name))
        try:
            child.wait_until_ready()
        finally:
            child.stop()


def _read(name: str, folder: str = "sql") -> bytes:
    return (FOLDER / folder / name).read_bytes()
