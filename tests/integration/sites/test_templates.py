"""Templates: their names, layouts as pages of sites, e-mails as text of campaigns."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.identity.calls import refused
from tests.integration.sites.studio import Studio, content
from worker.domains.marketing.markup import as_html, blocks_of


def test_a_template_is_renamed_and_redescribed(studio: Studio) -> None:
    own = studio.call("create_template", studio.cast.workspace_id, "site", "Own", content(), "Ours.")
    renamed = studio.call("rename_template", own["id"], "Better", None)
    assert (renamed["name"], renamed["description"], renamed["version"]) == ("Better", "Ours.", 1)
    assert studio.call("rename_template", own["id"], "Better", "New.")["description"] == "New."
    for wrong, code in ((("", None), "site.bad_name"), (("Name", "x" * 501), "template.bad_description")):
        with refused(400, code):
            studio.call("rename_template", own["id"], *wrong)
    with refused(403, "workspace.forbidden"):
        studio.call("rename_template", own["id"], "Theirs", None, actor=studio.cast.viewer)
    with refused(404, "template.not_found"):
        studio.call("rename_template", own["id"], "Theirs", None, actor=studio.cast.stranger)
    with refused(403, "template.read_only"):
        studio.call("rename_template", studio.catalogue("Blank"), "Mine", None)


@pytest.mark.parametrize("name", ["Announcement", "Newsletter"])
def test_layouts_and_mails_are_no_websites(studio: Studio, name: str) -> None:
    with refused(409, "template.wrong_kind"):
        studio.fork("a-site", template=studio.catalogue(name))
    assert studio.db.rows("select slug from public.sites where slug = 'a-site'") == []


def test_a_layout_becomes_a_page(studio: Studio) -> None:
    site, layout = studio.fork("bakery"), studio.catalogue("Announcement")
    assert studio.call("add_site_page", site["id"], layout, "/news", 1)["version"] == 2
    pages = studio.db.value(
        "select content -> 'pages' from public.site_versions where site_id = %s and version = 2", site["id"]
    )
    assert [(page["path"], page["title"], len(page["blocks"])) for page in pages] == [
        ("/", "Home", 1),
        ("/news", "Announcement", 4),
    ]
    studio.call("publish_site", site["id"], None)
    for path in ("/news", "/"):
        with refused(400, "site.bad_paths"):
            studio.call("add_site_page", site["id"], layout, path, 2)
    for wrong in ("News", None):
        with refused(400, "site.bad_content"):
            studio.call("add_site_page", site["id"], layout, wrong, 2)
    with refused(409, "site.version_conflict"):
        studio.call("add_site_page", site["id"], layout, "/more", 1)


def test_which_templates_become_pages(studio: Studio) -> None:
    site = studio.fork("bakery")
    for name in ("Blank", "Newsletter"):
        with refused(409, "template.wrong_kind"):
            studio.call("add_site_page", site["id"], studio.catalogue(name), "/news", 1)
    other = studio.db.value(
        "select id from public.workspaces where created_by = %s", studio.cast.stranger.user_id
    )
    foreign = studio.call(
        "create_template", other, "layout", "Theirs", content(), "", actor=studio.cast.stranger
    )
    for unknown in (uuid4(), foreign["id"]):
        with refused(404, "template.not_found"):
            studio.call("add_site_page", site["id"], unknown, "/news", 1)
    layout = studio.catalogue("Announcement")
    with refused(403, "workspace.forbidden"):
        studio.call("add_site_page", site["id"], layout, "/news", 1, actor=studio.cast.viewer)
    with refused(404, "site.not_found"):
        studio.call("add_site_page", site["id"], layout, "/news", 1, actor=studio.cast.stranger)


BLOCKS: list[dict[str, Any]] = [
    {"type": "heading", "level": 2, "text": "News\nof May"},
    {"type": "paragraph", "text": "Dear {{first_name|reader}},\nwe **bake**.\n"},
    {"type": "list", "ordered": False, "items": ["Rye", "Two\nlines"]},
    {"type": "list", "ordered": True, "items": ["Mix", "Bake"]},
    {"type": "quote", "text": "Good.", "by": "Bo"},
    {"type": "quote", "text": "Fine.", "by": " "},
    {"type": "divider"},
    {"type": "image", "search": "bread", "alt": "Bread"},
    {"type": "picture", "url": "https://example.com/a.png", "alt": "A"},
    {"type": "button", "label": "Our [shop]", "url": "https://example.com/a_(b)"},
    {"type": "button", "label": "Write", "url": "mailto:hello@example.com?subject=Hi"},
    {"type": "button", "label": "Call", "url": "tel:+1-555-0100"},
    {"type": "button", "label": "Page", "url": "/news"},
    {"type": "button", "label": "Nowhere", "url": "#"},
]


def text_of(studio: Studio, template: object, actor: Any = None) -> Any:
    with studio.db.as_user(actor or studio.cast.marketing) as cursor:
        row = cursor.execute("select public.template_text(%s)", (template,)).fetchone()
    assert row is not None
    return row[0]


def test_a_mail_is_text_that_campaigns_read(studio: Studio) -> None:
    mail = {"pages": [{"path": "/", "title": "News of May", "blocks": BLOCKS}]}
    own = studio.call("create_template", studio.cast.workspace_id, "email", "Own", mail, "")
    found = text_of(studio, own["id"])
    assert found["subject"] == "News of May"
    assert found["body"].split("\n\n") == [
        "# News of May",
        "Dear {{first_name|reader}},\nwe **bake**.",
        "- Rye\n- Two lines",
        "1. Mix\n2. Bake",
        "“Good.”\n— Bo",
        "“Fine.”",
        "[Our (shop)](https://example.com/a_%28b%29)",
        "Write: hello@example.com",
        "Call: +1-555-0100",
    ]
    blocks = blocks_of(found["body"])
    assert [block.kind for block in blocks] == ["h", "p", "ul", "p", "p", "p", "p", "p", "p"]
    assert 'href="https://example.com/a_%28b%29">Our (shop)</a>' in as_html(blocks[6], {}, str)
    assert text_of(studio, own["id"], studio.cast.stranger) is None
    assert text_of(studio, studio.catalogue("Blank")) is None


def test_the_newsletter_makes_a_campaign(studio: Studio) -> None:
    text = text_of(studio, studio.catalogue("Newsletter"))
    with studio.db.as_user(studio.cast.marketing) as cursor:
        cursor.execute(
            "insert into public.campaigns (workspace_id, name, subject, body) values (%s, 'May', %s, %s)",
            (studio.cast.workspace_id, text["subject"], text["body"]),
        )
    body = studio.db.value("select body from public.campaigns where name = 'May'")
    assert [block.kind for block in blocks_of(body)] == ["h", "h", "p", "h", "p", "p"]


def test_a_mail_without_words_is_empty(studio: Studio) -> None:
    mail = {"pages": [{"path": "/", "title": "T", "blocks": [{"type": "divider"}]}]}
    own = studio.call("create_template", studio.cast.workspace_id, "email", "Own", mail, "")
    assert text_of(studio, own["id"]) == {"subject": "T", "body": ""}
