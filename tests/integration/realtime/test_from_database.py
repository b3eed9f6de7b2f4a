"""Broadcasts from the database: realtime.send, send_binary, broadcast_changes; catching up, replay."""

from __future__ import annotations

import asyncio
import json
import time
from uuid import uuid4

import psycopg
import pytest

from scripts.stack.realtime import database as rows
from scripts.stack.realtime.config import Limits
from scripts.stack.realtime.database import Database as Store
from tests.integration.realtime.server import POLICIES, Realtime, eventually, serving, token
from tests.support.clusters import platform_template, shared_cluster
from tests.support.database import Database, fresh_database

ANN = str(uuid4())


async def test_send_reaches_those_who_may_hear(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire() as visitor:
        await ann.joined("news", token(ANN), private=True)
        await visitor.joined("news")
        realtime.send("news", "first", '{"n": 1}')
        got = (await ann.wait("broadcast")).payload
        assert got["event"] == "first"
        assert got["payload"] == {"n": 1, "id": got["meta"]["id"]}
        realtime.send("news", "open", '{"id": "mine"}', private=False)
        assert (await visitor.wait("broadcast")).payload["payload"] == {"id": "mine"}
        assert await ann.settle() == []


async def test_only_what_is_committed_is_heard_and_in_order(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined("news", token(ANN), private=True)
        with psycopg.connect(realtime.db.dsn()) as connection:
            connection.execute("select realtime.send('{}', 'lost', 'news')")
            connection.rollback()
            for number in range(50):
                connection.execute("select realtime.send('{}', %s, 'news')", (f"e{number}",))
        heard = [(await ann.wait("broadcast")).payload["event"] for _ in range(50)]
        assert heard == [f"e{number}" for number in range(50)]


async def test_thousands_at_once_drop_nobody(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined("news", token(ANN), private=True)
        realtime.db.admin.execute(
            "select realtime.send('{}', 'e' || n, 'news') from generate_series(1, 3000) as n"
        )
        heard = [(await ann.wait("broadcast")).payload["event"] for _ in range(3000)]
        assert heard == [f"e{number}" for number in range(1, 3001)]


async def test_large_messages_arrive_and_too_large_ones_do_not(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined("news", token(ANN), private=True)
        realtime.send("news", "huge", json.dumps({"text": "x" * 300_000}))
        realtime.send("news", "large", json.dumps({"text": "ü" * 100_000}))
        got = (await ann.wait("broadcast")).payload
        assert got["event"] == "large"
        assert len(got["payload"]["text"]) == 100_000


async def test_binary(realtime: Realtime) -> None:
    async with realtime.wire() as ann, realtime.wire(version="1.0.0") as old:
        for wire in (ann, old):
            await wire.joined("news", token(ANN), private=True)
        realtime.db.admin.execute("select realtime.send_binary('\\x00ff', 'bytes', 'news')")
        realtime.send("news")
        got = (await ann.wait("broadcast")).payload
        assert (got["event"], got["payload"]) == ("bytes", b"\x00\xff")
        assert got["meta"]["id"]
        assert (await old.wait("broadcast")).payload["event"] == "news"


async def test_changes_of_a_row(realtime: Realtime) -> None:
    admin = realtime.db.admin
    admin.execute("create table public.things (id int primary key, name text)")
    admin.execute("""
        create function public.tell() returns trigger language plpgsql security definer as $$
        begin
          perform realtime.broadcast_changes('news', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
          return null;
        end $$""")
    admin.execute(
        "create trigger tell after insert or update or delete on public.things"
        " for each row execute function public.tell()"
    )
    async with realtime.wire() as ann:
        await ann.joined("news", token(ANN), private=True)
        admin.execute("insert into public.things values (1, 'one')")
        admin.execute("update public.things set name = 'eins'")
        admin.execute("delete from public.things")
        got = [(await ann.wait("broadcast")).payload for _ in range(3)]
    assert [each["event"] for each in got] == ["INSERT", "UPDATE", "DELETE"]
    one, eins = {"id": 1, "name": "one"}, {"id": 1, "name": "eins"}
    assert [(each["payload"]["record"], each["payload"]["old_record"]) for each in got] == [
        (one, None),
        (eins, one),
        (None, eins),
    ]
    assert {(each["payload"]["schema"], each["payload"]["table"]) for each in got} == {("public", "things")}


def test_changes_with_a_wrong_operation_abort(realtime_db: Database) -> None:
    for arguments in (
        "'TRUNCATE', 't', 's', null::record, null::record",
        "null, 't', 's', null::record, null::record",
        "'INSERT', 't', 's', null::record, null::record, 'STATEMENT'",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="Failed to process the row"):
            realtime_db.admin.execute(f"select realtime.broadcast_changes('t', 'e', {arguments})".encode())


def test_send_turns_errors_into_warnings(realtime_db: Database) -> None:
    warnings: list[str] = []
    realtime_db.admin.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
    realtime_db.admin.execute("select realtime.send('[]', 'e', 't')")
    with realtime_db.as_user(ANN) as cursor:
        cursor.connection.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
        cursor.execute("select realtime.send('{}', 'e', 't')")
    assert [each.split(":")[0] for each in warnings] == ["WarnSendingBroadcastMessage"] * 2
    assert realtime_db.value("select count(*) from realtime.messages") == 0


def test_a_user_reads_no_message_without_the_topic(realtime_db: Database) -> None:
    realtime_db.admin.execute("select realtime.send('{}', 'e', 'news')")
    with realtime_db.as_user(ANN) as cursor:
        assert cursor.execute("select count(*) from realtime.messages").fetchone() == (0,)


async def test_what_was_sent_during_a_break_is_heard_afterwards_and_once(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined("news", token(ANN), private=True)
        realtime.send("news", "before")
        assert (await ann.wait("broadcast")).payload["event"] == "before"
        with psycopg.connect(realtime.db.dsn()) as slow:
            slow.execute("select realtime.send('{}', 'slow', 'news')")
            realtime.db.admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and state = 'idle'"
            )
            realtime.send("news", "during")
        heard = {(await ann.wait("broadcast")).payload["event"] for _ in range(2)}
        assert heard == {"slow", "during"}
        realtime.send("news", "after")
        assert (await ann.wait("broadcast")).payload["event"] == "after"
        assert await ann.settle() == []


async def test_a_forged_notification_does_nothing(realtime: Realtime) -> None:
    async with realtime.wire() as ann:
        await ann.joined("news", token(ANN), private=True)
        for forged in ("nonsense", '{"topic": "news"}', str(uuid4()), ""):
            realtime.db.admin.execute("select pg_notify('lamina_realtime', %s)", (forged,))
        realtime.send("news", "real")
        assert (await ann.wait("broadcast")).payload["event"] == "real"


async def test_replay(realtime: Realtime) -> None:
    start = int(time.time() * 1000) - 1000
    for number in range(30):
        realtime.send("news", f"e{number}")
    realtime.send("news", "public", private=False)
    realtime.send("hall", "elsewhere")
    async with realtime.wire() as ann:
        await ann.joined("news", token(ANN), private=True, broadcast={"replay": {"since": start, "limit": 3}})
        got = [(await ann.wait("broadcast")).payload for _ in range(3)]
        assert [each["event"] for each in got] == ["e27", "e28", "e29"]
        assert all(each["meta"]["replayed"] and each["meta"]["id"] for each in got)
        await ann.joined("news", token(ANN), private=True, broadcast={"replay": {"since": start}})
        assert (await ann.wait("broadcast")).payload["event"] == "e5"
        assert len([got for got in await ann.settle() if got.event == "broadcast"]) == 24
        await ann.joined("news", token(ANN), private=True, broadcast={"replay": {"since": start + 10**7}})
        assert [got.event for got in await ann.settle()] == ["phx_close"]


@pytest.mark.parametrize("replay", [{"since": "yesterday"}, {"limit": 3}, {"since": -1}, {"since": 10**20}])
async def test_replay_of_nonsense_is_refused(realtime: Realtime, replay: dict[str, object]) -> None:
    async with realtime.wire() as ann:
        reply = await ann.join("news", token(ANN), private=True, broadcast={"replay": replay})
        assert reply["response"] == {"reason": "UnableToReplayMessages: Replay params are not valid"}
        reply = await ann.join("news", broadcast={"replay": {"since": 0}})
        assert "not allowed for public channels" in reply["response"]["reason"]


async def test_replay_is_not_for_those_who_see_presence_alone(realtime: Realtime) -> None:
    realtime.db.admin.execute(
        "create policy choir on realtime.messages for select to authenticated using"
        " ((select realtime.topic()) = 'choir' and extension = 'presence')"
    )
    async with realtime.wire() as ann:
        await ann.joined("choir", token(ANN), private=True)
        reply = await ann.join("choir", token(ANN), private=True, broadcast={"replay": {"since": 0}})
        assert reply["response"]["reason"].startswith("Unauthorized: ")
        realtime.send("choir")
        assert await ann.settle() == []


async def test_old_and_too_many_messages_go(realtime_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_KEPT", 5)
    realtime_db.admin.execute(
        "insert into realtime.messages (topic, extension, inserted_at)"
        " select 't', 'broadcast', timezone('utc', now()) - make_interval(hours => n)"
        " from generate_series(0, 9) as n"
    )
    store = Store(realtime_db.dsn())
    await store.open()
    task = asyncio.create_task(store.prune())
    await eventually(lambda: bool(realtime_db.value("select count(*) from realtime.messages") <= 6))
    task.cancel()
    await store.close()
    assert realtime_db.value("select count(*) from realtime.messages") == 6
    monkeypatch.undo()
    realtime_db.admin.execute("update realtime.messages set inserted_at = inserted_at - interval '70 hours'")
    async with serving(realtime_db, Limits()):
        await eventually(lambda: bool(realtime_db.value("select count(*) from realtime.messages") == 2))


async def test_on_postgres_16() -> None:
    with fresh_database(shared_cluster(16), template=platform_template(16)) as db:
        with psycopg.connect(db.dsn("postgres"), autocommit=True) as connection:
            connection.execute(POLICIES.encode())
        async with serving(db) as realtime, realtime.wire() as ann:
            await ann.joined("news", token(ANN), private=True)
            realtime.send("news", "first")
            assert (await ann.wait("broadcast")).payload["event"] == "first"


async def test_without_a_database_public_channels_work_and_private_ones_say_why(
    realtime_db: Database, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CONNECTION_SECONDS", 0.3)
    monkeypatch.setattr(rows, "LISTENING_SECONDS", 0.3)
    away = f"host=127.0.0.1 port={free_port} user=nobody dbname=nothing"
    async with serving(realtime_db, dsn=away) as realtime, realtime.wire() as wire:
        await wire.joined("room", broadcast={"self": True})
        await wire.push("room", "broadcast", {"event": "hi", "payload": {}})
        await wire.wait("broadcast")
        reply = await wire.join("news", token(ANN), private=True)
        assert reply["response"]["reason"].startswith("UnableToConnectToProject: ")
        async with realtime.http() as http, http.get("/realtime/v1/api/health") as answer:
            assert (answer.status, (await answer.json())["healthy"]) == (503, False)
