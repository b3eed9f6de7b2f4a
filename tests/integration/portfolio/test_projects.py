"""Portfolios and projects: who writes, what is refused in words, what the world reads."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import denied, personal_workspace, refused
from tests.integration.portfolio.gallery import Gallery

INSERT = "insert into public.projects (workspace_id, slug, title) values (%s, %s, 'Work')"
OPEN = "insert into public.portfolios (workspace_id, title, is_public) values (%s, 'Mine', true)"


def test_who_may_write(gallery: Gallery) -> None:
    for role in ("owner", "admin", "editor"):
        gallery.project(f"by-{role}", actor=getattr(gallery.cast, role))
    for role in ("sales", "support", "marketing", "viewer", "stranger"):
        actor = getattr(gallery.cast, role)
        with denied():
            gallery.run(INSERT, gallery.ws, "by-nobody", actor=actor)
        assert gallery.run("update public.projects set title = 'Theirs'", actor=actor) == [(0,)]
        assert gallery.run("delete from public.projects", actor=actor) == [(0,)]
        assert gallery.run("update public.portfolios set title = 'Theirs'", actor=actor) == [(0,)]
    assert gallery.run("select count(*) from public.projects", actor=gallery.cast.viewer) == [(3,)]
    assert gallery.run("select count(*) from public.projects", actor=gallery.cast.stranger) == [(0,)]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("title", " Work", "project.bad_title"),
        ("slug", "Upper", "project.bad_slug"),
        ("live_url", "javascript:alert(1)", "project.bad_address"),
        ("source_url", "ftp://example.com", "project.bad_address"),
        ("tags", ["a", "A"], "project.bad_tags"),
        ("tags", ["x" * 41], "project.bad_tags"),
        ("tags", [str(number) for number in range(21)], "project.bad_tags"),
        ("technologies", [""], "project.bad_tags"),
        ("technologies", [["a", "b"]], "project.bad_tags"),
    ],
)
def test_what_is_refused(gallery: Gallery, column: str, value: Any, code: str) -> None:
    project = gallery.project("engine")
    with refused(400, code):
        gallery.run(f"update public.projects set {column} = %s where id = %s", value, project)


def test_addresses_are_unique_in_a_portfolio(gallery: Gallery) -> None:
    gallery.project("engine")
    with refused(409, "project.slug_taken"):
        gallery.project("engine")
    mine = personal_workspace(gallery.db, gallery.cast.editor)
    assert gallery.run(INSERT, mine, "engine") == [(1,)]


@pytest.mark.parametrize("role", ["viewer", "stranger"])
def test_addresses_of_drafts_cannot_be_probed(gallery: Gallery, role: str) -> None:
    gallery.project("engine")
    for slug in ("engine", "free", "Not a slug"):
        with denied():
            gallery.run(INSERT, gallery.ws, slug, actor=getattr(gallery.cast, role))


def test_a_workspace_has_200_projects_at_most(gallery: Gallery) -> None:
    gallery.run(
        "insert into public.projects (workspace_id, slug, title)"
        " select %s, 'work-' || n, 'Work' from generate_series(1, 200) as n",
        gallery.ws,
    )
    with refused(409, "project.too_many"):
        gallery.project("one-more")


def test_the_world_reads_published_works_of_public_portfolios(gallery: Gallery) -> None:
    works = {status: gallery.project(status, status) for status in ("draft", "published", "archived")}
    assert gallery.seen("published", "EDITH")["id"] == str(works["published"])
    assert [gallery.seen(status) for status in ("draft", "archived")] == [None, None]
    with gallery.db.as_anon() as cursor:
        assert cursor.execute("select id from public.projects").fetchall() == [(works["published"],)]
        row = cursor.execute("select public.get_portfolio('edith')").fetchone()
    assert row is not None
    assert [item["slug"] for item in row[0]["projects"]] == ["published"]
    stranger = gallery.run("select id from public.projects", actor=gallery.cast.stranger)
    assert stranger == [(works["published"],)]
    gallery.run("update public.portfolios set is_public = false")
    assert gallery.seen("published") is None
    with gallery.db.as_anon() as cursor:
        assert cursor.execute("select id from public.projects").fetchall() == []
        assert cursor.execute("select title from public.portfolios").fetchall() == []


@pytest.mark.parametrize("column", ["user_id", "is_public"])
def test_a_visitor_does_not_learn_who_opened_it(gallery: Gallery, column: str) -> None:
    with denied(), gallery.db.as_anon() as cursor:
        cursor.execute(f"select {column} from public.portfolios".encode())


def test_a_portfolio_needs_a_username_of_its_own(gallery: Gallery) -> None:
    mine = personal_workspace(gallery.db, gallery.cast.editor)
    with refused(409, "portfolio.username_used"):
        gallery.run(OPEN, mine)
    theirs = personal_workspace(gallery.db, gallery.cast.owner)
    with refused(409, "portfolio.no_username"):
        gallery.run(OPEN, theirs, actor=gallery.cast.owner)


def test_it_moves_with_the_username(gallery: Gallery) -> None:
    gallery.project("engine", "published")
    gallery.name(gallery.cast.editor, "Edie")
    assert gallery.seen("engine") is None
    assert gallery.seen("engine", "edie") is not None
    gallery.name(gallery.cast.editor, None)
    assert gallery.seen("engine", "edie") is None
    assert gallery.run("select is_public from public.portfolios") == [(False,)]


def test_it_closes_when_who_opened_it_leaves(gallery: Gallery) -> None:
    gallery.project("engine", "published")
    gallery.call("leave_workspace", gallery.ws)
    assert gallery.seen("engine") is None
    assert gallery.db.rows("select slug from public.projects") == [("engine",)]


@pytest.mark.parametrize(
    "links",
    ['[{"label": "x"}]', '[{"label": "x", "url": "javascript:x"}]', '{"label": "x"}', "[1]",
     '[{"label": "x", "url": "https://example.com", "more": 1}]', "null"],
)  # fmt: skip
def test_links_are_web_addresses(gallery: Gallery, links: str) -> None:
    with refused(400, "portfolio.bad_links"):
        gallery.run("update public.portfolios set links = %s::jsonb", links)


def test_a_portfolio_is_refused_in_words(gallery: Gallery) -> None:
    with refused(400, "portfolio.bad_title"):
        gallery.run("update public.portfolios set title = ''")
    with refused(400, "portfolio.bad_picture"):
        gallery.run("update public.portfolios set avatar_url = 'data:image/png,x'")
    gallery.run(
        "update public.portfolios set links = %s", Jsonb([{"label": "Me", "url": "https://example.com"}])
    )
