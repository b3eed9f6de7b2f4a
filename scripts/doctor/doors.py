"""The doors of the platform, as clients and servers reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from scripts.doctor.database import skew_finding
from scripts.doctor.finding import Finding, fail, ok, warn
from scripts.doctor.target import Target

SECONDS = 10.0
AT_DOOR = "Is the address right, and does the project run? (lamina status)"


def door_findings(target: Target) -> Iterator[Finding]:
    """Auth, data, storage, functions and Realtime; what needs a key that is not known is left out."""
    if target.url is None:
        yield warn("Doors", "SUPABASE_URL is not set", "Set it to have the doors checked.")
        return
    with httpx.Client(base_url=target.url, timeout=SECONDS, trust_env=not target.local) as client:
        if target.publishable_key:
            yield from _asked("Auth", lambda: _auth(client, target, str(target.publishable_key)))
            yield from _asked("Realtime", lambda: _realtime(target, str(target.publishable_key)))
        if target.secret_key:
            headers = {"apikey": target.secret_key}
            yield from _asked("Data API", lambda: _rest(client, headers))
            yield from _asked("Storage", lambda: _storage(client, headers))
        yield from _asked("Functions", lambda: _functions(client))


def _asked(name: str, ask: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from ask()
    except (httpx.HTTPError, OSError, WebSocketException, ValueError) as error:
        yield fail(name, str(error) or type(error).__name__, AT_DOOR)


def _auth(client: httpx.Client, target: Target, key: str) -> Iterator[Finding]:
    response = client.get("/auth/v1/settings", headers={"apikey": key})
    if response.status_code != 200:
        yield _refused("Auth", response, "Is the publishable key of this project?")
        return
    settings = response.json()
    if not target.local and settings.get("mailer_autoconfirm"):
        advice = (
            "Ask for confirmation: else anyone signs up with another's address and takes their invitations."
        )
        yield warn("Auth", "addresses are not confirmed", advice)
    else:
        yield ok("Auth", "answers" + (", sign-up is closed" if settings.get("disable_signup") else ""))
    if date := response.headers.get("date"):
        ahead = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
        yield skew_finding("Clock of the doors", 0.0 if -1 <= ahead <= 0 else ahead)  # whole seconds only


def _rest(client: httpx.Client, headers: dict[str, str]) -> Iterator[Finding]:
    response = client.get("/rest/v1/roles?select=role&limit=1", headers=headers)
    if response.status_code != 200:
        yield _refused("Data API", response, "Is the secret key of this project, and are migrations applied?")
        return
    private = client.get(
        "/rest/v1/job_kinds?select=kind&limit=1", headers=headers | {"accept-profile": "app"}
    )
    if private.status_code == 406:
        yield ok("Data API", "answers; schema app has no address")
    else:
        advice = "Remove app from the exposed schemas (Settings → API, or [api] schemas in config.toml)."
        yield fail("Data API", "schema app is exposed", advice)


def _storage(client: httpx.Client, headers: dict[str, str]) -> Iterator[Finding]:
    key = headers["apikey"]
    response = client.get(
        "/storage/v1/bucket/documents", headers=headers | {"authorization": f"Bearer {key}"}
    )
    if response.status_code == 200:
        yield ok("Storage", "answers")
    else:
        yield _refused("Storage", response, "Is the secret key of this project, and are migrations applied?")


def _functions(client: httpx.Client) -> Iterator[Finding]:
    response = client.get("/functions/v1/health")
    if response.status_code == 200:
        yield ok("Functions", f"health answers, version {response.json().get('version')}")
    elif response.status_code == 404:
        yield warn("Functions", "health is not deployed", "Run: npx supabase functions deploy")
    else:
        yield _refused("Functions", response, "Look at the function's log (lamina logs functions).")


def _realtime(target: Target, key: str) -> Iterator[Finding]:
    address = str(target.url).replace("http", "ws", 1)
    url = f"{address}/realtime/v1/websocket?apikey={key}&vsn=1.0.0"
    with connect(url, open_timeout=SECONDS, proxy=None if target.local else True):
        yield ok("Realtime", "opens a socket")


def _refused(name: str, response: httpx.Response, advice: str) -> Finding:
    return fail(name, f"HTTP {response.status_code}: {response.text[:120].strip()}", advice)
