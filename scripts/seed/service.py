"""Tickets of the example team: what it promises, what customers want, and one that is solved."""

from __future__ import annotations

from typing import NamedTuple

from scripts.seed.person import Person

PROMISES = (("urgent", 60, 480), ("high", 240, 1440), ("normal", 1440, 7200))
"""Priority, minutes to the first reply, minutes to the solution."""


class Request(NamedTuple):
    """What somebody told us, and the answer when there is one."""

    subject: str
    body: str
    priority: str
    reply: str = ""
    note: str = ""


REQUESTS = (
    Request(
        "Turbidity readings stopped at the north basin",
        "This is terrible: we cannot measure anything since six this morning, and nobody answers the phone.",
        "urgent",
        note="Phoned to the engineer on duty.",
    ),
    Request(
        "pH sensor drifts after three months",
        "The sensor in tank 2 drifts by more than 3 per cent between calibrations. Is that covered?",
        "high",
        reply="It is, within 36 months. Please send us the calibration log: drift and fouling look alike.",
    ),
    Request(
        "Where do I find the return number?",
        "We want to send a probe back to Rotterdam. Thank you, your portal is great otherwise!",
        "normal",
        reply="In the portal under Service. Please put the signed form 7 into the parcel.",
    ),
)


def plant_tickets(owner: Person, support: Person, workspace_id: str) -> int:
    """What was not there before. Raises SeedFailed."""
    new = 0
    for priority, first, resolution in PROMISES:
        row = {"workspace_id": workspace_id, "priority": priority}
        if not owner.rows("sla_policies", **row):
            owner.insert("sla_policies", **row, first_response_minutes=first, resolution_minutes=resolution)
            new += 1
    return new + sum(_ticket(support, workspace_id, number) for number in range(len(REQUESTS)))


def _ticket(support: Person, workspace_id: str, number: int) -> bool:
    """True when it was not there before; what is missing of it is written all the same."""
    request, key = REQUESTS[number], f"seed:{number}"
    is_new = not support.rows("tickets", workspace_id=workspace_id, idempotency_key=key)
    ticket = support.rpc(
        "create_ticket",
        workspace_id=workspace_id,
        subject=request.subject,
        body=request.body,
        priority=request.priority,
        idempotency_key=key,
    )
    for kind, body in (("note", request.note), ("reply", request.reply)):
        if body and not support.rows("ticket_messages", ticket_id=ticket["id"], kind=kind):
            status = "pending" if kind == "reply" else None
            support.rpc("add_ticket_message", ticket_id=ticket["id"], kind=kind, body=body, status=status)
    return is_new
