"""Design sessions: a task for a page of a site, private to who asked, taken over as a checked version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import refused
from tests.integration.sites.studio import Row, Studio

WISH = {"instructions": "A page about bread."}
PAGE = {"title": "Bread", "blocks": [{"type": "heading", "level": 1, "text": "Bread"}]}


def start(studio: Studio, site: Row, page: str = "/", key: str | None = None) -> Row:
    return studio.call("start_design", site["id"], WISH, page, None, key)


def finish(studio: Studio, task_id: UUID, page: Any = None) -> None:
    """As the worker does at the end."""
    studio.db.admin.execute(
        "update public.ai_tasks set status = 'complete', result_json = %s where id = %s",
        (Jsonb(page or PAGE), task_id),
    )


def pages(studio: Studio, site: Row, version: int) -> Any:
    return studio.db.value(
        "select content -> 'pages' from public.site_versions where site_id = %s and version = %s",
        site["id"],
        version,
    )


def test_a_design_replaces_its_page_or_adds_it(studio: Studio) -> None:
    site = studio.fork("bakery", template=studio.catalogue("Small business"))
    before = pages(studio, site, 1)
    for version, path in ((1, "/services"), (2, "/bread")):
        task = start(studio, site, path)
        assert (task["kind"], task["status"]) == ("design_assistant", "pending")
        with refused(409, "design.not_complete"):
            studio.call("apply_design", task["id"], version)
        finish(studio, task["id"])
        assert studio.call("apply_design", task["id"], version)["version"] == version + 1
    services, bread = ({"path": path, **PAGE} for path in ("/services", "/bread"))
    assert pages(studio, site, 3) == [before[0], services, before[2], bread]
    applied = studio.db.value("select array_agg(applied_version order by 1) from public.site_designs")
    assert applied == [2, 3]


def test_a_design_is_its_askers(studio: Studio) -> None:
    site = studio.fork("bakery")
    task = start(studio, site)
    finish(studio, task["id"])
    for name in ("owner", "editor", "stranger"):
        with refused(404, "design.not_found"):
            studio.call("apply_design", task["id"], 1, actor=getattr(studio.cast, name))
        with studio.db.as_user(getattr(studio.cast, name)) as cursor:
            assert cursor.execute("select 1 from public.site_designs").fetchall() == []


def test_what_a_model_says_is_checked(studio: Studio) -> None:
    site = studio.fork("bakery")
    task = start(studio, site)
    finish(studio, task["id"], {"title": "T", "blocks": [{"type": "script", "text": "alert(1)"}]})
    with refused(400, "site.bad_content"):
        studio.call("apply_design", task["id"], 1)
    finish(studio, task["id"], {**PAGE, "path": "/elsewhere"})
    studio.call("apply_design", task["id"], 1)
    assert [page["path"] for page in pages(studio, site, 2)] == ["/"]


def test_the_same_key_is_the_same_session(studio: Studio) -> None:
    site, other = studio.fork("bakery"), studio.fork("brewery")
    assert start(studio, site, key="k")["id"] == start(studio, site, key="k")["id"]
    for wrong in ((other, "/"), (site, "/bread")):
        with refused(409, "task.idempotency_conflict"):
            start(studio, *wrong, key="k")
    assert studio.db.value("select count(*) from public.site_designs") == 1


@pytest.mark.parametrize("path", ["", "bread", "/Bread", "/a//b", "/" + "a" * 120])
def test_only_paths_of_pages(studio: Studio, path: str) -> None:
    with refused(400, "site.bad_paths"):
        start(studio, studio.fork("bakery"), path)
