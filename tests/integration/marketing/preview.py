"""How long the preview of a segment takes, in a workspace of many contacts among other workspaces.

Each filter is asked through the platform's door, as a browser asks, and in the database alone.
``python -m tests.integration.marketing.preview [--contacts 100000] [--others 5] [--rounds 20]``
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.types.json import Jsonb

from scripts.stack.settings import StackSettings
from scripts.stack.state import State
from scripts.stack.supervisor import delete_everything, start_detached, stop_running

LIMIT_MS = 1000
FILTERS: dict[str, Any] = {
    "everybody": {"all": []},
    "customers": {"field": "lifecycle", "op": "eq", "value": "customer"},
    "words inside": {"field": "company", "op": "contains", "value": "ompany 77"},
    "nobody": {"field": "name", "op": "eq", "value": "nobody at all"},
    "nested": {
        "all": [
            {"field": "email_consent", "op": "eq", "value": "granted"},
            {"field": "lead_score", "op": "gte", "value": 40},
            {"any": [
                {"field": "tags", "op": "has_any", "value": ["VIP", "press"]},
                {"field": "country", "op": "in", "value": ["FR", "CH"]},
            ]},
            {"not": {"field": "last_activity_at", "op": "older_than_days", "value": 90}},
        ]
    },
}  # fmt: skip

PLANT = """
insert into public.contacts (workspace_id, name, email, company, country, lifecycle, lead_score, tags,
  email_consent, last_activity_at, created_at)
select %s, 'Person ' || n, format('p%%s@people.test', n), 'Company ' || n %% 900,
  (array['FR', 'CH', 'DE', null])[1 + n %% 4], (array['subscriber', 'lead', 'customer'])[1 + n %% 3],
  nullif(n %% 101, 100),
  case n %% 10 when 0 then array['vip'] when 1 then array['Press', 'fair'] else '{}' end,
  (array['granted', 'granted', 'unknown', 'withdrawn'])[1 + n %% 4], now() - make_interval(days => n %% 200),
  now() - make_interval(mins => n)
from generate_series(1, %s) as n
"""


@contextmanager
def platform() -> Iterator[State]:
    """A platform of its own, without a worker."""
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="lamina-preview-", ignore_cleanup_errors=True)
        )
        Path(folder).chmod(0o711)
        os.environ["LAMINA_STATE_DIR"] = folder
        settings = StackSettings(lamina_port=0, lamina_db_port=0, lamina_state_dir=Path(folder))
        stack.callback(delete_everything, settings)
        stack.callback(stop_running, settings)
        yield start_detached(settings, with_worker=False)


def sign_up(client: httpx.Client, name: str) -> tuple[str, str]:
    """Token and personal workspace of a new user."""
    body = {"email": f"{name}@example.test", "password": "a password of some length"}
    token = client.post("/auth/v1/signup", json=body).raise_for_status().json()["access_token"]
    own = client.get("/rest/v1/workspaces?select=id", headers={"authorization": f"Bearer {token}"})
    return token, own.raise_for_status().json()[0]["id"]


def timed(ask: Callable[[], object], rounds: int) -> str:
    """p50 and p95 in milliseconds, after one call that is not counted."""
    ask()
    waits = []
    for _ in range(rounds):
        began = time.perf_counter()
        ask()
        waits.append(1000 * (time.perf_counter() - began))
    return f"p50 {statistics.median(waits):.0f} ms, p95 {statistics.quantiles(waits, n=20)[18]:.0f} ms"


def measure(state: State, wishes: argparse.Namespace) -> bool:
    """Prints a line for each filter; whether every median is below the limit."""
    database = psycopg.connect(state.dsn("supabase_admin"), autocommit=True)
    with httpx.Client(base_url=state.url, headers={"apikey": state.publishable_key}, timeout=60) as client:
        token, workspace = sign_up(client, "owner")
        others = [sign_up(client, f"other{number}")[1] for number in range(wishes.others)]
        for planted, count in [(workspace, wishes.contacts), *((other, wishes.theirs) for other in others)]:
            database.execute(PLANT.encode(), (planted, count))
        database.execute("analyze public.contacts")
        print(f"{wishes.contacts} contacts, {wishes.others} other workspaces of {wishes.theirs} each")
        client.headers["authorization"] = f"Bearer {token}"
        return max(_one(client, database, workspace, name, wishes.rounds) for name in FILTERS) < LIMIT_MS


def _one(client: httpx.Client, database: psycopg.Connection, workspace: str, name: str, rounds: int) -> float:
    """Prints and returns the median by the door, in milliseconds."""
    body = {"p_workspace_id": workspace, "p_filter": FILTERS[name]}
    owner = database.execute(
        "select created_by from public.workspaces where id = %s", (workspace,)
    ).fetchone()
    claims = json.dumps({"sub": str((owner or [None])[0]), "role": "authenticated"})

    def by_door() -> dict[str, Any]:
        found: dict[str, Any] = (
            client.post("/rest/v1/rpc/preview_segment", json=body).raise_for_status().json()
        )
        return found

    def inside() -> None:
        with database.transaction():
            database.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
            database.execute("set local role authenticated")
            database.execute("select public.preview_segment(%s, %s)", (workspace, Jsonb(FILTERS[name])))

    counts = {key: by_door()[key] for key in ("count", "mailable")}
    door = timed(by_door, rounds)
    print(f"{name}: {door} (in the database {timed(inside, rounds)}) {counts}")
    return float(door.split()[1])


def main() -> None:
    """Prints the figures; exit code 1 when a median is a second or more."""
    parser = argparse.ArgumentParser(prog="preview")
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=5)
    parser.add_argument("--theirs", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=20)
    wishes = parser.parse_args()
    with platform() as state:
        is_quick = measure(state, wishes)
    raise SystemExit(not is_quick)


if __name__ == "__main__":
    main()
