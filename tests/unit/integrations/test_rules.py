"""What is sent, what is only noted, and what a failure means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.integrations import rules
from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.crm.port import Access, Checked, Person, Pushed, Receipt

BASELINE = datetime(2026, 11, 21, tzinfo=UTC)


class Crm:
    """Sends the e-mail address of whoever has one."""

    name = "test"
    batch = 10
    is_offline = False

    def __init__(self, *, is_repeatable: bool = True) -> None:
        self.is_repeatable = is_repeatable

    def view(self, settings: Mapping[str, str], person: Person) -> Mapping[str, Any] | None:
        return {"email": person.email} if person.email else None

    async def check(self, access: Access) -> Checked:
        raise AssertionError

    async def push(self, access: Access, people: Sequence[Person]) -> Pushed:
        raise AssertionError

    async def close(self) -> None:
        raise AssertionError


def row(**changes: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("name", "phone", "language", "company", "job_title", "source", "country", "consent_at",
         "record_status", "sent_hash")
    )  # fmt: skip
    given = {
        **empty,
        "id": UUID(int=1),
        "email": "ada@example.test",
        "lifecycle": "lead",
        "consent": "granted",
        "created_at": BASELINE + timedelta(days=1),
    }
    return {**given, **changes}


SENT = rules.digest({"email": "ada@example.test"})


def planned(crm: Crm, **changes: Any) -> tuple[int, list[str]]:
    plan = rules.plan(crm, {}, [row(**changes)], BASELINE)
    return len(plan.items), [record["status"] for record in plan.records]


def test_what_changed_is_sent_and_what_did_not_is_not() -> None:
    assert planned(Crm()) == (1, [])
    assert planned(Crm(), record_status="synced", sent_hash=SENT) == (0, [])
    assert planned(Crm(), record_status="refused", sent_hash=SENT) == (0, [])
    assert planned(Crm(), record_status="synced", sent_hash="0" * 64) == (1, [])
    assert planned(Crm(), email=None) == (0, [])


def test_what_may_be_sent_once_only() -> None:
    once = Crm(is_repeatable=False)
    before = {"created_at": BASELINE - timedelta(seconds=1)}
    assert planned(once) == (1, [])
    assert planned(once, **before) == (0, ["baseline"])
    assert planned(once, **before, record_status="baseline", sent_hash="0" * 64) == (1, [])
    assert planned(once, record_status="sending") == (0, ["unknown"])
    assert planned(once, record_status="unknown", sent_hash=SENT) == (0, [])
    assert planned(once, record_status="waiting") == (1, [])
    assert planned(Crm(), **before, record_status="sending") == (1, [])


def test_what_was_not_sent_keeps_the_hash_of_what_was() -> None:
    plan = rules.plan(Crm(), {}, [row(record_status="synced", sent_hash="0" * 64)], BASELINE)
    assert (rules.waiting(plan.items[0])["status"], rules.waiting(plan.items[0])["hash"]) == (
        "waiting",
        "0" * 64,
    )


def test_receipts_become_records() -> None:
    plan = rules.plan(Crm(), {}, [row(), row(id=UUID(int=2))], BASELINE)
    receipts = [Receipt(UUID(int=2), "refused", "m2", "crm.unsubscribed", "Gone.", has_unsubscribed=True)]
    (record,) = rules.records_of(plan.items, receipts)
    assert record == {
        "contact_id": str(UUID(int=2)),
        "status": "refused",
        "hash": SENT,
        "code": "crm.unsubscribed",
        "message": "Gone.",
        "remote_id": "m2",
        "is_withdrawn": True,
    }


def test_known_is_who_was_taken() -> None:
    known = [rules.person_of(row(record_status=status)).is_known for status in (None, "refused", "synced")]
    assert known == [False, False, True]


@given(
    st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.dictionaries(st.text(), st.text()))
)
def test_a_digest_does_not_depend_on_order(view: dict[str, Any]) -> None:
    backwards = dict(reversed(list(view.items())))
    assert rules.digest(view) == rules.digest(backwards)
    assert rules.digest({**view, "\0more": 1}) != rules.digest(view)


def highest(low: float, high: float) -> float:
    return high


@pytest.mark.parametrize(
    ("error", "failures", "wait", "counts", "is_final"),
    [
        (ProviderUnavailable("x.y", "No."), 0, 30.0, True, False),
        (ProviderUnavailable("x.y", "No."), 3, 240.0, True, False),
        (ProviderTimeout("x.y", "No."), 9, 3600.0, True, False),
        (ProviderTimeout("x.y", "No."), 10_000, 3600.0, True, False),
        (ProviderUnavailable("x.y", "No.", retry_after=500), 0, 500.0, True, False),
        (ProviderRateLimited("x.y", "No.", retry_after=17), 5, 17.0, False, False),
        (ProviderRateLimited("x.y", "No."), 0, 60.0, False, False),
        (ProviderRateLimited("x.y", "No.", retry_after=1e9), 0, 3600.0, False, False),
        (ProviderAuthError("x.y", "No."), 0, 0.0, True, True),
        (ProviderRejected("x.y", "No."), 0, 0.0, True, True),
    ],
)
def test_what_a_failure_means(
    error: ProviderError, failures: int, wait: float, counts: bool, is_final: bool
) -> None:
    assert rules.setback(error, failures, highest) == rules.Setback(wait, counts, is_final)
