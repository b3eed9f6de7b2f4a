"""Ticket numbers: no gap and no double, however many open tickets at once, and whoever gives up."""

from __future__ import annotations

import threading
import time
from functools import partial

import psycopg

from tests.integration.service.helpdesk import Helpdesk, at_once
from tests.support.actors import Actor
from tests.support.database import Cursor

AT_ONCE = 50


def open_together(desk: Helpdesk, actors: list[Actor], give_up: set[int]) -> tuple[list[int], float]:
    """A connection each, all let go at once; the numbers that were kept, and the seconds it took."""
    gate, lock = threading.Barrier(len(actors) + 1), threading.Lock()
    kept: list[int] = []

    def insert(place: int, cursor: Cursor) -> None:
        cursor.execute(
            "select number from public.create_ticket(%s, %s)", (desk.cast.workspace_id, f"Ticket {place}")
        )
        (number,) = cursor.fetchone() or (0,)
        if place in give_up:
            raise psycopg.errors.QueryCanceled("changed their mind")
        with lock:
            kept.append(number)

    def run(place: int) -> None:
        try:
            with desk.db.as_user(actors[place]) as cursor:
                gate.wait()
                insert(place, cursor)
        except psycopg.errors.QueryCanceled:
            pass

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(actors))]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.monotonic()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(kept), time.monotonic() - started


def test_fifty_at_once(desk: Helpdesk) -> None:
    actors = [desk.cast.support, desk.cast.owner] * (AT_ONCE // 2)
    numbers, seconds = open_together(desk, actors, set())
    print(f"{AT_ONCE} tickets by {AT_ONCE} connections at once: {seconds * 1000:.0f} ms")
    assert numbers == list(range(1, AT_ONCE + 1))
    assert desk.db.value("select array_agg(number order by number) from public.tickets") == numbers


def test_who_gives_up_leaves_no_gap(desk: Helpdesk) -> None:
    """Each fifth is rolled back after it got its number; somebody else gets it."""
    give_up = set(range(0, AT_ONCE, 5))
    numbers, _ = open_together(desk, [desk.cast.support] * AT_ONCE, give_up)
    assert numbers == list(range(1, AT_ONCE - len(give_up) + 1))
    assert desk.ticket()["number"] == len(numbers) + 1


def test_each_workspace_counts_for_itself(desk: Helpdesk) -> None:
    own = desk.db.value(
        "select id from public.workspaces where created_by = %s and kind = 'personal'",
        desk.cast.stranger.user_id,
    )
    assert [desk.ticket()["number"], desk.ticket()["number"]] == [1, 2]
    assert desk.ticket(desk.cast.stranger, workspace_id=own)["number"] == 1


def test_a_key_opens_once_also_at_once(desk: Helpdesk) -> None:
    assert at_once(*[partial(desk.ticket, idempotency_key="same")] * 8) == []
    assert desk.db.value("select array_agg(number) from public.tickets") == [1]
