"""The local server of edge functions behaves as Supabase's runtime: addresses, faults, environment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.stack.cluster import free_port
from tests.support.functions import project_with, serving, write_function

ENVIRONMENT = {
    "SUPABASE_URL": "http://127.0.0.1:1",
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_test",
    "SUPABASE_SECRET_KEY": "sb_secret_test",
    "SUPABASE_JWT_SECRET": "only-for-tests-only-for-tests-only-for-tests",
}
ECHO = """
export default {
  fetch: async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const env = Object.keys(Deno.env.toObject());
    return Response.json({ method: request.method, pathname, search, body: await request.text(), env }, {
      headers: { "x-mine": "yes" },
    });
  },
};
"""
STREAM = """
export default {
  fetch: () => {
    const pieces = ["one ", "two ", "three"].map((word) => new TextEncoder().encode(word));
    return new Response(ReadableStream.from(pieces));
  },
};
"""
FUNCTIONS = {
    "echo": ECHO,
    "stream": STREAM,
    "throws": 'export default { fetch: () => { throw new Error("secret cause"); } };',
    "broken": "export default {",
    "empty": "export const nothing = 1;",
    "late": """
export default { fetch: () => { Promise.reject(new Error("nobody waits")); return new Response("fine"); } };
""",
    "timer": """
const later = () => setTimeout(() => { throw new Error("later"); }, 1);
export default { fetch: () => { later(); return new Response("fine"); } };
""",
    "file": 'export default { fetch: async () => new Response(await Deno.readTextFile("/etc/hostname")) };',
    "_shared": "export default { fetch: () => new Response('never') };",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project_with(tmp_path_factory.mktemp("functions"), FUNCTIONS)
    (folder / "supabase" / "functions" / ".env").write_text("MY_SECRET=mine\nSUPABASE_URL=http://elsewhere\n")
    return folder


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def client(project: Path, port: int) -> Iterator[httpx.Client]:
    with serving(project, port, ENVIRONMENT) as client:
        yield client


def test_a_function_sees_its_name_as_the_address(client: httpx.Client) -> None:
    said = client.post("echo/deeper?a=1", content=b"\x00body").json()
    assert said["pathname"] == "/echo/deeper"
    assert said["search"] == "?a=1"
    assert (said["method"], said["body"]) == ("POST", "\x00body")
    assert client.get("echo").headers["x-mine"] == "yes"


def test_an_answer_may_stream(client: httpx.Client) -> None:
    assert client.get("stream").text == "one two three"


def test_a_function_sees_supabases_variables_and_its_own_secrets_only(client: httpx.Client) -> None:
    names = set(client.get("echo").json()["env"])
    assert names >= {"SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_SECRET_KEYS", "SUPABASE_JWKS", "MY_SECRET"}
    assert "SUPABASE_JWT_SECRET" not in names
    strange = {name for name in names if not name.startswith(("SUPABASE_", "DENO_"))}
    assert strange <= {"MY_SECRET", "PATH", "HOME", "TMPDIR", "LANG", "NO_COLOR"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("missing", 404, "NOT_FOUND"),
        ("", 404, "NOT_FOUND"),
        ("_shared", 404, "NOT_FOUND"),
        ("%2e%2e/echo", 404, "NOT_FOUND"),
        ("throws", 500, "WORKER_ERROR"),
        ("file", 500, "WORKER_ERROR"),
        ("broken", 503, "BOOT_ERROR"),
        ("empty", 503, "BOOT_ERROR"),
    ],
)
def test_faults_have_the_codes_of_supabase(client: httpx.Client, path: str, status: int, code: str) -> None:
    response = client.get(path)
    said: dict[str, Any] = response.json()
    assert (response.status_code, said["code"]) == (status, code)
    assert response.headers["sb-error-code"] == code
    assert "secret cause" not in response.text


def test_one_bad_function_does_not_end_the_others(client: httpx.Client) -> None:
    assert client.get("late").text == "fine"
    assert client.get("timer").text == "fine"
    time.sleep(0.1)
    assert client.get("throws").status_code == 500
    assert client.get("echo").status_code == 200


def test_a_changed_function_is_served_without_a_restart(client: httpx.Client, project: Path) -> None:
    write_function(project, "changing", 'export default { fetch: () => new Response("first") };')
    _eventually(client, "changing", "first")
    write_function(project, "changing", 'export default { fetch: () => new Response("second") };')
    _eventually(client, "changing", "second")


def _eventually(client: httpx.Client, path: str, wanted: str) -> None:
    said = ""
    for _ in range(200):
        try:
            said = client.get(path).text
        except httpx.TransportError as error:  # while Deno starts anew
            said = str(error)
        if said == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} says {said!r}, not {wanted!r}")
