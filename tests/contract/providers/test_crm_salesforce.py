"""Salesforce's REST API, played by a small server in its documented shapes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs
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
from worker.providers.crm.port import Access, Person, Token
from worker.providers.crm.salesforce import Salesforce
from worker.providers.crm.salesforce_session import Session

SETTINGS = {"domain": "acme.my.salesforce.com", "object": "Lead", "external_id_field": "Lamina_Id__c"}
GIVEN = {"client_id": "client-0123456789", "client_secret": "secret-0123456789"}
FRESH = Access(SETTINGS, GIVEN)
OPEN = Access(SETTINGS, GIVEN, Token("tok-1", "https://acme.my.salesforce.com"))
GRANTED = {"access_token": "tok-2", "instance_url": "https://acme.my.salesforce.com", "token_type": "Bearer"}
ADA = Person(UUID(int=7), name="Ada Lovelace", email="ada@example.test", company="Engines", source="fair")
MADE = json_reply({"id": "00Q1", "success": True, "created": True, "errors": []}, 201)
CHANGED = raw_reply(b"", 204)


def refused(status: int, code: str, words: str = "No.", **headers: str) -> Reply:
    return json_reply([{"errorCode": code, "message": words}], status, headers)


@pytest.fixture
async def salesforce(vendor: Vendor) -> AsyncIterator[Salesforce]:
    made = Salesforce(f"{vendor.url}/", connect_timeout=0.6, timeout=0.6)
    yield made
    await made.close()


async def test_upserts_by_the_external_id_without_repeating_it(
    vendor: Vendor, salesforce: Salesforce
) -> None:
    vendor.replies = [MADE]
    pushed = await salesforce.push(OPEN, [ADA])
    assert [(receipt.fate, receipt.remote_id) for receipt in pushed.receipts] == [("synced", "00Q1")]
    assert (pushed.stopped, pushed.token) == (None, None)
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == (
        "PATCH",
        f"/services/data/v62.0/sobjects/Lead/Lamina_Id__c/{ADA.id}",
    )
    assert asked.headers["Authorization"] == "Bearer tok-1"
    assert asked.body == {
        "FirstName": "Ada",
        "LastName": "Lovelace",
        "Email": "ada@example.test",
        "LeadSource": "fair",
        "Company": "Engines",
    }


async def test_a_change_has_no_body(vendor: Vendor, salesforce: Salesforce) -> None:
    vendor.replies = [CHANGED]
    pushed = await salesforce.push(OPEN, [ADA])
    assert [(receipt.fate, receipt.remote_id) for receipt in pushed.receipts] == [("synced", None)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"grant_type": ["client_credentials"]}),
        (
            {"refresh_token": "refresh-0123456789"},
            {"grant_type": ["refresh_token"], "refresh_token": ["refresh-0123456789"]},
        ),
    ],
)
async def test_gets_a_token_by_the_documented_flows(
    vendor: Vendor, salesforce: Salesforce, more: dict[str, str], expected: dict[str, list[str]]
) -> None:
    vendor.replies = [json_reply(GRANTED), CHANGED]
    pushed = await salesforce.push(Access(SETTINGS, {**GIVEN, **more}), [ADA])
    assert pushed.token == Token("tok-2", "https://acme.my.salesforce.com")
    asked = vendor.asked[0]
    assert (asked.method, asked.path) == ("POST", "/services/oauth2/token")
    credentials = {name: [value] for name, value in GIVEN.items()}
    assert parse_qs(asked.body.decode()) == {**credentials, **expected}
    assert vendor.asked[1].headers["Authorization"] == "Bearer tok-2"


async def test_a_token_that_ran_out_is_replaced_once(vendor: Vendor, salesforce: Salesforce) -> None:
    vendor.replies = [refused(401, "INVALID_SESSION_ID"), json_reply(GRANTED), CHANGED]
    pushed = await salesforce.push(OPEN, [ADA])
    assert [receipt.fate for receipt in pushed.receipts] == ["synced"]
    assert pushed.token is not None
    assert len(vendor.asked) == 3


async def test_a_token_that_stays_refused_is_a_wrong_one(vendor: Vendor, salesforce: Salesforce) -> None:
    vendor.replies = [
        refused(401, "INVALID_SESSION_ID"),
        json_reply(GRANTED),
        refused(401, "INVALID_SESSION_ID"),
    ]
    pushed = await salesforce.push(OPEN, [ADA])
    assert isinstance(pushed.stopped, ProviderAuthError)
    assert len(vendor.asked) == 3


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (json_reply({"error": "invalid_grant"}, 400), ProviderAuthError, "provider.unauthorised"),
        (json_reply({"error": "invalid_client"}, 401), ProviderAuthError, "provider.unauthorised"),
        (raw_reply(b"<html>", 503), ProviderUnavailable, "provider.unavailable"),
        (json_reply({"access_token": "a b"}), ProviderUnavailable, "provider.bad_response"),
        (json_reply({}), ProviderUnavailable, "provider.bad_response"),
        (silence(), ProviderTimeout, "provider.timeout"),
    ],
)
async def test_without_a_token_nothing_is_sent(
    vendor: Vendor, salesforce: Salesforce, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [reply]
    pushed = await salesforce.push(FRESH, [ADA])
    assert type(pushed.stopped) is kind
    assert pushed.stopped is not None
    assert pushed.stopped.code == code
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (json_reply(["/a", "/b"], 300), "crm.ambiguous"),
        (refused(400, "DUPLICATES_DETECTED"), "crm.contact_refused"),
        (refused(400, "INVALID_EMAIL_ADDRESS"), "crm.contact_refused"),
    ],
)
async def test_what_is_wrong_with_one_does_not_stop_others(
    vendor: Vendor, salesforce: Salesforce, reply: Reply, code: str
) -> None:
    vendor.replies = [reply, CHANGED]
    other = Person(UUID(int=8), name="Grace Hopper")
    pushed = await salesforce.push(OPEN, [ADA, other])
    assert pushed.stopped is None
    assert sorted((receipt.fate, receipt.code) for receipt in pushed.receipts) == [
        ("refused", code),
        ("synced", None),
    ]


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refused(404, "NOT_FOUND"), ProviderRejected, "crm.target_missing"),
        (refused(400, "INVALID_FIELD", "No such column"), ProviderRejected, "crm.field_refused"),
        (refused(400, "UNABLE_TO_LOCK_ROW"), ProviderUnavailable, "provider.unavailable"),
        (refused(403, "API_DISABLED_FOR_ORG"), ProviderAuthError, "provider.unauthorised"),
        (refused(403, "REQUEST_LIMIT_EXCEEDED"), ProviderRateLimited, "provider.rate_limited"),
        (refused(503, "SERVER_UNAVAILABLE"), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"<html>", 500), ProviderUnavailable, "provider.unavailable"),
        (hang_up(), ProviderUnavailable, "provider.unavailable"),
        (silence(), ProviderTimeout, "provider.timeout"),
    ],
)
async def test_faults_stop_the_batch(
    vendor: Vendor, salesforce: Salesforce, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [reply]
    pushed = await salesforce.push(OPEN, [ADA])
    assert type(pushed.stopped) is kind
    assert pushed.stopped is not None
    assert (pushed.stopped.code, list(pushed.receipts)) == (code, [])


@pytest.mark.parametrize(("used", "stops"), [(14_249, False), (14_250, True), (15_000, True)])
async def test_leaves_requests_of_the_day_to_others(
    vendor: Vendor, salesforce: Salesforce, used: int, stops: bool
) -> None:
    vendor.replies = [raw_reply(b"", 204, {"Sforce-Limit-Info": f"api-usage={used}/15000"})]
    pushed = await salesforce.push(OPEN, [ADA])
    assert isinstance(pushed.stopped, ProviderRateLimited) is stops
    if pushed.stopped is not None:
        assert pushed.stopped.retry_after == 3600


@pytest.mark.parametrize(
    ("fields", "is_good"),
    [
        ([{"name": "Lamina_Id__c", "externalId": True}], True),
        ([{"name": "Lamina_Id__c", "externalId": False}], False),
        ([{"name": "Other__c", "externalId": True}], False),
        ([], False),
    ],
)
async def test_check_wants_the_field_to_be_an_external_id(
    vendor: Vendor, salesforce: Salesforce, fields: list[dict[str, Any]], is_good: bool
) -> None:
    vendor.replies = [json_reply(GRANTED), json_reply({"fields": fields})]
    if is_good:
        checked = await salesforce.check(FRESH)
        assert checked.account == "acme.my.salesforce.com"
        assert checked.token is not None
    else:
        with pytest.raises(ProviderRejected) as caught:
            await salesforce.check(FRESH)
        assert caught.value.code == "crm.target_missing"
    assert vendor.asked[1].path == "/services/data/v62.0/sobjects/Lead/describe"


@pytest.mark.parametrize(
    "instance",
    [
        "https://evil.example",
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://salesforce.com@evil.example",
        "https://evil.example/.salesforce.com",
        "",
    ],
)
def test_a_token_is_only_taken_for_salesforces_own_hosts(instance: str) -> None:
    session = Session(None, FRESH, None)  # type: ignore[arg-type]  # reading an answer makes no request
    with pytest.raises(ProviderRejected) as caught:
        session._read({"access_token": "tok", "instance_url": instance})
    assert caught.value.code == "crm.bad_instance"
    good = "https://acme--uat.sandbox.my.salesforce.com"
    assert session._read({"access_token": "tok", "instance_url": good}) == Token("tok", good)


def test_a_lead_always_has_a_last_name_and_a_company() -> None:
    crm = Salesforce()
    bare = Person(UUID(int=1), email="x@example.test")
    assert crm.view(SETTINGS, bare) == {
        "LastName": "x@example.test",
        "Email": "x@example.test",
        "Company": "Unknown",
    }
    assert "Company" not in (crm.view({**SETTINGS, "object": "Contact"}, ADA) or {})
    withdrawn = Person(UUID(int=1), name="Ada", consent="withdrawn")
    assert (crm.view(SETTINGS, withdrawn) or {})["HasOptedOutOfEmail"] is True
    assert crm.view(SETTINGS, Person(UUID(int=1), phone="+33")) is None
    assert "tok-1" not in repr(OPEN)
    assert "secret-" not in repr(OPEN)
