"""The bucket assets: who puts, lists and removes, what counts, what publications and workspaces keep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import denied, personal_workspace, refused
from tests.integration.jobs.engine import run, until
from tests.integration.portfolio.gallery import Bucket
from tests.integration.sites.studio import Studio, content
from tests.support.actors import Actor, give_plan
from worker.db.pool import Database as Pool
from worker.domains.sites import handlers
from worker.domains.sites.ports import SitePorts
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

UPLOAD = "insert into storage.objects (bucket_id, name, metadata) values ('assets', %s, %s)"
USED = "select committed from app.usage_counters where metric = 'storage_bytes' and workspace_id = %s"
ENDED = "select count(*) = 0 from public.jobs where gate <> 'closed' and kind = 'sites.remove_assets'"


def name_of(workspace: UUID, kind: str = "site", ending: str = "png") -> str:
    return f"{workspace}/{kind}/{uuid4()}.{ending}"


def upload(studio: Studio, name: str, *, actor: Actor | None = None, size: int = 10) -> str:
    """As Storage notes a file, with the caller's rights."""
    with studio.db.as_user(actor or studio.cast.marketing) as cursor:
        cursor.execute(UPLOAD, (name, Jsonb({"size": size, "mimetype": "image/png"})))
    return name


def remove(studio: Studio, name: str, *, actor: Actor | None = None) -> int:
    """As Storage removes a file; how many went."""
    with studio.db.as_user(actor or studio.cast.marketing) as cursor:
        cursor.execute("select set_config('storage.allow_delete_query', 'true', true)")
        return cursor.execute("delete from storage.objects where name = %s", (name,)).rowcount


def showing(name: str) -> dict[str, Any]:
    """A site with this picture, and one from elsewhere."""
    found = content()
    urls = (f"https://lamina.example/storage/v1/object/public/assets/{name}?v=1", "https://example.com/a.png")
    found["pages"][0]["blocks"] = [{"type": "picture", "url": url, "alt": "A"} for url in urls]
    return found


def test_the_bucket_is_public_and_takes_pictures_only(studio: Studio) -> None:
    (row,) = studio.db.rows(
        "select public, file_size_limit, allowed_mime_types from storage.buckets where id = 'assets'"
    )
    types = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"]
    assert row == (True, 5 * 1024 * 1024, types)


@pytest.mark.parametrize(
    ("kind", "writers"),
    [
        ("site", {"owner", "admin", "editor", "marketing"}),
        ("logo", {"owner", "admin", "editor", "marketing"}),
        ("brand", {"owner", "admin", "marketing"}),
        ("avatar", set()),
    ],
)
def test_who_puts_and_removes(studio: Studio, kind: str, writers: set[str]) -> None:
    kept = name_of(studio.cast.workspace_id, kind)
    studio.db.admin.execute(UPLOAD, (kept, Jsonb({"size": 1})))
    for role in ("owner", "admin", "editor", "marketing", "sales", "support", "viewer", "stranger"):
        actor, name = getattr(studio.cast, role), name_of(studio.cast.workspace_id, kind)
        if role in writers:
            upload(studio, name, actor=actor)
            assert remove(studio, name, actor=actor) == 1
        else:
            with denied():
                upload(studio, name, actor=actor)
            assert remove(studio, kept, actor=actor) == 0
    with denied(), studio.db.as_anon() as cursor:
        cursor.execute(UPLOAD, (name_of(studio.cast.workspace_id), Jsonb({"size": 1})))


def test_an_avatar_is_ones_own(studio: Studio) -> None:
    mine = personal_workspace(studio.db, studio.cast.viewer)
    name = upload(studio, name_of(mine, "avatar", "jpg"), actor=studio.cast.viewer)
    assert remove(studio, name, actor=studio.cast.owner) == 0
    with denied():
        upload(studio, name_of(mine, "avatar"), actor=studio.cast.owner)
    assert remove(studio, name, actor=studio.cast.viewer) == 1


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda name: name.replace("/site/", "/other/"),
        lambda name: name.replace("/site/", "/site/../site/"),
        lambda name: name.replace("/site/", "/site/more/"),
        lambda name: name.replace(".png", ".svg"),
        lambda name: name.replace(".png", ".png/x.png"),
        lambda name: f"{name.rpartition('/')[0]}/logo.png",
        lambda name: name + "\n",
    ],
)
def test_names_are_exact(studio: Studio, change: Any) -> None:
    wrong = change(name_of(studio.cast.workspace_id))
    with denied():
        upload(studio, wrong)
    with refused(400, "asset.bad_name"):
        studio.db.admin.execute(UPLOAD, (wrong, Jsonb({"size": 1})))


def test_who_lists(studio: Studio) -> None:
    name, listed = upload(studio, name_of(studio.cast.workspace_id)), "select name from storage.objects"
    with studio.db.as_user(studio.cast.viewer) as cursor:
        assert cursor.execute(listed).fetchall() == [(name,)]
    with studio.db.as_user(studio.cast.stranger) as cursor:
        assert cursor.execute(listed).fetchall() == []
    with studio.db.as_anon() as cursor:
        assert cursor.execute(listed).fetchall() == []
    with studio.db.as_user(studio.cast.marketing) as cursor:
        assert cursor.execute("update storage.objects set metadata = '{}'").rowcount == 0


def test_bytes_count_in_the_plan(studio: Studio) -> None:
    workspace = studio.cast.workspace_id
    give_plan(studio.db.admin, workspace, "free")
    one, two = (upload(studio, name_of(workspace), size=size) for size in (1000, 200))
    assert studio.db.value(USED, workspace) == 1200
    change = "update storage.objects set metadata = %s where name = %s"
    for metadata, used in ((None, 1000), ({"size": 300}, 1300), ({"size": 300, "eTag": "x"}, 1300)):
        studio.db.admin.execute(change, (None if metadata is None else Jsonb(metadata), two))
        assert studio.db.value(USED, workspace) == used
    assert remove(studio, one) == 1
    assert studio.db.value(USED, workspace) == 300
    studio.db.admin.execute("select app.consume(%s, 'storage_bytes', 104857291)", (workspace,))
    with refused(402, "quota.exceeded"):
        upload(studio, name_of(workspace))
    assert studio.db.value("select count(*) from storage.objects") == 1


def test_a_workspace_has_at_most_1000(studio: Studio) -> None:
    workspace = studio.cast.workspace_id
    with studio.db.admin.cursor() as cursor:
        cursor.executemany(UPLOAD, [(name_of(workspace), Jsonb({"size": 1})) for _ in range(1000)])
    with refused(409, "asset.too_many"):
        upload(studio, name_of(workspace))
    assert studio.db.value("select count(*) from storage.objects") == 1000


def test_what_a_publication_shows_stays(studio: Studio) -> None:
    site, name = studio.fork("bakery"), upload(studio, name_of(studio.cast.workspace_id))
    studio.call("save_site", site["id"], showing(name), 1)
    studio.call("publish_site", site["id"], None)
    assert remove(studio, name) == 0
    studio.call("publish_site", site["id"], 1)
    assert remove(studio, name) == 1
    with pytest.raises(psycopg.Error, match=name):
        studio.call("publish_site", site["id"], 2)
    with refused(409, "site.missing_picture"):
        studio.call("publish_site", site["id"], 2)
    assert studio.live("bakery") == [(1, "Welcome")]


@asynccontextmanager
async def working(studio: Studio, root: Path) -> AsyncIterator[None]:
    dsn = studio.db.dsn("lamina_worker")
    options = WorkerOptions(
        worker_id="studio", lanes={"outbound": 2}, lease=5.0, grace=2.0, poll=0.2, listen_dsn=dsn
    )
    async with Pool(dsn, min_size=1, max_size=6) as pool:
        registry = Registry()
        handlers.register(registry, SitePorts(pool, Bucket(root, studio.db)))
        async with run(Worker(pool, registry, options)):
            yield


async def test_files_go_with_their_workspace(studio: Studio, tmp_path: Path) -> None:
    gone, kept = studio.cast.workspace_id, personal_workspace(studio.db, studio.cast.owner)
    names = [upload(studio, name_of(gone)), upload(studio, name_of(kept), actor=studio.cast.owner)]
    for name in names:
        (tmp_path / "assets" / name).parent.mkdir(parents=True)
        (tmp_path / "assets" / name).write_bytes(b"x")
    studio.db.admin.execute("select app.enqueue('sites.remove_assets', null, %s)", (kept,))  # in error
    studio.call("delete_workspace", gone, actor=studio.cast.owner)
    async with working(studio, tmp_path):
        await until(lambda: studio.db.value(ENDED), 40)
    assert studio.db.rows("select name from storage.objects where bucket_id = 'assets'") == [(names[1],)]
    assert [(tmp_path / "assets" / name).exists() for name in names] == [False, True]
    states = studio.db.rows("select status from public.jobs where kind = 'sites.remove_assets'")
    assert states == [("succeeded",), ("succeeded",)]
