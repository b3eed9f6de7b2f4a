"""What the dashboards add up, against rows that were planted (plant.sql)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.integration.identity.calls import call
from tests.support.actors import Cast
from tests.support.database import Database

PLANT = {
    part.partition("\n")[0]: part.partition("\n")[2]
    for part in Path(__file__).with_name("plant.sql").read_text().split("-- name: ")[1:]
}


def plant(db: Database, cast: Cast, name: str, **values: object) -> None:
    db.admin.execute(PLANT[name].encode(), {"workspace": cast.workspace_id, **values})


def numbers(db: Database, cast: Cast, domain: str) -> dict[str, Any]:
    with db.as_user(cast.owner) as cursor:
        found: dict[str, Any] = call(cursor, "dashboard", cast.workspace_id, domain)["numbers"]
    return found


def today(found: dict[str, Any]) -> dict[str, Any]:
    last: dict[str, Any] = found["days"][-1]
    assert last.pop("day") == datetime.now(UTC).date().isoformat()
    return last


def test_sales(db: Database, cast: Cast) -> None:
    stages = [
        {"name": "Talk", "probability": 25},
        {"name": "Won", "kind": "won"},
        {"name": "Lost", "kind": "lost"},
    ]
    with db.as_user(cast.owner) as cursor:
        call(cursor, "create_pipeline", cast.workspace_id, "Boats", json.dumps(stages))
    for amount, currency, days, stage in (
        (1000, "EUR", None, "Talk"),
        (None, "EUR", None, "Talk"),
        (500, "USD", None, "Talk"),
        (300, "EUR", 0, "Won"),
        (100, "EUR", 31, "Won"),
        (50, "EUR", 2, "Lost"),
        (50, "EUR", 3, "Lost"),
    ):
        plant(db, cast, "deal", amount=amount, currency=currency, days=days, stage=stage)
    found = numbers(db, cast, "sales")
    assert found["open"] == {
        "EUR": {"deals": 2, "amount": 1000, "weighted": 250},
        "USD": {"deals": 1, "amount": 500, "weighted": 125},
    }
    assert [stage["deals"] for stage in found["stages"]] == [3]
    assert found["won_30_days"] == {"EUR": {"deals": 1, "amount": 300}}
    assert (found["lost_30_days"], found["win_rate"]) == (2, 0.333)
    assert today(found) == {"won": 1, "lost": 0}


def test_service(db: Database, cast: Cast) -> None:
    names = ("number", "status", "assignee", "minutes", "is_solved", "is_late", "score", "label")
    for row in (
        (1, "open", cast.support.user_id, 10, False, False, -0.6, "negative"),
        (2, "new", None, None, False, True, None, "unknown"),
        (3, "solved", None, 30, True, True, 0.2, "positive"),
        (4, "closed", None, 50, False, False, None, "unknown"),
    ):
        plant(db, cast, "ticket", **dict(zip(names, row, strict=True)))
    found = numbers(db, cast, "service")
    assert found["by_status"] == {"open": 1, "new": 1, "solved": 1}
    assert (found["open"], found["unassigned"], found["breached"], found["unhappy"]) == (2, 1, 1, 1)
    assert found["by_priority"] == {"urgent": 2}
    assert (found["first_response_minutes"], found["resolution_minutes"]) == (30, 120)
    assert found["sentiment"] == -0.2


def test_marketing(db: Database, cast: Cast) -> None:
    plant(db, cast, "contacts")
    for status, days, sent in (("sent", 1, 10), ("sent", 40, 99), ("draft", None, 0)):
        plant(db, cast, "campaign", status=status, days=days, sent=sent)
    found = numbers(db, cast, "marketing")
    assert found["campaigns"] == {"sent": 2, "draft": 1}
    assert found["contacts"] == {"granted": 1, "unknown": 1}
    assert (found["last_30_days"]["sent"], found["last_30_days"]["opened"]) == (10, 4)


def test_learning(db: Database, cast: Cast) -> None:
    teacher, done, begun = (user.user_id for user in (cast.editor, cast.viewer, cast.sales))
    plant(db, cast, "course", teacher=teacher, done=done, begun=begun)
    found = numbers(db, cast, "learning")
    assert (found["courses"], found["learners"], found["open_questions"]) == ({"published": 1}, 2, 0)
    (course,) = found["by_course"]
    assert (course["title"], course["lessons"], course["learners"], course["completed"]) == ("Knots", 2, 2, 1)
    assert course["progress"] == 0.5
    assert today(found) == {"lessons_completed": 2}


def test_portfolio(db: Database, cast: Cast) -> None:
    plant(db, cast, "project")
    found = numbers(db, cast, "portfolio")
    assert (found["projects"], found["visitors_30_days"]) == ({"published": 1}, 10)
    assert [(row["title"], row["visitors"]) for row in found["top"]] == [("Boat", 10)]
    assert today(found) == {"visitors": 5}
