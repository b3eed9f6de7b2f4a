"""``lamina seed`` on the running platform: everyone can log in, and a second run adds nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from scripts.cli import app
from scripts.seed.content import LOCAL_PASSWORD, ROLES
from scripts.stack.state import State


@pytest.fixture(scope="module")
def planted(stack: State) -> dict[str, Any]:
    return seed()


def seed(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["seed", "--json", *arguments])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_everyone_logs_in_and_has_their_role(stack: State, planted: dict[str, Any], role: str) -> None:
    headers = {"apikey": stack.publishable_key}
    session = httpx.post(
        f"{stack.url}/auth/v1/token?grant_type=password",
        headers=headers,
        json={"email": planted["users"][role], "password": LOCAL_PASSWORD},
    ).json()
    mine = httpx.post(
        f"{stack.url}/rest/v1/rpc/my_workspaces",
        headers=headers | {"authorization": f"Bearer {session['access_token']}"},
        json={},
    ).json()
    assert {row["id"]: row["role"] for row in mine}[planted["workspace_id"]] == role


def test_the_answers_come_from_the_documents(planted: dict[str, Any]) -> None:
    parental, support = (answer["answer"] for answer in planted["answers"])
    assert "sixteen weeks" in parental
    assert "one hour" in support
    assert len(planted["documents"]) == 4


def test_a_second_run_adds_nothing(planted: dict[str, Any]) -> None:
    again = seed()
    assert again["new"] == 0
    assert again["workspace_id"] == planted["workspace_id"]


def test_what_is_missing_is_added_again(stack: State, planted: dict[str, Any]) -> None:
    headers = {"apikey": stack.publishable_key}
    credentials = {"email": planted["users"]["viewer"], "password": LOCAL_PASSWORD}
    session = httpx.post(
        f"{stack.url}/auth/v1/token?grant_type=password", headers=headers, json=credentials
    ).json()
    left = httpx.post(
        f"{stack.url}/rest/v1/rpc/leave_workspace",
        headers=headers | {"authorization": f"Bearer {session['access_token']}"},
        json={"p_workspace_id": planted["workspace_id"]},
    )
    assert left.status_code < 300, left.text
    assert seed()["new"] == 1


def test_another_password_is_one_line(planted: dict[str, Any]) -> None:
    done = CliRunner().invoke(app, ["seed", "--password", "not the password"])
    assert done.exit_code == 1
    assert done.stderr.strip().count("\n") == 0
    assert "another password" in done.stderr
