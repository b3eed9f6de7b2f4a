"""Mailchimp's Marketing API, played by a small server in its documented shapes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.contract.providers.vendor import Reply, Vendor, hang_up, json_reply, raw_reply, silence
from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.crm.mailchimp import Mailchimp
from worker.providers.crm.port import Access, Person

KEY = "0123456789abcdef0123456789abcdef-us21"
ACCESS = Access({"list_id": "abc1234567"}, {"api_key": KEY})
LIST = "/3.0/lists/abc1234567"
CONSENTED = datetime(2026, 11, 1, tzinfo=UTC)


def person(number: int = 1, **changes: Any) -> Person:
    given: dict[str, Any] = {
        "id": UUID(int=number),
        "name": "Ada King Lovelace",
        "email": f" Ada{number}@Example.test ",
        "language": "fr",
        "consent": "granted",
        "consent_at": CONSENTED,
    }
    return Person(**{**given, **changes})


def hashed(address: str) -> str:
    return hashlib.md5(address.strip().lower().encode()).hexdigest()


def problem(status: int, title: str, detail: str = "", **headers: str) -> Reply:
    return json_reply({"title": title, "status": status, "detail": detail}, status, headers)


def member(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"m{number}", "email_address": f"Ada{number}@Example.test", "status": "subscribed", **more}


@pytest.fixture
async def mailchimp(vendor: Vendor) -> AsyncIterator[Mailchimp]:
    made = Mailchimp(f"{vendor.url}/", connect_timeout=0.6, timeout=0.6)
    yield made
    await made.close()


async def test_newcomers_go_in_one_batch_that_changes_no_member(vendor: Vendor, mailchimp: Mailchimp) -> None:
    vendor.replies = [json_reply({"new_members": [member(1), member(2)], "errors": []})]
    pushed = await mailchimp.push(ACCESS, [person(1), person(2)])
    assert pushed.stopped is None
    assert [(receipt.fate, receipt.remote_id) for receipt in pushed.receipts] == [
        ("synced", "m1"),
        ("synced", "m2"),
    ]
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == ("POST", f"{LIST}?skip_merge_validation=true")
    assert asked.headers["Authorization"].startswith("Basic ")
    assert asked.body["update_existing"] is False
    assert asked.body["members"][0] == {
        "email_address": "Ada1@Example.test",
        "status": "subscribed",
        "merge_fields": {"FNAME": "Ada King", "LNAME": "Lovelace"},
        "language": "fr",
    }


async def test_who_is_a_member_already_is_put_and_never_subscribed(
    vendor: Vendor, mailchimp: Mailchimp
) -> None:
    exists = {"email_address": "ada1@example.test", "error_code": "ERROR_CONTACT_EXISTS", "error": "exists"}
    vendor.replies = [json_reply({"new_members": [], "errors": [exists]}), json_reply(member(1))]
    pushed = await mailchimp.push(ACCESS, [person(1)])
    assert [receipt.fate for receipt in pushed.receipts] == ["synced"]
    put = vendor.asked[1]
    assert (put.method, put.path) == (
        "PUT",
        f"{LIST}/members/{hashed('ada1@example.test')}?skip_merge_validation=true",
    )
    assert put.body["status_if_new"] == "subscribed"
    assert "status" not in put.body


async def test_who_is_known_is_put_at_once(vendor: Vendor, mailchimp: Mailchimp) -> None:
    vendor.replies = [json_reply(member(1))]
    await mailchimp.push(ACCESS, [person(1, is_known=True)])
    assert [asked.method for asked in vendor.asked] == ["PUT"]


async def test_of_two_with_one_address_one_goes_in_the_batch(vendor: Vendor, mailchimp: Mailchimp) -> None:
    vendor.replies = [json_reply({"new_members": [member(1)], "errors": []}), json_reply(member(1))]
    pushed = await mailchimp.push(ACCESS, [person(1), person(2, email="ADA1@example.test")])
    assert [asked.method for asked in vendor.asked] == ["POST", "PUT"]
    assert len(vendor.asked[0].body["members"]) == 1
    assert len(pushed.receipts) == 2


async def test_refusals_of_single_members_are_theirs(vendor: Vendor, mailchimp: Mailchimp) -> None:
    errors = [
        {
            "email_address": "Ada1@example.test",
            "error_code": "ERROR_GENERIC",
            "error": "looks fake or invalid",
        },
        {
            "email_address": "Ada2@example.test",
            "error_code": "ERROR_GENERIC",
            "error": "is in a compliance state",
        },
    ]
    vendor.replies = [json_reply({"new_members": [member(3)], "errors": errors})]
    pushed = await mailchimp.push(ACCESS, [person(1), person(2), person(3)])
    by_id = {receipt.person_id.int: (receipt.fate, receipt.code) for receipt in pushed.receipts}
    assert by_id == {
        1: ("refused", "crm.contact_refused"),
        2: ("refused", "crm.unsubscribed"),
        3: ("synced", None),
    }


@pytest.mark.parametrize(
    ("changed", "consent_at", "expected"),
    [
        ("2026-11-02T00:00:00+00:00", CONSENTED, True),
        ("2026-10-31T00:00:00+00:00", CONSENTED, False),
        ("2026-10-31T00:00:00+00:00", None, True),
        ("", CONSENTED, False),
        ("2026-11-02", CONSENTED, False),
    ],
)
async def test_who_unsubscribed_there_is_told(
    vendor: Vendor, mailchimp: Mailchimp, changed: str, consent_at: datetime | None, expected: bool
) -> None:
    vendor.replies = [json_reply(member(1, status="unsubscribed", last_changed=changed))]
    pushed = await mailchimp.push(ACCESS, [person(1, is_known=True, consent_at=consent_at)])
    (receipt,) = pushed.receipts
    assert (receipt.fate, receipt.code) == ("refused", "crm.unsubscribed")
    assert receipt.has_unsubscribed is expected


@pytest.mark.parametrize("reply", [json_reply(member(1, status="unsubscribed")), problem(404, "Not Found")])
async def test_who_withdrew_here_is_unsubscribed_there(
    vendor: Vendor, mailchimp: Mailchimp, reply: Reply
) -> None:
    vendor.replies = [reply]
    pushed = await mailchimp.push(ACCESS, [person(1, consent="withdrawn")])
    (asked,) = vendor.asked
    assert (asked.method, asked.body) == ("PATCH", {"status": "unsubscribed"})
    assert [receipt.fate for receipt in pushed.receipts] == ["synced"]
    assert not pushed.receipts[0].has_unsubscribed


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (problem(401, "API Key Invalid"), ProviderAuthError, "provider.unauthorised"),
        (problem(403, "Forbidden"), ProviderAuthError, "provider.unauthorised"),
        (problem(404, "Resource Not Found"), ProviderRejected, "crm.target_missing"),
        (problem(500, "Internal"), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"<html>busy</html>", 503), ProviderUnavailable, "provider.unavailable"),
        (hang_up(), ProviderUnavailable, "provider.unavailable"),
        (silence(), ProviderTimeout, "provider.timeout"),
    ],
)
async def test_faults_stop_a_batch_and_what_follows(
    vendor: Vendor, mailchimp: Mailchimp, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [reply]
    for given in (person(1), person(1, is_known=True)):
        pushed = await mailchimp.push(ACCESS, [given])
        assert type(pushed.stopped) is kind
        assert pushed.stopped is not None
        assert pushed.stopped.code == code
        assert pushed.receipts == []


async def test_it_slows_down_as_told_and_keeps_what_was_taken(vendor: Vendor, mailchimp: Mailchimp) -> None:
    vendor.replies = [json_reply(member(1)), problem(429, "Too Many Requests", **{"Retry-After": "17"})]
    pushed = await mailchimp.push(ACCESS, [person(number, is_known=True) for number in range(1, 40)])
    assert isinstance(pushed.stopped, ProviderRateLimited)
    assert pushed.stopped.retry_after == 17
    assert len(pushed.receipts) == 1
    assert len(vendor.asked) <= 9


async def test_an_answer_that_is_none_is_no_success(vendor: Vendor, mailchimp: Mailchimp) -> None:
    vendor.replies = [raw_reply(b"ok")]
    pushed = await mailchimp.push(ACCESS, [person(1)])
    assert pushed.stopped is not None
    assert pushed.stopped.code == "provider.bad_response"


async def test_check_names_the_audience(vendor: Vendor, mailchimp: Mailchimp) -> None:
    vendor.replies = [json_reply({"name": "Newsletter"})]
    assert (await mailchimp.check(ACCESS)).account == "Newsletter"
    assert vendor.asked[0].path == f"{LIST}?fields=name"


async def test_a_key_that_names_no_host_of_mailchimps_goes_nowhere(
    vendor: Vendor, mailchimp: Mailchimp
) -> None:
    for key in ("", "0123456789abcdef0123456789abcdef", f"{'a' * 32}-evil.example/", f"{'a' * 32}-us1\n"):
        with pytest.raises(ProviderAuthError):
            await mailchimp.check(Access(ACCESS.settings, {"api_key": key}))
    assert vendor.asked == []


def test_only_who_consented_or_withdrew_has_something_to_send() -> None:
    crm = Mailchimp()
    assert crm.view({}, person(consent="unknown")) is None
    assert crm.view({}, person(email=None)) is None
    assert crm.view({}, person(consent="withdrawn")) == {"status": "unsubscribed"}
    assert KEY not in repr(ACCESS)
