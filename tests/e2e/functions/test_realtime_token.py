"""The door of realtime voice: a session's token from a provider on this machine, and without one."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from scripts.stack.cluster import free_port
from scripts.stack.parts import server_environment
from scripts.stack.state import State
from tests.support.actors import give_plan
from tests.support.clusters import PROJECT
from tests.support.functions import project_with, serving

EXPIRES = 1_900_000_000


@dataclass
class Provider:
    """Answers like OpenAI's client secrets; `status` other than 200 refuses."""

    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        key = handler.headers["authorization"]
        self.asked.append({"path": handler.path, "key": key, **body})
        said = {"value": "ek_test", "expires_at": EXPIRES} if self.status == 200 else {"error": {}}
        handler.send_response(self.status)
        handler.end_headers()
        handler.wfile.write(json.dumps(said).encode())


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    kind = type("Handler", (BaseHTTPRequestHandler,), {"do_POST": lambda self: made.answer(self)})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/v1"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def door(
    stack: State, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """The function as it is, with a key and the provider's address."""
    project = project_with(tmp_path_factory.mktemp("functions"), {})
    for name in ("_shared", "realtime-token"):
        source = PROJECT / "supabase" / "functions" / name
        shutil.copytree(source, project / "supabase" / "functions" / name)
    given = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.url}
    with serving(project, free_port(), server_environment(stack) | given) as client:
        yield client


@dataclass(frozen=True)
class Session:
    headers: dict[str, str]
    workspace_id: str


@pytest.fixture
def session(stack: State) -> Session:
    """A new user's, with the personal workspace, on a plan that has realtime voice."""
    key = {"apikey": stack.publishable_key}
    email = f"realtime-{uuid4().hex[:8]}@example.test"
    said = httpx.post(
        f"{stack.url}/auth/v1/signup",
        headers=key,
        json={"email": email, "password": "correct horse battery"},
    ).json()
    headers = key | {"authorization": f"Bearer {said['access_token']}"}
    rows = httpx.get(f"{stack.url}/rest/v1/workspaces?select=id", headers=headers).json()
    follow(stack, rows[0]["id"], "starter")
    return Session(headers, rows[0]["id"])


def follow(stack: State, workspace_id: str, plan: str) -> None:
    with psycopg.connect(stack.db_url, autocommit=True) as connection:
        give_plan(connection, UUID(workspace_id), plan)


def used(stack: State, workspace_id: str) -> list[tuple[int, str]]:
    """Voice seconds in the ledger."""
    with psycopg.connect(stack.db_url, autocommit=True) as connection:
        return connection.execute(
            "select quantity::int, status from public.usage_ledger"
            " where workspace_id = %s and metric = 'voice_seconds' order by id",
            (workspace_id,),
        ).fetchall()


def ask(client: httpx.Client, session: Session, workspace_id: str | None = None) -> httpx.Response:
    body = {"workspace_id": workspace_id or session.workspace_id}
    return client.post("realtime-token", json=body, headers=session.headers)


def test_a_member_gets_a_token(
    stack: State, door: httpx.Client, provider: Provider, session: Session
) -> None:
    response = ask(door, session)
    assert response.status_code == 200, response.text
    assert response.json() == {
        "token": "ek_test",
        "expires_at": EXPIRES,
        "model": "gpt-realtime-2.1-mini",
        "url": f"{provider.url}/realtime/calls",
        "seconds": 600,
    }
    assert response.headers["access-control-allow-origin"] == "*"
    (asked,) = provider.asked
    assert (asked["path"], asked["key"]) == ("/v1/realtime/client_secrets", "Bearer sk-test")
    assert asked["expires_after"] == {"anchor": "created_at", "seconds": 60}
    assert used(stack, session.workspace_id) == [(600, "committed")]


def test_refused_by_the_provider_it_costs_nothing(
    stack: State, door: httpx.Client, provider: Provider, session: Session
) -> None:
    for status, said in ((401, (502, "realtime.refused")), (429, (503, "realtime.unavailable"))):
        provider.status = status
        response = ask(door, session)
        assert (response.status_code, response.json()["code"]) == said
    assert used(stack, session.workspace_id) == [(600, "released"), (600, "released")]


def test_one_token_at_a_time_and_none_on_the_plan_free(
    stack: State, door: httpx.Client, provider: Provider, session: Session
) -> None:
    follow(stack, session.workspace_id, "free")
    response = ask(door, session)
    assert (response.status_code, response.json()["code"]) == (402, "plan.not_entitled")
    follow(stack, session.workspace_id, "starter")
    assert ask(door, session).status_code == 200
    response = ask(door, session)
    assert (response.status_code, response.json()["code"]) == (409, "realtime.token_live")
    assert len(provider.asked) == 1


def test_another_workspace_is_none(door: httpx.Client, provider: Provider, session: Session) -> None:
    response = ask(door, session, str(uuid4()))
    assert (response.status_code, response.json()["code"]) == (404, "workspace.not_found")
    assert provider.asked == []


def test_without_a_session_nothing_is_asked(door: httpx.Client, provider: Provider, stack: State) -> None:
    response = door.post("realtime-token", json={}, headers={"apikey": stack.publishable_key})
    assert response.status_code == 401
    assert provider.asked == []


def test_without_a_key_it_says_so(stack: State, session: Session) -> None:
    with httpx.Client(base_url=f"{stack.url}/functions/v1/", trust_env=False, timeout=30) as client:
        response = ask(client, session)
    assert (response.status_code, response.json()["code"]) == (503, "speech.not_configured")
    assert used(stack, session.workspace_id) == []
