"""Plants the example team; what is there already is left as it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.seed.content import ASKED_BY, HANDBOOK, QUESTIONS, ROLES, TEXTS, WORKSPACE
from scripts.seed.discussion import plant_discussion
from scripts.seed.forms import plant_forms
from scripts.seed.integrations import plant_connection
from scripts.seed.learning import plant_course
from scripts.seed.marketing import plant_campaign
from scripts.seed.person import Person, SeedFailed
from scripts.seed.plan import buy_seats
from scripts.seed.sales import plant_sales
from scripts.seed.service import plant_tickets
from scripts.seed.showcase import plant_showcase
from scripts.seed.social import plant_accounts

PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.5
STEPS = 2 + 2 * len(ROLES) + 2 * (len(TEXTS) + 1) + len(QUESTIONS) + 9

Tell = Callable[[str], None]
"""Called once for each of STEPS, with what comes now."""


@dataclass(slots=True)
class Planted:
    """``new`` counts what was not there before."""

    workspace_id: str = ""
    emails: dict[str, str] = field(default_factory=dict)
    documents: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    new: int = 0


def plant(url: str, key: str, password: str, tell: Tell) -> Planted:
    """Signs up the team, makes the workspace, documents and conversation. Raises SeedFailed."""
    planted = Planted()
    people = {role: Person(url, key, role, password) for role in ROLES}
    for role, person in people.items():
        tell(f"user {person.email}")
        planted.new += person.enter()
        planted.emails[role] = person.email
    tell(f"workspace {WORKSPACE}")
    planted.workspace_id = _workspace(people["owner"], planted)
    tell("plan with a seat for everyone")
    planted.new += buy_seats(people["owner"], url, planted.workspace_id, _wait)
    for role, person in people.items():
        tell(f"member {role}")
        planted.new += _join(people["owner"], person, planted.workspace_id)
    writer = people[ASKED_BY]
    _documents(writer, planted, tell)
    for number, question in enumerate(QUESTIONS, start=1):
        tell(f"question {number}")
        planted.answers.append(_ask(writer, planted.workspace_id, number, question))
    tell("brands and comments")
    planted.new += plant_discussion(writer, people["marketing"], planted.workspace_id)
    tell("sales")
    planted.new += plant_sales(people["sales"], planted.workspace_id)
    tell("tickets")
    planted.new += plant_tickets(people["owner"], people["support"], planted.workspace_id)
    tell("accounts elsewhere")
    planted.new += plant_accounts(people["marketing"], planted.workspace_id)
    tell("connection to another system")
    planted.new += plant_connection(people["owner"], url, planted.workspace_id)
    tell("campaign")
    planted.new += plant_campaign(people["sales"], people["marketing"], planted.workspace_id)
    tell("forms")
    planted.new += plant_forms(people["marketing"], url, planted.workspace_id)
    tell("website and portfolio")
    planted.new += plant_showcase(writer, planted.workspace_id)
    tell("course")
    planted.new += plant_course(writer, people["viewer"], planted.workspace_id)
    return planted


def _workspace(owner: Person, planted: Planted) -> str:
    found = owner.rows("workspaces", name=WORKSPACE, kind="team")
    if found:
        return str(found[0]["id"])
    planted.new += 1
    return str(owner.rpc("create_workspace", name=WORKSPACE)["id"])


def _join(owner: Person, person: Person, workspace_id: str) -> bool:
    """True when the person was no member before."""
    if person.rows("workspaces", id=workspace_id):
        return False
    invitation = owner.rpc("invite_member", workspace_id=workspace_id, email=person.email, role=person.role)
    person.rpc("accept_invitation", token=invitation["token"])
    return True


def _documents(writer: Person, planted: Planted, tell: Tell) -> None:
    workspace_id = planted.workspace_id
    for text in TEXTS:
        tell(f"document {text.title}")
        if not writer.rows("documents", workspace_id=workspace_id, title=text.title):
            content = text.path.read_text("utf-8")
            writer.rpc("create_text_document", workspace_id=workspace_id, title=text.title, content=content)
            planted.new += 1
    path = f"{workspace_id}/seed/{HANDBOOK.name}"
    tell(f"document {HANDBOOK.name}")
    if not writer.rows("documents", object_path=path):
        writer.upload("documents", path, HANDBOOK.read_bytes())
        planted.new += 1
    for filters in [*({"title": text.title} for text in TEXTS), {"object_path": path}]:
        tell("making it searchable")
        planted.documents.append(_processed(writer, workspace_id=workspace_id, **filters))


def _processed(writer: Person, **filters: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        row = writer.rows("documents", **filters)[0]
        if row["status"] == "failed":
            raise SeedFailed(f"{row['title']}: {row['error_message']} ({row['error_code']})")
        return row if row["processed_version"] == row["version"] else None

    return _wait(look, f"{next(reversed(filters.values()))} is not searchable")


def _ask(writer: Person, workspace_id: str, number: int, question: str) -> dict[str, Any]:
    asked = writer.rpc("ask", workspace_id=workspace_id, question=question, idempotency_key=f"seed:{number}")

    def look() -> dict[str, Any] | None:
        row = writer.rows("messages", id=asked["answer_id"])[0]
        if row["status"] in ("failed", "cancelled"):
            raise SeedFailed(f"Question {number}: {row['error_message']} ({row['error_code']})")
        return {"question": question, **row} if row["status"] == "complete" else None

    return _wait(look, f"question {number} has no answer")


def _wait(look: Callable[[], dict[str, Any] | None], missing: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(POLL_SECONDS)
    raise SeedFailed(f"After {PATIENCE_SECONDS:.0f} seconds {missing}. Is a worker running?")
