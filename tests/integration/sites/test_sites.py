"""Templates, sites, versions and publications: who may, what collides, what the world reads."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import denied, meanwhile, refused
from tests.integration.sites.studio import Row, Studio, content

WRITERS = ("owner", "admin", "editor", "marketing")


def test_who_may_write(studio: Studio) -> None:
    for role in WRITERS:
        assert studio.fork(f"by-{role}", actor=getattr(studio.cast, role))["version"] == 1
    for role in ("sales", "support", "viewer"):
        with refused(403, "workspace.forbidden"):
            studio.fork("by-nobody", actor=getattr(studio.cast, role))
    with refused(404, "workspace.not_found"):
        studio.fork("by-nobody", actor=studio.cast.stranger)
    with denied(), studio.db.as_anon() as cursor:
        cursor.execute("select public.delete_site(%s)", (uuid4(),))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("save_site", (content(), 1)),
        ("rename_site", ("Name", "name")),
        ("publish_site", (None,)),
        ("unpublish_site", ()),
        ("start_design", ({"instructions": "Bread."}, "/", None, None)),
    ],
)
def test_who_may_do_what_with_a_site(studio: Studio, function: str, arguments: tuple[object, ...]) -> None:
    site = studio.fork("bakery")
    with refused(403, "workspace.forbidden"):
        studio.call(function, site["id"], *arguments, actor=studio.cast.viewer)
    with refused(404, "site.not_found"):
        studio.call(function, site["id"], *arguments, actor=studio.cast.stranger)
    assert studio.call(function, site["id"], *arguments) is not None


def test_a_workspaces_template_is_its_own(studio: Studio) -> None:
    own = studio.call("create_template", studio.cast.workspace_id, "site", "Own", content(), "Ours.")
    saved = studio.call("save_template", own["id"], content("/", "/a"), 1)
    assert saved["version"] == 2
    with refused(409, "template.version_conflict"):
        studio.call("save_template", own["id"], content(), 1)
    with refused(404, "template.not_found"):
        studio.call("save_template", own["id"], content(), 2, actor=studio.cast.stranger)
    with refused(403, "template.read_only"):
        studio.call("save_template", studio.catalogue("Blank"), content(), 1)
    site = studio.fork("from-own", template=own["id"])
    assert (site["template_id"], site["template_version"]) == (own["id"], 2)
    other = studio.db.value(
        "select id from public.workspaces where created_by = %s", studio.cast.stranger.user_id
    )
    with refused(404, "template.not_found"):
        studio.call("fork_template", own["id"], other, "Site", "stolen", None, actor=studio.cast.stranger)
    studio.call("delete_template", own["id"])
    assert studio.db.rows("select template_id from public.sites where id = %s", site["id"]) == [(None,)]


def test_an_older_version_can_be_forked(studio: Studio) -> None:
    own = studio.call("create_template", studio.cast.workspace_id, "site", "Own", content(text="First"), "")
    studio.call("save_template", own["id"], content(text="Second"), 1)
    site = studio.call("fork_template", own["id"], studio.cast.workspace_id, "Site", "older", 1)
    assert studio.call("publish_site", site["id"], None)["content"] == content(text="First")
    with refused(404, "template.not_found"):
        studio.call("fork_template", own["id"], studio.cast.workspace_id, "Site", "newer", 3)


def test_the_same_address_is_given_once(studio: Studio) -> None:
    with studio.db.as_user(studio.cast.editor) as cursor:
        given = (studio.catalogue("Blank"), studio.cast.workspace_id)
        cursor.execute("select public.fork_template(%s, %s, 'One', 'same')", given)
        with meanwhile(studio.db, lambda: studio.fork("same")) as raised:
            cursor.connection.commit()
    assert [error.diag.message_detail for error in raised if isinstance(error, psycopg.Error)] == [
        "site.slug_taken"
    ]
    for slug in ("no", "Upper", "a--b", "-a-b", "ü-b", "x" * 61):
        with refused(400, "site.bad_slug"):
            studio.fork(slug)


def test_of_two_who_save_one_is_told(studio: Studio) -> None:
    site = studio.fork("shared")
    with studio.db.as_user(studio.cast.editor) as cursor:
        cursor.execute("select version from public.sites where id = %s", (site["id"],))
        cursor.execute("select public.save_site(%s, %s, 1)", (site["id"], Jsonb(content(text="Mine"))))
        with meanwhile(
            studio.db, lambda: studio.call("save_site", site["id"], content(text="Theirs"), 1)
        ) as raised:
            cursor.connection.commit()
    (error,) = raised
    assert isinstance(error, psycopg.Error)
    assert error.diag.message_detail == "site.version_conflict"
    assert "its version is 2, not 1" in (error.diag.message_primary or "")
    versions = studio.db.value(
        "select array_agg(version order by version) from public.site_versions where site_id = %s", site["id"]
    )
    assert versions == [1, 2]


def published(studio: Studio, slug: str = "bakery") -> Row:
    site = studio.fork(slug)
    studio.call("save_site", site["id"], content(text="Second"), 1)
    studio.call("publish_site", site["id"], None)
    return site


def test_the_world_reads_what_is_published_only(studio: Studio) -> None:
    site = studio.fork("bakery")
    assert studio.live("bakery") == []
    first = studio.call("publish_site", site["id"], None)
    studio.call("save_site", site["id"], content(text="Second"), 1)
    assert studio.live("bakery") == [(1, "Welcome")]
    assert studio.call("publish_site", site["id"], 1)["id"] == first["id"]
    studio.call("publish_site", site["id"], None)
    assert studio.live("bakery") == [(2, "Second")]
    with studio.db.as_user(studio.cast.stranger) as cursor:
        assert cursor.execute("select version from public.site_snapshots").fetchall() == [(2,)]
    with studio.db.as_user(studio.cast.viewer) as cursor:
        assert len(cursor.execute("select version from public.site_snapshots").fetchall()) == 2
    with denied(), studio.db.as_anon() as cursor:
        cursor.execute("select workspace_id from public.site_snapshots")
    with refused(404, "site.version_not_found"):
        studio.call("publish_site", site["id"], 9)
    studio.call("unpublish_site", site["id"])
    assert studio.live("bakery") == []
    assert studio.call("unpublish_site", site["id"])["live_version"] is None


def test_a_publication_is_never_changed(studio: Studio) -> None:
    published(studio)
    for change in ("content = '{}'", "slug = 'else'", "live_slug = live_slug || 'x'", "version = 1"):
        with refused(409, "site.snapshot_fixed"):
            studio.db.admin.execute(f"update public.site_snapshots set {change}".encode())
    studio.db.admin.execute("update public.site_snapshots set live_slug = null")
    with refused(409, "site.snapshot_fixed"):
        studio.db.admin.execute("update public.site_snapshots set live_slug = slug")


def test_a_new_address_counts_from_the_next_publication(studio: Studio) -> None:
    site = published(studio, "old-name")
    studio.call("rename_site", site["id"], "Site", "new-name")
    assert (studio.live("old-name"), studio.live("new-name")) == ([(2, "Second")], [])
    other = studio.fork("old-name")
    with refused(409, "site.slug_taken"):
        studio.call("publish_site", other["id"], None)
    with refused(409, "site.slug_taken"):
        studio.call("rename_site", other["id"], "Site", "new-name")
    studio.call("publish_site", site["id"], None)
    studio.call("publish_site", other["id"], None)
    assert (studio.live("new-name"), studio.live("old-name")) == ([(2, "Second")], [(1, "Welcome")])


def test_deleted_sites_are_gone(studio: Studio) -> None:
    site = published(studio)
    with refused(403, "workspace.forbidden"):
        studio.call("delete_site", site["id"], actor=studio.cast.sales)
    studio.call("delete_site", site["id"])
    assert studio.live("bakery") == []


def test_a_button_that_leads_nowhere_is_not_published(studio: Studio) -> None:
    site = studio.fork("bakery")
    draft = content("/", "/bread")
    draft["pages"][1]["blocks"] = [
        {"type": "button", "label": "L", "url": url} for url in ("/", "/bread", "#top", "tel:112", "/shop")
    ]
    studio.call("save_site", site["id"], draft, 1)
    with pytest.raises(psycopg.Error, match="On the page /bread a button leads to /shop"):
        studio.call("publish_site", site["id"], None)
    draft["pages"].append({"path": "/shop", "title": "Shop", "blocks": [{"type": "divider"}]})
    studio.call("save_site", site["id"], draft, 2)
    assert studio.call("publish_site", site["id"], None)["version"] == 3
    with refused(409, "site.broken_link"):
        studio.call("publish_site", site["id"], 2)


def test_what_was_done_is_told(studio: Studio) -> None:
    site = published(studio)
    rows = studio.db.rows(
        "select verb, actor_id from public.activity"
        " where subject_kind = 'site' and subject_id = %s order by id",
        site["id"],
    )
    assert rows == [("created", studio.cast.marketing.user_id), ("published", studio.cast.marketing.user_id)]
    sent = studio.db.rows(
        "select payload ->> 'live_version' from realtime.messages where event = 'site.changed'"
        " and topic = %s order by inserted_at",
        f"workspace:{studio.cast.workspace_id}",
    )
    assert sent[-1] == ("2",)
    assert len(sent) == 3


def test_the_newest_100_versions_and_what_was_published_are_kept(studio: Studio) -> None:
    site = studio.fork("long-lived")
    own = studio.call("create_template", studio.cast.workspace_id, "site", "Own", content(), "")
    studio.call("publish_site", site["id"], None)
    for version in range(1, 104):
        studio.call("save_site", site["id"], content(), version)
        studio.call("save_template", own["id"], content(), version)
    kept = "select array_agg(version order by version) from public.{}_versions where {}_id = %s"
    assert studio.db.value(kept.format("site", "site"), site["id"]) == [1, *range(5, 105)]
    assert studio.db.value(kept.format("template", "template"), own["id"]) == [*range(5, 105)]
    with refused(404, "site.version_not_found"):
        studio.call("publish_site", site["id"], 2)


def test_the_newest_100_publications_are_kept(studio: Studio) -> None:
    site = published(studio)
    for number in range(104):
        studio.call("publish_site", site["id"], number % 2 + 1)
    rows = studio.db.rows("select version, live_slug from public.site_snapshots order by published_at desc")
    assert rows == [(2, "bakery"), *[(1, None), (2, None)] * 49, (1, None)]
