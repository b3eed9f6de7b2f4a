"""How soon the door of Stripe's webhooks says 200, and what the edge itself costs."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
import psutil
import psycopg

from bench.harness import FOLDER, Result, in_turn, result
from scripts.stack.cluster import Cluster, free_port
from scripts.stack.functions import functions_command
from scripts.stack.parts import server_environment
from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State
from scripts.stack.supervisor import delete_everything, reload_doors, start_detached, stop_running
from tests.support.functions import project_with
from tests.support.stripe_events import encoded, signature, snapshot, webhook_secret

DELIVERIES = 1_000
AT_ONCE = 50
CUSTOMERS = 50
BARE_TABLE = (
    "create table public.bare_events (id text primary key, event jsonb not null);"
    " grant select, insert on public.bare_events to service_role"
)


def measure(cluster: Cluster, rounds: int) -> list[Result]:
    """All of this file, on a platform of its own where nobody works off the jobs; ``cluster`` stays unused."""
    with _platform() as (settings, state):
        ack = _ack(state, rounds)
        with _edge(settings, state) as edge:
            return [*ack, _edge_work(edge, rounds)]


def _ack(state: State, rounds: int) -> list[Result]:
    """Milliseconds from sending a delivery to its 200, through the one URL of all doors."""
    url = f"{state.url}/functions/v1/stripe"
    secret = webhook_secret(state)
    medians: list[float] = []

    def slowest() -> float:
        events = _events()
        waits = asyncio.run(_deliver(url, secret, events))
        assert _kept(state, events) == len(events), "an acknowledged event is lost"
        medians.append(1000 * statistics.median(waits))
        return 1000 * statistics.quantiles(waits, n=100)[98]

    name = f"webhook ack, {AT_ONCE} at once, {DELIVERIES:,} deliveries"
    p99 = result(f"{name}, p99", "ms", in_turn(rounds, slowest), "< 1,000 ms", lambda m: m["lamina"] < 1000)
    return [result(f"{name}, p50", "ms", {"lamina": medians}), p99]


def _edge_work(edge: Edge, rounds: int) -> Result:
    """Milliseconds of processor time of the functions' process for one delivery, once both are warm."""
    for name in ("stripe", "bare"):
        edge.cost(name)
    return result(
        "webhook, the edge's own work",
        "ms",
        in_turn(rounds, lambda: edge.cost("stripe"), {"bare handler, one insert": lambda: edge.cost("bare")}),
        "≤ 1.5 × bare",
        lambda m: m["lamina"] <= 1.5 * m["bare handler, one insert"],
    )


@dataclass(frozen=True)
class Edge:
    """One process that serves our door and a bare one, side by side."""

    process: psutil.Process
    url: str
    secret: str

    def cost(self, name: str) -> float:
        """Of one delivery among many."""
        events = _events()
        before = self._processor_seconds()
        asyncio.run(_deliver(f"{self.url}/{name}", self.secret, events))
        return 1000 * (self._processor_seconds() - before) / len(events)

    def _processor_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def _platform() -> Iterator[tuple[StackSettings, State]]:
    before = os.environ.get("LAMINA_STATE_DIR")
    with tempfile.TemporaryDirectory(prefix="lamina-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        os.environ["LAMINA_STATE_DIR"] = name
        settings = StackSettings(lamina_port=0, lamina_db_port=0, lamina_state_dir=Path(name))
        try:
            yield settings, start_detached(settings, with_worker=False)
        finally:
            stop_running(settings)
            delete_everything(settings)
            os.environ.pop("LAMINA_STATE_DIR")
            os.environ |= {} if before is None else {"LAMINA_STATE_DIR": before}


@contextmanager
def _edge(settings: StackSettings, state: State) -> Iterator[Edge]:
    with psycopg.connect(state.db_url, autocommit=True) as admin:
        admin.execute(BARE_TABLE)
    reload_doors(settings)
    secret, port = webhook_secret(state), free_port()
    with tempfile.TemporaryDirectory(prefix="lamina-bench-") as name:
        project = project_with(Path(name), {"bare": (FOLDER / "bare_webhook.ts").read_text("utf-8")})
        for folder in ("_shared", "stripe"):
            shutil.copytree(
                PROJECT / "supabase" / "functions" / folder, project / "supabase" / "functions" / folder
            )
        environment = server_environment(state) | {"STRIPE_WEBHOOK_SECRET": secret}
        command, variables = functions_command(project, port, environment)
        process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
        try:
            edge = Edge(psutil.Process(process.pid), f"http://127.0.0.1:{port}/functions/v1", secret)
            _warm_up(edge)
            yield edge
        finally:
            process.terminate()
            process.wait(timeout=10)


def _warm_up(edge: Edge, patience_s: float = 60) -> None:
    """Until both doors have taken a few deliveries: both are compiled, and the new table is known."""
    deadline, taken = time.monotonic() + patience_s, 0
    while taken < 20:
        assert time.monotonic() < deadline, "the doors do not take deliveries"
        statuses = [_status(edge, name) for name in ("stripe", "bare")]
        taken += statuses == [200, 200]
        time.sleep(0.02)


def _status(edge: Edge, name: str) -> int:
    body = encoded(_event(0))
    headers = {"stripe-signature": signature(body, edge.secret)}
    try:
        return httpx.post(f"{edge.url}/{name}", content=body, headers=headers, trust_env=False).status_code
    except httpx.TransportError:
        return 0


def _events() -> list[dict[str, Any]]:
    return [_event(number) for number in range(DELIVERIES)]


def _event(number: int) -> dict[str, Any]:
    """Of an invoice with a few lines, about 4 KB."""
    lines = [
        {"id": f"il_{line}", "amount": 100 * line, "description": "Documents " * 20} for line in range(8)
    ]
    about = {"id": f"in_{uuid4().hex}", "object": "invoice", "customer": f"cus_bench_{number % CUSTOMERS}"}
    return snapshot("invoice.paid", {**about, "lines": {"object": "list", "data": lines}})


def _kept(state: State, events: list[dict[str, Any]]) -> int:
    with psycopg.connect(state.db_url) as admin:
        row = admin.execute(
            "select count(*) from app.stripe_events where event_id = any(%s)",
            ([event["id"] for event in events],),
        ).fetchone()
    return int(row[0]) if row else 0


async def _deliver(url: str, secret: str, events: list[dict[str, Any]]) -> list[float]:
    """Sends all of them, so many at once; seconds until each was acknowledged."""
    bodies = [encoded(event) for event in events]
    left = iter([(body, {"stripe-signature": signature(body, secret)}) for body in bodies])
    waits: list[float] = []

    async def sender(session: aiohttp.ClientSession) -> None:
        for body, headers in left:
            began = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                assert answer.status == 200, answer.status
            waits.append(time.perf_counter() - began)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        await asyncio.gather(*(sender(session) for _ in range(AT_ONCE)))
    return waits
