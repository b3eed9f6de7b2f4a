"""Whoever may not do a thing may not undo it by its job either."""

from __future__ import annotations

import pytest

from tests.integration.identity.calls import call, refused
from tests.support.actors import Cast
from tests.support.database import Database

ENQUEUE = "select app.enqueue(%s, %s, p_run_at => now() + interval '1 hour')"
KINDS = {
    "marketing.send_batch": ("marketing", "editor"),
    "integrations.sync": ("admin", "editor"),
    "sales.score_contacts": ("owner", "editor"),
    "service.roll_up_ticket": ("owner", "editor"),
    "messaging.deliver_webhook": ("admin", "editor"),
    "messaging.check_channel": ("admin", "editor"),
    "messaging.send_reply": ("support", "editor"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_jobs_manage_does_not_replace_a_domains_right(db: Database, cast: Cast, kind: str) -> None:
    may, may_not = (getattr(cast, role) for role in KINDS[kind])
    job_id = db.value(ENQUEUE, kind, cast.workspace_id)
    db.admin.execute("update public.jobs set created_by = %s where id = %s", (may.user_id, job_id))
    for function in ("cancel_job", "delete_job"):
        with refused(403, "job.forbidden"), db.as_user(may_not) as cursor:
            call(cursor, function, job_id)
    with db.as_user(may) as cursor:
        assert call(cursor, "cancel_job", job_id)["status"] == "cancelled"


def test_a_right_that_was_lost_is_asked_of_who_started_it_too(db: Database, cast: Cast) -> None:
    job_id = db.value(ENQUEUE, "marketing.send_batch", cast.workspace_id)
    db.admin.execute("update public.jobs set created_by = %s where id = %s", (cast.editor.user_id, job_id))
    with refused(403, "job.forbidden"), db.as_user(cast.editor) as cursor:
        call(cursor, "cancel_job", job_id)


def test_every_permission_asked_for_is_one_that_roles_have(db: Database) -> None:
    unknown = db.rows(
        "select kind from app.job_kinds where permission is not null"
        " and permission not in (select permission from public.role_permissions)"
    )
    assert unknown == []
    assert db.value("select count(*) from app.job_kinds where permission is not null") > 10
