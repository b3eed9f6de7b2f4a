"""A task is started by those who may, with an input that fits, once per key, within plan and quota."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import denied, meanwhile, refused
from tests.integration.tasks.workshop import Row, Workshop
from tests.support.actors import Cast, give_plan

TEXT = "Grain ships enter the harbour at noon."


def jobs(workshop: Workshop) -> int:
    found: int = workshop.value("select count(*) from public.jobs where kind = 'tasks.run_task'")
    return found


def test_a_task_is_a_row_and_a_job(workshop: Workshop, cast: Cast) -> None:
    row = workshop.start("summarise", text=TEXT, length="short")
    assert (row["status"], row["kind"], row["created_by"]) == ("pending", "summarise", cast.editor.user_id)
    assert row["input"] == {"text": TEXT, "length": "short"}
    job = workshop.db.rows(
        "select kind, subject_id, args, created_by from public.jobs where id = %s", row["job_id"]
    )
    assert job == [("tasks.run_task", row["id"], {}, cast.editor.user_id)]


def test_who_may_start(workshop: Workshop, cast: Cast) -> None:
    for name in ("owner", "admin", "editor", "sales", "support", "marketing"):
        assert workshop.start("summarise", actor=getattr(cast, name), text=TEXT)["status"] == "pending"
    with refused(403, "workspace.forbidden"):
        workshop.start("summarise", actor=cast.viewer, text=TEXT)
    with refused(404, "workspace.not_found"):
        workshop.start("summarise", actor=cast.stranger, text=TEXT)
    with denied(), workshop.db.as_anon() as cursor:
        cursor.execute("select public.start_ai_task(%s, 'draft', '{}')", (cast.workspace_id,))


@pytest.mark.parametrize(
    ("kind", "task_input"),
    [
        ("summarise", {}),
        ("summarise", {"text": ""}),
        ("summarise", {"text": " \n"}),
        ("summarise", {"text": 7}),
        ("summarise", {"text": None}),
        ("summarise", {"text": ["a"]}),
        ("summarise", {"text": "a", "length": "huge"}),
        ("summarise", {"text": "a", "system": "obey"}),
        ("summarise", {"text": "x" * 200_001}),
        ("translate", {"text": "a"}),
        ("translate", {"text": "a", "language": "f"}),
        ("draft", {"text": "a"}),
        ("draft", [1]),
        ("draft", "a"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(workshop: Workshop, kind: str, task_input: Any) -> None:
    with refused(400, "task.bad_input"):
        workshop.start(kind, task_input=task_input)
    assert workshop.value("select count(*) from public.ai_tasks") == 0
    assert jobs(workshop) == 0


def test_only_kinds_and_models_that_are_there(workshop: Workshop) -> None:
    with refused(400, "task.unknown_kind"):
        workshop.start("sing", text=TEXT)
    with refused(400, "task.unknown_model"):
        workshop.start("edit", text=TEXT, model="openai:gpt-1")


def test_the_same_key_starts_once(workshop: Workshop, cast: Cast) -> None:
    first = workshop.start("edit", text=TEXT, key="k")
    assert workshop.start("edit", text=TEXT, key="k")["id"] == first["id"]
    assert jobs(workshop) == 1
    for other in ({"text": "Other."}, {"text": TEXT, "instructions": "More."}):
        with refused(409, "task.idempotency_conflict"):
            workshop.start("edit", **other, key="k")
    with refused(409, "task.idempotency_conflict"):
        workshop.start("edit", text=TEXT, key="k", model="openai:gpt-5.4-mini")
    assert workshop.start("edit", actor=cast.owner, text=TEXT, key="k")["id"] != first["id"]
    for key in ("", "x" * 201):
        with refused(400, "task.bad_idempotency_key"):
            workshop.start("edit", text=TEXT, key=key)


def test_the_same_key_at_the_same_moment_starts_once(workshop: Workshop, cast: Cast) -> None:
    later: list[Row] = []
    with workshop.db.as_user(cast.editor) as cursor:
        given = (cast.workspace_id, Jsonb({"text": TEXT}))
        row = cursor.execute(
            "select id from public.start_ai_task(%s, 'edit', %s, null, 'k')", given
        ).fetchone()
        assert row is not None
        with meanwhile(
            workshop.db, lambda: later.append(workshop.start("edit", text=TEXT, key="k"))
        ) as raised:
            cursor.connection.commit()
    assert raised == []
    assert [found["id"] for found in later] == [row[0]]
    assert jobs(workshop) == 1


def test_models_by_plan(workshop: Workshop, cast: Cast) -> None:
    give_plan(workshop.db.admin, cast.workspace_id, "free")
    names = [row["model"] for row in workshop.call(cast.editor, "allowed_models(%s)", (cast.workspace_id,))]
    assert "openai:gpt-5.4-mini" in names
    assert "openai:gpt-5.5" not in names
    assert workshop.start("edit", text=TEXT, model="openai:gpt-5.4-mini")["requested_model"] is not None
    with refused(402, "plan.not_entitled"):
        workshop.start("edit", text=TEXT, model="openai:gpt-5.5")
    give_plan(workshop.db.admin, cast.workspace_id, "professional")
    assert workshop.start("edit", text=TEXT, model="openai:gpt-5.5")["requested_model"] == "openai:gpt-5.5"
    with refused(404, "workspace.not_found"):
        workshop.call(cast.stranger, "allowed_models(%s)", (cast.workspace_id,))


def test_a_kind_can_need_a_plan(workshop: Workshop, cast: Cast) -> None:
    workshop.db.admin.execute(
        "update public.ai_task_kinds set entitlement = 'campaigns' where kind = 'draft'"
    )
    give_plan(workshop.db.admin, cast.workspace_id, "free")
    with refused(402, "plan.not_entitled"):
        workshop.start("draft", instructions="A post.")
    give_plan(workshop.db.admin, cast.workspace_id, "business")
    assert workshop.start("draft", instructions="A post.")["status"] == "pending"


def test_the_quota_counts_tasks(workshop: Workshop, cast: Cast) -> None:
    give_plan(workshop.db.admin, cast.workspace_id, "free")
    for _ in range(100):
        workshop.start("edit", text=TEXT)
    with refused(402, "quota.exceeded"):
        workshop.start("edit", text=TEXT)
    assert workshop.value("select count(*) from public.ai_tasks") == 100
    first = workshop.value("select min(job_id) from public.ai_tasks")
    workshop.call(cast.editor, "cancel_job(%s)", (first,))
    workshop.start("edit", text=TEXT)  # a cancelled one gives its place back


def test_a_task_is_its_starters_alone(workshop: Workshop, cast: Cast) -> None:
    row = workshop.start("edit", text=TEXT)
    for name in ("owner", "admin", "support", "viewer", "stranger"):
        with workshop.db.as_user(getattr(cast, name)) as cursor:
            assert cursor.execute("select id from public.ai_tasks").fetchall() == []
        with refused(404, "task.not_found"):
            workshop.call(getattr(cast, name), "delete_ai_task(%s)", (row["id"],))
    workshop.call(cast.editor, "delete_ai_task(%s)", (row["id"],))
    assert workshop.value("select count(*) from public.ai_tasks") == 0
    assert workshop.value("select status from public.jobs where id = %s", row["job_id"]) == "cancelled"
