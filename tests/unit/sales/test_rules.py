"""The score: bounded, explained, repeatable, and lower with time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.sales.rules import Facts, score

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ago = st.floats(0, 400).map(lambda days: NOW - timedelta(days=days))
facts = st.builds(
    Facts,
    now=st.just(NOW),
    has_email=st.booleans(),
    has_phone=st.booleans(),
    has_company=st.booleans(),
    job_title=st.none() | st.sampled_from(["CEO", "Directrice", "Baker"]) | st.text(max_size=20),
    last_activity_at=st.none() | ago,
    leads=st.lists(st.sampled_from(["new", "working", "qualified", "unqualified", "converted"]), max_size=6),
    deals=st.lists(st.tuples(st.sampled_from(["open", "won", "lost"]), st.integers(0, 100)), max_size=6),
    messages=st.lists(ago, max_size=50),
    opinion=st.none() | st.tuples(st.integers(-10, 10), ago),
)


def points(known: Facts) -> dict[str, int]:
    return {factor.name: factor.points for factor in score(known).factors}


@given(facts)
def test_the_factors_add_up_to_a_score_between_0_and_100(known: Facts) -> None:
    found = score(known)
    assert 0 <= found.value <= 100
    assert found.value == max(0, min(100, sum(factor.points for factor in found.factors)))
    assert all(factor.points and factor.name and factor.detail for factor in found.factors)
    assert score(known) == found


@given(facts.filter(lambda known: known.opinion is None or known.opinion[0] >= 0), st.floats(0, 400))
def test_time_alone_never_raises_it(known: Facts, days: float) -> None:
    assert score(replace(known, now=NOW + timedelta(days=days))).value <= score(known).value


@given(facts)
def test_knowing_more_never_lowers_it(known: Facts) -> None:
    more = replace(known, has_email=True, has_phone=True, has_company=True)
    assert score(more).value >= score(known).value
    assert score(replace(known, messages=[*known.messages, NOW])).value >= score(known).value
    assert score(replace(known, leads=[*known.leads, "qualified"])).value >= score(known).value


def test_nothing_known_is_nothing() -> None:
    assert score(Facts(NOW)).value == 0
    assert score(Facts(NOW)).factors == ()


@pytest.mark.parametrize(
    "title", ["CEO", "Co-founder", "Head of Sales", "Directrice générale", "Gérant", "PDG"]
)
def test_who_decides(title: str) -> None:
    assert points(Facts(NOW, job_title=title)) == {"decides": 8}


@pytest.mark.parametrize("title", ["Baker", "Secretary", "Headless tester", "Chefin", ""])
def test_who_does_not(title: str) -> None:
    assert points(Facts(NOW, job_title=title)) == {}


def test_the_best_open_lead_counts_once() -> None:
    assert points(Facts(NOW, leads=["new", "qualified", "unqualified"])) == {"interest": 25}
    assert points(Facts(NOW, leads=["unqualified", "unqualified"])) == {"no_interest": -15}
    assert points(Facts(NOW, leads=["unqualified", "converted"])) == {}


def test_deals() -> None:
    assert points(Facts(NOW, deals=[("open", 60), ("open", 10)])) == {"open_deal": 27}
    assert points(Facts(NOW, deals=[("won", 100), ("lost", 0)])) == {"bought_before": 10}
    assert points(Facts(NOW, deals=[("lost", 0)])) == {"lost": -5}


def test_a_message_counts_half_after_two_weeks() -> None:
    fresh = Facts(NOW, messages=[NOW] * 2)
    assert points(fresh) == {"messages": 8}
    assert points(replace(fresh, now=NOW + timedelta(days=14))) == {"messages": 4}
    assert points(Facts(NOW, messages=[NOW] * 50)) == {"messages": 20}


@pytest.mark.parametrize(("days", "expected"), [(0, 10), (7, 10), (33, 5), (75, None), (91, -10)])
def test_recency(days: int, expected: int | None) -> None:
    assert points(Facts(NOW, last_activity_at=NOW - timedelta(days=days))).get("recency") == expected


def test_an_opinion_fades() -> None:
    asked = Facts(NOW, has_email=True, opinion=(10, NOW))
    assert score(asked).value == 14
    assert score(replace(asked, now=NOW + timedelta(days=30))).value == 9
    assert score(replace(asked, opinion=(-10, NOW))).value == 0
