"""Other systems' events by a map of fields."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.integrations.mapping import at, person_in

EVENT = {
    "id": "evt-1",
    "customer": {
        "number": 4711,
        "emails": ["ada@example.test", "king@example.test"],
        "name": "  Ada\n Lovelace ",
        "locale": "en_GB",
        "company": {"name": "Engines Ltd", "country": "gb"},
        "labels": ["vip", " vip ", "", 7, None],
    },
}
MAP = {
    "external_id": "customer.number",
    "email": "customer.emails.0",
    "name": "customer.name",
    "language": "customer.locale",
    "company": "customer.company.name",
    "country": "customer.company.country",
    "tags": "customer.labels",
}


def test_reads_along_paths() -> None:
    assert person_in(EVENT, MAP) == {
        "external_id": "4711",
        "email": "ada@example.test",
        "name": "Ada Lovelace",
        "language": "en",
        "company": "Engines Ltd",
        "country": "GB",
        "tags": ["vip", "7"],
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("id", "evt-1"),
        ("customer.emails.1", "king@example.test"),
        ("customer.emails.2", None),
        ("customer.emails.-1", None),
        ("customer.emails.²", None),
        ("customer.number.x", None),
        ("nothing.at.all", None),
        ("id.0", None),
    ],
)
def test_a_path_that_leads_nowhere_is_nothing(path: str, expected: Any) -> None:
    assert at(EVENT, path) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "a@b"),
        ("email", "x" * 250 + "@b.example"),
        ("email", {"address": "a@b.example"}),
        ("phone", "12"),
        ("phone", "1" * 41),
        ("language", "English language"),
        ("country", "France"),
        ("name", ""),
        ("name", None),
        ("name", True),
        ("tags", 5),
        ("external_id", "x" * 301),
    ],
)
def test_what_a_field_cannot_hold_is_left_out(field: str, value: Any) -> None:
    assert person_in({"v": value}, {field: "v"}) == {}


def test_words_with_commas_are_tags() -> None:
    assert person_in({"v": "vip, new,,vip"}, {"tags": "v"}) == {"tags": ["vip", "new"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner),
)
FIELDS = ("external_id", "email", "name", "phone", "language", "company", "job_title", "country", "tags")


@given(JSON, st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(["a", "a.b", "a.0", "b.0.a"])))
def test_whatever_comes_fits_the_columns(body: Any, fields: dict[str, str]) -> None:
    person = person_in(body, fields)
    for name, value in person.items():
        words = value if isinstance(value, list) else [value]
        assert words
        assert all(word and word == word.strip() and "\0" not in word for word in words)
        assert all(word.encode() for word in words)
        assert len(value) <= {"email": 254, "phone": 40, "external_id": 300, "tags": 50}.get(name, 200)
    assert re.fullmatch("[A-Z]{2}", str(person.get("country", "FR")))
    assert re.fullmatch("[a-z]{2,3}", str(person.get("language", "fr")))
    assert sum(map(len, person.get("tags", []))) <= 2500


@given(st.text(min_size=1, max_size=3000))
def test_text_of_any_kind_is_one_line_postgres_can_hold(text: str) -> None:
    name = person_in({"v": text}, {"name": "v"}).get("name", "x")
    assert isinstance(name, str)
    assert not re.search(r"[\0\n\r\t\ud800-\udfff]", name)
    assert 1 <= len(name) <= 200
