"""Edge functions on the running platform: the health door, and a session that reaches RLS through one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import jwt
import pytest

from scripts.stack.cluster import free_port
from scripts.stack.parts import server_environment
from scripts.stack.state import State
from tests.support.functions import project_with, serving

WHOAMI = """
import { withSupabase } from "@supabase/server";

export default {
  fetch: withSupabase({ auth: ["user", "secret"] }, async (_request, { supabase, authMode, userClaims }) => {
    const { data, error } = await supabase.from("workspaces").select("kind");
    return Response.json({ authMode, id: userClaims?.id ?? null, workspaces: data, error: error?.code });
  }),
};
"""


@pytest.fixture(scope="module")
def whoami(stack: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    project = project_with(tmp_path_factory.mktemp("functions"), {"whoami": WHOAMI})
    with serving(project, free_port(), server_environment(stack)) as client:
        yield client


@pytest.fixture(scope="module")
def session(stack: State) -> dict[str, str]:
    """A new user's id and access token."""
    response = httpx.post(
        f"{stack.url}/auth/v1/signup",
        headers={"apikey": stack.publishable_key},
        json={"email": f"functions-{uuid4().hex[:8]}@example.test", "password": "correct horse battery"},
    )
    said = response.json()
    return {"id": said["user"]["id"], "token": said["access_token"]}


def test_health_answers_at_the_one_url(stack: State) -> None:
    response = httpx.get(f"{stack.url}/functions/v1/health")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert response.headers["access-control-allow-origin"] == "*"


def test_a_missing_function_is_named(stack: State) -> None:
    response = httpx.get(f"{stack.url}/functions/v1/nothing")
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert "nothing" in response.json()["message"]


def test_a_session_reaches_rls_through_a_function(whoami: httpx.Client, session: dict[str, str]) -> None:
    said = whoami.get("whoami", headers={"authorization": f"Bearer {session['token']}"}).json()
    assert said == {"authMode": "user", "id": session["id"], "workspaces": [{"kind": "personal"}]}


def test_the_secret_key_is_no_user(whoami: httpx.Client, stack: State) -> None:
    said = whoami.get("whoami", headers={"apikey": stack.secret_key}).json()
    assert (said["authMode"], said["id"]) == ("secret", None)


@pytest.mark.parametrize("change", ["none", "forged", "expired", "garbage"])
def test_bad_credentials_are_refused(
    whoami: httpx.Client, stack: State, session: dict[str, str], change: str
) -> None:
    claims = jwt.decode(session["token"], options={"verify_signature": False})
    tokens = {
        "forged": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        "expired": jwt.encode(claims | {"exp": 1}, stack.jwt_secret, algorithm="HS256"),
        "garbage": "a.b.c",
    }
    headers = {} if change == "none" else {"authorization": f"Bearer {tokens[change]}"}
    response = whoami.get("whoami", headers=headers)
    assert response.status_code == 401, response.text
    assert response.json()["code"] in ("MISSING_CREDENTIALS", "INVALID_JWT", "INVALID_CREDENTIALS")
