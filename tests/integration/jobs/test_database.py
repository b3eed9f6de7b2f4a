"""The pool: patient at start, useful again after a restart of the server."""

from __future__ import annotations

import asyncio

import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolClosed, PoolTimeout

from tests.integration.jobs.proxy import network
from tests.support.database import Database
from worker.db import pool
from worker.db.pool import Database as Pool


async def test_opening_may_be_tried_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAIT_SECONDS", 0.5)
    async with network(db.cluster.port) as wire:
        wire.fall_silent()
        database = Pool(make_conninfo(db.dsn("lamina_worker"), port=wire.port))
        with pytest.raises(PoolTimeout):
            await database.open()
        wire.open.set()
        async with database, database.connection() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_a_closed_pool_serves_nobody(db: Database) -> None:
    async with Pool(db.dsn("lamina_worker")) as database:
        pass
    with pytest.raises(PoolClosed):
        async with database.connection():
            pass


async def test_connections_that_the_server_cut_are_replaced(db: Database) -> None:
    async with Pool(db.dsn("lamina_worker"), min_size=4, max_size=4) as database:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(answer(database))
        db.admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'lamina_worker'"
        )
        failures = 0
        for _ in range(20):
            try:
                await answer(database)
            except Exception:
                failures += 1
                await asyncio.sleep(0.1)
        assert failures <= 4
        await answer(database)


async def test_a_transaction_rolls_back_on_an_exception(db: Database) -> None:
    db.admin.execute("create table public.effects ()")
    db.admin.execute("grant select, insert on public.effects to lamina_worker")
    async with Pool(db.dsn("lamina_worker")) as database:
        with pytest.raises(KeyError):
            await broken_off(database)
    assert db.value("select count(*) from public.effects") == 0


async def answer(database: Pool) -> None:
    async with database.connection() as connection:
        await connection.execute("select pg_sleep(0.05)")


async def broken_off(database: Pool) -> None:
    async with database.transaction() as connection:
        await connection.execute("insert into public.effects default values")
        raise KeyError
