"""The example team needs a seat for everyone: its owner buys a plan, at the offline twin of Stripe only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from scripts.seed.content import ROLES
from scripts.seed.person import Person, SeedFailed

PLAN = "professional"
OFFLINE = "/stripe-offline/pay/"

Wait = Callable[[Callable[[], dict[str, Any] | None], str], dict[str, Any]]


def buy_seats(owner: Person, url: str, workspace_id: str, wait: Wait) -> bool:
    """True when a plan was bought, false when the seats were there. Raises SeedFailed."""
    if _seats(owner, workspace_id) is not None:
        return False
    begun = owner.rpc(
        "start_checkout",
        workspace_id=workspace_id,
        plan=PLAN,
        interval="month",
        success_url=url,
        cancel_url=url,
        idempotency_key="seed",
    )
    page = wait(lambda: _page(owner, begun["id"]), "the checkout is not open")["url"]
    if not urlsplit(page).path.startswith(OFFLINE):
        raise SeedFailed(f"The team needs {len(ROLES)} seats. Pay at {page} and run lamina seed again.")
    try:
        httpx.post(f"{page}/pay").raise_for_status()
    except httpx.HTTPStatusError as error:
        if not error.response.is_redirect:
            raise SeedFailed(f"Paying offline failed: HTTP {error.response.status_code}.") from error
    wait(lambda: _seats(owner, workspace_id), "the plan is not in force")
    return True


def _seats(owner: Person, workspace_id: str) -> dict[str, Any] | None:
    """The seats' row when the plan has one for everybody."""
    usage = owner.rpc("billing_usage", workspace_id=workspace_id)
    seats: dict[str, Any] = next(row for row in usage if row["metric"] == "seats")
    return seats if seats["included"] is None or seats["included"] >= len(ROLES) else None


def _page(owner: Person, session_id: str) -> dict[str, Any] | None:
    row = owner.rows("billing_sessions", id=session_id)[0]
    if row["status"] == "failed":
        raise SeedFailed(f"No plan can be bought: {row['error_message']} ({row['error_code']})")
    return row if row["url"] else None
