"""Pictures: shown from uploaded files, moved by one row, private until published, gone with their rows."""

from __future__ import annotations

import random
import threading
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.integration.identity.calls import denied, personal_workspace, refused
from tests.integration.portfolio.gallery import Gallery
from tests.support.actors import give_plan

UPLOAD = "insert into storage.objects (bucket_id, name) values ('portfolio', %s)"


def order(gallery: Gallery, project: UUID) -> list[str]:
    rows = gallery.db.rows(
        "select alt from public.project_media where project_id = %s order by rank", project
    )
    return [alt for (alt,) in rows]


def test_a_file_becomes_a_picture_once(gallery: Gallery) -> None:
    project = gallery.project("engine")
    media = gallery.add(project, "one.png")
    assert (media["kind"], media["mime"], media["byte_size"]) == ("image", "image/png", 10)
    assert gallery.call("add_project_media", project, media["object_path"], "")["id"] == media["id"]
    assert gallery.add(project, "film.mp4", mime="video/mp4")["kind"] == "video"
    assert order(gallery, project) == ["one.png", "film.mp4"]


def test_what_is_no_picture(gallery: Gallery) -> None:
    project, other = gallery.project("engine"), gallery.project("other")
    path = gallery.upload(f"{gallery.ws}/{other}/one.png")
    for wrong in (path, f"{gallery.ws}/{project}/none.png", ""):
        with refused(404, "media.no_file"):
            gallery.call("add_project_media", project, wrong, "")
    for mime in ("image/svg+xml", "text/html"):
        with refused(400, "media.bad_type"):
            gallery.add(project, uuid4().hex, mime=mime)
    with refused(403, "workspace.forbidden"):
        gallery.add(project, "by-viewer.png", actor=gallery.cast.viewer)
    with refused(404, "project.not_found"):
        gallery.add(project, "by-stranger.png", actor=gallery.cast.stranger)
    for number in range(30):
        gallery.add(project, f"{number}.png")
    with refused(409, "media.too_many"):
        gallery.add(project, "31.png")


def test_files_count_in_the_plan(gallery: Gallery) -> None:
    used = "select committed from app.usage_counters where metric = 'storage_bytes' and workspace_id = %s"
    project = gallery.project("engine")
    give_plan(gallery.db.admin, gallery.ws, "free")
    media = gallery.add(project, "one.png", size=1000)
    assert gallery.db.value(used, gallery.ws) == 1000
    gallery.run("delete from public.project_media where id = %s", media["id"])
    assert gallery.db.value(used, gallery.ws) == 0
    gallery.db.admin.execute("select app.consume(%s, 'storage_bytes', 104857591)", (gallery.ws,))
    with refused(402, "quota.exceeded"):
        gallery.add(project, "two.png", size=10)
    gallery.add(project, "three.png", size=9)


def test_a_move_writes_one_row(gallery: Gallery) -> None:
    project = gallery.project("engine")
    ids = {name: gallery.add(project, name)["id"] for name in "abcd"}
    before = dict(gallery.db.rows("select alt, rank from public.project_media"))
    gallery.call("move_project_media", ids["d"], ids["a"])
    assert order(gallery, project) == ["a", "d", "b", "c"]
    after = dict(gallery.db.rows("select alt, rank from public.project_media"))
    assert [name for name in "abcd" if before[name] != after[name]] == ["d"]
    gallery.call("move_project_media", ids["c"], None)
    gallery.call("move_project_media", ids["a"], ids["b"])
    assert order(gallery, project) == ["c", "d", "b", "a"]
    for wrong in (ids["a"], uuid4(), gallery.add(gallery.project("other"), "x")["id"]):
        with refused(400, "media.bad_place"):
            gallery.call("move_project_media", ids["a"], wrong)
    with refused(404, "media.not_found"):
        gallery.call("move_project_media", ids["a"], None, actor=gallery.cast.stranger)
    with refused(403, "workspace.forbidden"):
        gallery.call("move_project_media", ids["a"], None, actor=gallery.cast.viewer)


def test_any_moves_end_in_the_order_they_say(gallery: Gallery) -> None:
    """Also where the room between two ranks ends and all are written anew."""
    project, chance = gallery.project("engine"), random.Random(7)
    ids = {name: gallery.add(project, name)["id"] for name in "abcde"}
    expected = list("abcde")
    for step in range(120):
        name = chance.choice(expected) if step % 3 else expected[-1]
        expected.remove(name)
        after = chance.choice([None, *expected]) if step % 3 else expected[0]
        expected.insert(0 if after is None else expected.index(after) + 1, name)
        gallery.call("move_project_media", ids[name], None if after is None else ids[after])
    assert order(gallery, project) == expected


def test_moves_at_the_same_time_lose_none(gallery: Gallery) -> None:
    project = gallery.project("engine")
    ids = [gallery.add(project, str(number))["id"] for number in range(8)]
    raised: list[BaseException] = []

    def move(media: UUID) -> None:
        try:
            for _ in range(5):
                gallery.call("move_project_media", media, ids[0])
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=move, args=(media,)) for media in ids[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    rows = gallery.db.rows("select alt, rank from public.project_media order by rank")
    assert rows[0][0] == "0"
    assert len({rank for _, rank in rows}) == 8


def test_files_are_as_private_as_their_project(gallery: Gallery) -> None:
    project = gallery.project("engine")
    path = gallery.add(project, "one.png")["object_path"]
    stray = gallery.upload(f"{gallery.ws}/{project}/not-shown.png")
    assert gallery.readable() == set()
    gallery.move_to(project, "published")
    assert gallery.readable() == {path}
    names = "select name from storage.objects"
    assert gallery.run(names, actor=gallery.cast.stranger) == [(path,)]
    assert set(gallery.run(names, actor=gallery.cast.viewer)) == {(path,), (stray,)}
    gallery.move_to(project, "archived")
    assert gallery.readable() == set()


def test_who_may_upload(gallery: Gallery) -> None:
    project = gallery.project("engine")
    gallery.run(UPLOAD, f"{gallery.ws}/{project}/one.png")
    for path in (
        f"{gallery.ws}/{project}/codes/qr.png",
        f"{gallery.ws}/../{uuid4()}/x.png",
        f"{uuid4()}/x/y.png",
    ):
        with denied():
            gallery.run(UPLOAD, path)
    for role in ("marketing", "viewer", "stranger"):
        with denied():
            gallery.run(UPLOAD, f"{gallery.ws}/{project}/two.png", actor=getattr(gallery.cast, role))
    changes: list[Any] = [
        "update storage.objects set name = name || 'x' where bucket_id = 'portfolio'",
        "delete from storage.objects where bucket_id = 'portfolio'",
    ]
    with gallery.db.as_user(gallery.cast.owner) as cursor:
        cursor.execute("select set_config('storage.allow_delete_query', 'true', true)")
        assert [cursor.execute(change).rowcount for change in changes] == [0, 0]


def test_100_files_wait_to_be_shown_at_most(gallery: Gallery) -> None:
    folder = f"{gallery.ws}/{gallery.project('engine')}"
    for path in (f"{gallery.ws}/x/codes/qr.png", f"{uuid4()}/x/theirs.png"):
        gallery.upload(path)
    many = (
        "insert into storage.objects (bucket_id, name)"
        " select 'portfolio', %s || n from generate_series(1, %s) as n"
    )
    gallery.run(many, f"{folder}/", 100)
    for path in (f"{folder}/more.png", f"{gallery.ws}/else/more.png"):
        with denied():
            gallery.run(UPLOAD, path)
    gallery.db.admin.execute("update storage.objects set metadata = %s", (Jsonb({"mimetype": "image/png"}),))
    gallery.call("add_project_media", UUID(folder[37:]), f"{folder}/1", "")
    gallery.run(UPLOAD, f"{folder}/more.png")
    mine = personal_workspace(gallery.db, gallery.cast.editor)
    gallery.run(UPLOAD, f"{mine}/x/one.png")
    for path in (f"{gallery.ws}/x/one.png", f"{str(mine).upper()}/x/two.png"):
        with denied():
            gallery.run(UPLOAD, path)
