"""The schema function agrees with the library that reads JSON Schema; blocks are the assistant's."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from psycopg.types.json import Jsonb

from tests.integration.identity.calls import refused
from tests.integration.sites.studio import Studio, content
from tests.support.database import Database
from worker.domains.tasks.blocks import BLOCKS

WORDS = st.text("ab #/-:htpsmailoe+15.\n ", max_size=12).filter(lambda words: not words.endswith("\n"))
"""Python's $ also fits before a line break at the very end, Postgres' and JavaScript's do not."""
BLOCK_TYPES = ("heading", "paragraph", "list", "quote", "button", "image", "divider", "picture", "video")
LEAVES = st.one_of(WORDS, st.integers(-1, 4), st.just(1.0), st.just(1.5), st.booleans(), st.none())
LOOSE = st.fixed_dictionaries(
    {"type": st.sampled_from(BLOCK_TYPES)},
    optional={
        name: st.one_of(LEAVES, st.lists(WORDS, max_size=3))
        for name in ("level", "text", "ordered", "items", "by", "label", "url", "search", "alt", "more")
    },
)
RIGHT = st.sampled_from(
    [
        {"type": "heading", "level": 2, "text": "T"},
        {"type": "list", "ordered": True, "items": ["one", "two"]},
        {"type": "quote", "text": "T", "by": ""},
        {"type": "button", "label": "L", "url": "mailto:a@example.com"},
        {"type": "button", "label": "L", "url": "tel:+1-555-0100"},
        {"type": "button", "label": "L", "url": "/a-b/c"},
        {"type": "button", "label": "L", "url": "//a"},
        {"type": "picture", "url": "https://example.com/a.png", "alt": "A"},
        {"type": "divider"},
    ]
)
PAGE = st.fixed_dictionaries(
    {"path": st.sampled_from(["/", "/a", "/a-b/c", "a", "/A", "//", "/a/"]), "title": WORDS},
    optional={"blocks": st.lists(st.one_of(RIGHT, RIGHT, LOOSE), max_size=3), "description": LEAVES},
)
CONTENT = st.fixed_dictionaries(
    {"pages": st.one_of(st.lists(PAGE, max_size=2), LEAVES)},
    optional={"theme": st.dictionaries(st.sampled_from(["primary", "font", "x"]), WORDS, max_size=2)},
)


def problem(db: Database, schema: Any, value: Any) -> str | None:
    found: str | None = db.value("select app.schema_problem(%s, %s, 'it')", Jsonb(schema), Jsonb(value))
    return found


@pytest.fixture(scope="module")
def schema(shared_db: Database) -> Any:
    return shared_db.value("select app.site_schema()")


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=st.one_of(CONTENT, LEAVES))
def test_it_agrees_with_the_library(shared_db: Database, schema: Any, value: Any) -> None:
    fits = Draft202012Validator(schema).is_valid(value)
    found = problem(shared_db, schema, value)
    assert (found is None) is fits, (found, value)


@settings(max_examples=300, deadline=None)
@given(block=st.one_of(RIGHT, LOOSE))
def test_single_blocks_are_judged_as_by_the_library(shared_db: Database, schema: Any, block: Any) -> None:
    blocks = schema["properties"]["pages"]["items"]["properties"]["blocks"]
    fits = Draft202012Validator(blocks).is_valid([block])
    assert (problem(shared_db, blocks, [block]) is None) is fits


def test_the_blocks_are_those_of_the_design_assistant(schema: Any) -> None:
    """One more: picture. Title and number of blocks are the same."""
    page = copy.deepcopy(schema["properties"]["pages"]["items"]["properties"])
    more = page["blocks"]["items"]["anyOf"].pop()
    assert more["properties"]["type"]["enum"] == ["picture"]
    assert page["blocks"] == BLOCKS["properties"]["blocks"]
    assert page["title"] == BLOCKS["properties"]["title"]


def test_the_catalogue_keeps_the_rules(shared_db: Database) -> None:
    rows = shared_db.rows(
        "select t.kind, app.check_site_content(t.kind, v.content) from public.templates as t"
        " join public.template_versions as v on v.template_id = t.id where t.workspace_id is null"
    )
    assert sorted(kind for kind, _ in rows) == ["email", "layout", "site", "site", "site"]


def test_links_of_the_catalogue_lead_to_its_pages(shared_db: Database) -> None:
    rows = shared_db.rows(
        "select t.name, app.broken_link(v.content), v.content::text ~ %s from public.templates as t"
        " join public.template_versions as v on v.template_id = t.id where t.workspace_id is null order by 1",
        '"url": "#',
    )
    names = ("Announcement", "Blank", "Newsletter", "Portfolio", "Small business")
    assert rows == [(name, None, False) for name in names]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"pages": []}, "content/pages breaks the rule minItems"),
        (
            {"pages": [{"path": "/", "title": " ", "blocks": [{"type": "divider"}]}]},
            "0/title breaks the rule pattern",
        ),
        (
            {"pages": [{"path": "/", "title": "T", "blocks": [{"type": "divider"}, {"type": "script"}]}]},
            "content/pages/0/blocks/1 breaks the rule anyOf",
        ),
        (
            {"pages": [{"path": "/", "title": "T", "blocks": [
                {"type": "button", "label": "L", "url": "javascript:alert(1)"}]}]},
            "blocks/0/url breaks the rule pattern",
        ),
        ({**content(), "script": "x"}, "content breaks the rule additionalProperties"),
    ],
)  # fmt: skip
def test_a_refusal_names_place_and_rule(shared_db: Database, value: Any, words: str) -> None:
    with pytest.raises(Exception, match=words):
        shared_db.value("select app.check_site_content('site', %s)", Jsonb(value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("site", content("/a")),
        ("site", content("/", "/a", "/a")),
        ("layout", content("/", "/a")),
        ("email", content("/", "/a")),
    ],
)
def test_paths_are_unique_and_one_is_the_first(studio: Studio, kind: str, value: Any) -> None:
    with refused(400, "site.bad_paths"):
        studio.call("create_template", studio.cast.workspace_id, kind, "Own", value, "")


def test_content_is_bounded(studio: Studio) -> None:
    block = {"type": "paragraph", "text": "é" * 5000}
    page = {"path": "/", "title": "T", "blocks": [block] * 55}
    with refused(400, "site.bad_content"):
        studio.call("create_template", studio.cast.workspace_id, "site", "Own", {"pages": [page]}, "")
