"""Filters of every shape choose the same contacts in SQL as in plain Python; no text leaves its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.marketing.evaluator import fits
from tests.support.database import Database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WORDS = ["", "Ada", "ada b", "o'Brien", 'say "x"', "a%b_c", "$1", "{x,NULL}", "é;--", "\\", "c.name", "null"]
TAGS = ["vip", "VIP", "o'b", 'a"b', "{x}", "a,b", "null", "\\", "é"]
TEXTS = ["name", "email", "company", "job_title", "source"]
CHOICES = {
    "language": ["fr", "en"],
    "country": ["FR", "CH"],
    "lifecycle": ["lead", "customer"],
    "email_consent": ["unknown", "granted"],
}
MOMENTS = ["created_at", "last_activity_at", "consent_at"]
CAMPAIGNS = [str(UUID(int=number)) for number in (1, 2)]
FOREIGN = str(UUID(int=9))
"""Of another workspace: it went to the same addresses, which is nobody's business here."""


def _contacts() -> Iterator[dict[str, Any]]:
    """Sixty people with gaps, quotes and moments around now."""
    for number in range(60):
        pick = lambda values, step=1, n=number: values[n // step % len(values)]  # noqa: E731  # a local table
        yield {
            "name": pick([word or None for word in WORDS]),
            "email": pick([None, "ada@people.test", "O'B@people.test", "x%y@people.test"], 3),
            "company": pick([None, *WORDS[1:]], 2),
            "job_title": pick([None, "CEO", "a%b_c"], 5),
            "source": pick([None, "$1", "fair"], 4),
            "language": pick([None, "fr", "en"]),
            "country": pick([None, "FR", "CH"], 2),
            "lifecycle": pick(["subscriber", "lead", "customer"], 3),
            "email_consent": pick(["unknown", "granted", "withdrawn"]),
            "lead_score": pick([None, 0, 1, 50, 99, 100]),
            "tags": pick([[], ["vip"], ["VIP", "o'b"], ['a"b', "{x}"], ["a,b", "null", "\\"], ["é"]], 2),
            "created_at": NOW - timedelta(hours=7 * number),
            "last_activity_at": pick([None, NOW, NOW - timedelta(days=3), NOW - timedelta(days=30)]),
            "consent_at": pick([None, NOW - timedelta(days=1, microseconds=1), NOW - timedelta(days=1)], 2),
        }


text_value = st.sampled_from(WORDS[1:]) | st.text(
    st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=8
)
text_leaf = st.one_of(
    st.builds(
        lambda field, op, value: {"field": field, "op": op, "value": value},
        st.sampled_from(TEXTS), st.sampled_from(["eq", "contains", "starts_with", "ends_with"]), text_value,
    ),
    st.builds(
        lambda field, value: {"field": field, "op": "in", "value": value},
        st.sampled_from(TEXTS), st.lists(text_value, min_size=1, max_size=4),
    ),
)  # fmt: skip
choice_leaf = st.sampled_from(sorted(CHOICES)).flatmap(
    lambda field: st.builds(
        lambda value: {"field": field, "op": "eq", "value": value}, st.sampled_from(CHOICES[field])
    )
)
number_leaf = st.builds(
    lambda op, value: {"field": "lead_score", "op": op, "value": value},
    st.sampled_from(["eq", "lt", "lte", "gt", "gte"]),
    st.integers(-5, 105) | st.sampled_from([0.5, 49.5, 1e2]),
)
moment_leaf = st.one_of(
    st.builds(
        lambda field, op, days: {"field": field, "op": op, "value": days},
        st.sampled_from(MOMENTS), st.sampled_from(["within_days", "older_than_days"]), st.integers(0, 40),
    ),
    st.builds(
        lambda field, op, hours: {
            "field": field, "op": op, "value": (NOW - timedelta(hours=hours)).isoformat(),
        },
        st.sampled_from(MOMENTS), st.sampled_from(["before", "after"]), st.integers(0, 500),
    ),
    st.builds(
        lambda field, op, value: {"field": field, "op": op, "value": value},
        st.sampled_from(MOMENTS), st.sampled_from(["before", "after"]),
        st.sampled_from(["2026-11-20", "2026-11-18T12:00Z", "2026-11-20T13:59:59.999999+02:00"]),
    ),
)  # fmt: skip
tag_leaf = st.builds(
    lambda op, value: {"field": "tags", "op": op, "value": value},
    st.sampled_from(["has_any", "has_all"]), st.lists(st.sampled_from(TAGS), min_size=1, max_size=3),
)  # fmt: skip
set_leaf = st.builds(
    lambda field: {"field": field, "op": "is_set"},
    st.sampled_from([*TEXTS, *CHOICES, *MOMENTS, "lead_score", "tags"]),
)
campaign_leaf = st.builds(
    lambda op, value: {"field": "campaign", "op": op, "value": value},
    st.sampled_from(["received", "not_received"]), st.sampled_from([*CAMPAIGNS, FOREIGN]),
)  # fmt: skip
leaf = st.one_of(text_leaf, choice_leaf, number_leaf, moment_leaf, tag_leaf, set_leaf, campaign_leaf)
filters = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)


def _depth(filter_: Any) -> int:
    if "field" in filter_:
        return 1
    parts = [filter_["not"]] if "not" in filter_ else filter_.get("all", []) + filter_.get("any", [])
    return 1 + max((_depth(part) for part in parts), default=0)


@pytest.fixture(scope="module")
def workspace_id(shared_db: Database) -> UUID:
    """Nobody else's: other tests put people into the cast's."""
    owner = shared_db.sign_up("crowd").user_id
    return UUID(str(shared_db.value("select id from public.workspaces where created_by = %s", owner)))


@pytest.fixture(scope="module")
def crowd(shared_db: Database, workspace_id: UUID) -> list[dict[str, Any]]:
    """The contacts as the database has them, their ids included."""
    people = list(_contacts())
    with shared_db.admin.cursor(row_factory=dict_row) as cursor:
        columns = list(people[0])
        query = (
            f"insert into public.contacts (workspace_id, {', '.join(columns)})"
            f" values (%(workspace_id)s, {', '.join(f'%({name})s' for name in columns)}) returning *"
        )
        rows = [
            cursor.execute(query.encode(), {**person, "workspace_id": workspace_id}).fetchone() or {}
            for person in people
        ]
    got = _mail(shared_db, workspace_id, rows)
    return [row | {"got": got.get(row["email_key"], set()) | got.get(row["id"], set())} for row in rows]


def _mail(db: Database, workspace_id: UUID, people: list[dict[str, Any]]) -> dict[Any, set[str]]:
    """Two campaigns in every state a mail can be in; who got which, by contact and by address."""
    neighbour = db.sign_up("neighbour").user_id
    other = db.value("select id from public.workspaces where created_by = %s", neighbour)
    campaigns = [(CAMPAIGNS[0], workspace_id), (CAMPAIGNS[1], workspace_id), (FOREIGN, other)]
    states = ["sent", "queued", "delivered", "bounced", "unknown", "skipped", "complained", "failed"]
    got: dict[Any, set[str]] = {}
    for number, (campaign, owner) in enumerate(campaigns):
        db.admin.execute(
            "insert into public.campaigns (id, workspace_id, name) values (%s, %s, 'Sent')", (campaign, owner)
        )
        for place, person in enumerate(people[number::2]):
            status = states[place % len(states)]
            row = (campaign, owner, None if owner == other else person["id"], person["email_key"], status)
            made = db.admin.execute(
                "insert into public.campaign_recipients (campaign_id, workspace_id, contact_id, email, batch,"
                " status) values (%s, %s, %s, %s, 1, %s) on conflict do nothing",
                row,
            )
            if made.rowcount and owner != other and status in ("sent", "delivered", "unknown", "complained"):
                for key in filter(None, (person["id"], person["email_key"])):
                    got.setdefault(key, set()).add(campaign)
    return got


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filter_=filters.filter(lambda found: _depth(found) <= 6))
def test_sql_and_python_choose_the_same(
    filter_: dict[str, Any], crowd: list[dict[str, Any]], shared_db: Database, workspace_id: UUID
) -> None:
    rows = shared_db.rows(
        "select id from app.segment_contacts(%s, %s, %s)", workspace_id, Jsonb(filter_), NOW
    )
    assert {row[0] for row in rows} == {one["id"] for one in crowd if fits(filter_, one, NOW)}


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | text_value,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


def _refusal(db: Database, workspace_id: object, filter_: Any) -> tuple[str | None, str | None] | None:
    try:
        db.rows("select id from app.segment_contacts(%s, %s)", workspace_id, Jsonb(filter_))
    except psycopg.Error as error:
        return error.sqlstate, error.diag.message_detail
    return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filter_=junk)
def test_anything_else_is_refused_in_words(filter_: Any, shared_db: Database, workspace_id: UUID) -> None:
    refusal = _refusal(shared_db, workspace_id, filter_)
    if not (isinstance(filter_, dict) and filter_.keys() & {"all", "any", "not", "field"}):
        assert refusal == ("PT400", "segment.filter_invalid")
    assert refusal in (None, ("PT400", "segment.filter_invalid"))
