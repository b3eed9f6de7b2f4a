"""The worker: codes for the address of now, files that nobody shows, visitors counted without names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from PIL import Image

from tests.integration.identity.calls import denied
from tests.integration.portfolio.gallery import BUCKET, SITE, Bucket, Gallery
from tests.support.actors import Actor
from worker.db.pool import Database as Pool
from worker.domains.portfolio import service
from worker.domains.portfolio.ports import PortfolioPorts

BEGIN = (
    "update public.jobs set status = 'running', lease_until = now() + interval '1 hour' where subject_id = %s"
)


def code_jobs(gallery: Gallery) -> int:
    found: int = gallery.db.value("select count(*) from public.jobs where kind = 'portfolio.make_codes'")
    return found


async def test_a_published_project_gets_codes(gallery: Gallery) -> None:
    project = gallery.project("engine", "published")
    gallery.project("draft")
    await gallery.work_off()
    folder = f"{gallery.ws}/{project}/codes"
    assert gallery.seen("engine")["codes"] == {
        "target": f"{SITE}/p/edith/engine", "png": f"{folder}/qr.png", "svg": f"{folder}/qr.svg",
    }  # fmt: skip
    files = {name: (gallery.root / BUCKET / folder / name).read_bytes() for name in ("qr.png", "qr.svg")}
    with Image.open(BytesIO(files["qr.png"])) as picture:
        assert picture.size == (37 * 12, 37 * 12)
    assert files["qr.svg"].startswith(b"<?xml")
    assert gallery.db.value("select count(*) from realtime.messages where event = 'project.codes'") == 1
    assert code_jobs(gallery) == 1


async def test_codes_follow_the_address(gallery: Gallery) -> None:
    project = gallery.project("engine", "published")
    await gallery.work_off()
    gallery.run("update public.projects set slug = 'motor', title = 'Motor' where id = %s", project)
    gallery.run("update public.projects set title = 'The motor' where id = %s", project)
    gallery.name(gallery.cast.editor, "Edie")
    assert code_jobs(gallery) == 2
    await gallery.work_off()
    assert gallery.seen("motor", "edie")["codes"]["target"] == f"{SITE}/p/edie/motor"


def test_a_job_that_has_not_begun_is_enough(gallery: Gallery) -> None:
    projects = [gallery.project(slug, "published") for slug in ("engine", "other")]
    for number in range(10):
        gallery.run("update public.projects set slug = %s where id = %s", f"slug-{number}", projects[0])
        gallery.run("update public.portfolios set is_public = %s", number % 2 == 1)
    assert code_jobs(gallery) == 2
    gallery.db.admin.execute(BEGIN, (projects[0],))
    for slug in ("after", "after-that"):
        gallery.run("update public.projects set slug = %s where id = %s", slug, projects[0])
    assert code_jobs(gallery) == 3


async def test_a_job_is_not_begun_before_the_change_it_is_for_can_be_read(gallery: Gallery) -> None:
    project = gallery.project("engine", "published")
    claim = "select id from app.claim_jobs('early', '{bulk}', '{5}', '{portfolio.make_codes}', 1)"
    with gallery.db.as_user(gallery.cast.editor) as cursor:
        cursor.execute("update public.projects set slug = 'motor' where id = %s", (project,))
        assert gallery.db.rows(claim) == []
    await gallery.work_off()
    assert gallery.seen("motor")["codes"]["target"] == f"{SITE}/p/edith/motor"
    assert code_jobs(gallery) == 1


async def test_nothing_is_made_for_what_is_hidden_meanwhile(gallery: Gallery) -> None:
    project = gallery.project("engine", "published")
    gallery.move_to(project, "draft")
    await gallery.work_off()
    assert (gallery.files(), gallery.db.rows("select 1 from public.project_codes")) == (set(), [])


async def test_files_go_with_their_rows(gallery: Gallery) -> None:
    project = gallery.project("engine", "published")
    media = [gallery.add(project, name) for name in ("one.png", "two.png")]
    await gallery.work_off()
    for name in ("png", "svg"):
        gallery.upload(f"{gallery.ws}/{project}/codes/qr.{name}")
    gallery.run("delete from public.project_media where id = %s", media[0]["id"])
    await gallery.work_off()
    assert len(gallery.files()) == 3
    gallery.run("delete from public.projects where id = %s", project)
    await gallery.work_off()
    assert gallery.files() == set()


async def test_a_file_that_is_shown_again_stays(gallery: Gallery) -> None:
    project = gallery.project("engine")
    media = gallery.add(project, "one.png")
    gallery.run("delete from public.project_media where id = %s", media["id"])
    gallery.call("add_project_media", project, media["object_path"], "")
    await gallery.work_off()
    assert gallery.files() == {media["object_path"]}


async def test_the_sweep_takes_what_nobody_shows_after_a_day(gallery: Gallery) -> None:
    project = gallery.project("engine")
    shown = gallery.add(project, "shown.png")["object_path"]
    old, young = (gallery.upload(f"{gallery.ws}/{project}/{name}.png") for name in ("old", "young"))
    gallery.db.admin.execute(
        "update storage.objects set created_at = now() - interval '2 days' where name = any(%s)",
        ([old, shown],),
    )
    gallery.db.admin.execute("select app.enqueue('portfolio.sweep')")
    await gallery.work_off()
    assert gallery.files() == {shown, young}


async def test_the_sweep_goes_on_until_nothing_is_left(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 3)
    folder = f"{gallery.ws}/{gallery.project('engine')}"
    for number in range(70):
        gallery.upload(f"{folder}/{number}.png")
    gallery.db.admin.execute("update storage.objects set created_at = now() - interval '2 days'")
    gallery.db.admin.execute("select app.enqueue('portfolio.sweep')")
    await gallery.work_off()
    assert gallery.files() == set()
    assert gallery.db.value("select status from public.jobs where kind = 'portfolio.sweep'") == "succeeded"


async def test_the_sweep_ends_when_the_bucket_keeps_files(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 3)
    told: list[str] = []

    async def remove(self: Bucket, bucket: str, paths: Sequence[str]) -> None:
        told.extend(paths)

    monkeypatch.setattr(Bucket, "remove", remove)
    for number in range(3):
        gallery.upload(f"{gallery.ws}/x/{number}.png")
    gallery.db.admin.execute("update storage.objects set created_at = now() - interval '2 days'")
    async with Pool(gallery.db.dsn("lamina_worker"), min_size=1, max_size=1) as pool:
        await service.sweep(PortfolioPorts(pool, Bucket(gallery.root, gallery.db), SITE))
    assert len(told) == 6


def look(gallery: Gallery, project: UUID, *, actor: Actor | None = None, **headers: str) -> None:
    given = {"user-agent": "Mozilla/5.0", "x-forwarded-for": "203.0.113.7, 10.0.0.1", **headers}
    named = {name.replace("_", "-"): value for name, value in given.items()}
    with gallery.db.as_user(actor) if actor else gallery.db.as_anon() as cursor:
        cursor.execute("select set_config('request.headers', %s, true)", (json.dumps(named),))
        cursor.execute("select public.note_project_view(%s)", (project,))


async def test_visitors_are_counted_once_a_day(gallery: Gallery) -> None:
    project, other = gallery.project("engine", "published"), gallery.project("other", "published")
    for _ in range(3):
        look(gallery, project)
    look(gallery, project, x_forwarded_for="203.0.113.8")
    look(gallery, project, cf_connecting_ip="203.0.113.9")
    look(gallery, project, actor=gallery.cast.stranger, x_forwarded_for="203.0.113.10")
    look(gallery, project, user_agent="Another browser")
    look(gallery, other)
    assert gallery.db.value("select count(distinct visitor) from app.view_buffer") == 5
    for _ in range(2):
        gallery.db.admin.execute("select app.enqueue('portfolio.roll_up_views')")
    await gallery.work_off()
    rows = dict(gallery.db.rows("select project_id, visitors from public.project_views"))
    assert rows == {project: 4, other: 1}
    assert gallery.run("select sum(visitors) from public.project_views", actor=gallery.cast.viewer) == [(5,)]
    assert gallery.run("select 1 from public.project_views", actor=gallery.cast.stranger) == []


@pytest.mark.parametrize(("there", "counts"), [(80_000, True), (120_000, False)])
def test_a_day_has_an_end(gallery: Gallery, there: int, counts: bool) -> None:
    project, other = gallery.project("engine", "published"), gallery.project("other", "published")
    gallery.db.admin.execute(
        "insert into app.view_buffer select %s, (now() at time zone 'utc')::date, sha256(int4send(n))"
        " from generate_series(1, %s) as n",
        (project, there),
    )
    look(gallery, project)
    look(gallery, other)
    rows = dict(gallery.db.rows("select project_id, count(*) from app.view_buffer group by 1"))
    assert rows == {project: there + counts, other: 1}


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_does_not_count(gallery: Gallery, status: str) -> None:
    shown, hidden = gallery.project("engine", "published"), gallery.project("hidden", status)
    look(gallery, hidden)
    look(gallery, UUID(int=1))
    look(gallery, shown, user_agent="Googlebot/2.1")
    look(gallery, shown, actor=gallery.cast.viewer)
    assert gallery.db.rows("select 1 from app.view_buffer") == []
    for table in ("app.view_buffer", "app.view_salts"):
        with denied(), gallery.db.as_worker() as cursor:
            cursor.execute(f"select 1 from {table}".encode())


def test_nothing_is_kept_of_a_day_that_is_over(gallery: Gallery) -> None:
    project = gallery.project("engine", "published")
    look(gallery, project)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    for table in ("app.view_buffer", "app.view_salts"):
        gallery.db.admin.execute(f"update {table} set day = %s".encode(), (yesterday,))
    look(gallery, project)
    visitors = "select count(distinct visitor) from app.view_buffer"
    assert gallery.db.value(visitors) == 2  # another day's salt: the same person is another hash
    with gallery.db.as_worker() as cursor:
        cursor.execute("select app.roll_up_views()")
    days = {
        day
        for (day,) in gallery.db.rows("select day from app.view_buffer union select day from app.view_salts")
    }
    assert days <= {yesterday + timedelta(days=1), yesterday + timedelta(days=2)}
    counted = dict(gallery.db.rows("select day, visitors from public.project_views"))
    assert counted[yesterday] == 1
    gallery.db.admin.execute("truncate app.view_buffer")
    look(gallery, project)
    with gallery.db.as_worker() as cursor:
        cursor.execute("select app.roll_up_views()")
    assert set(dict(gallery.db.rows("select day, visitors from public.project_views")).values()) == {1}


def test_a_look_waits_for_nobody_and_a_second_one_writes_nothing(gallery: Gallery) -> None:
    project = gallery.project("engine", "published")
    look(gallery, project)
    row = "select xmin::text, ctid::text, xmax::text from app.view_buffer"
    before = gallery.db.rows(row)
    with gallery.db.as_user(gallery.cast.editor) as cursor:
        cursor.execute("update public.projects set title = 'Changing' where id = %s", (project,))
        look(gallery, project)
    assert gallery.db.rows(row) == before
