"""Google Analytics' Measurement Protocol, played by a small server; and the offline twins of all systems."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.contract.providers.vendor import Reply, Vendor, hang_up, json_reply, raw_reply, silence
from worker.errors import ProviderRateLimited, ProviderRejected, ProviderUnavailable
from worker.providers.crm.google_analytics import GoogleAnalytics
from worker.providers.crm.offline import OfflineCrm
from worker.providers.crm.port import Access, Person
from worker.providers.crm.select import crms
from worker.settings import ProviderSettings

ACCESS = Access({"measurement_id": "G-ABCD1234"}, {"api_secret": "s3cret_0123456789"})
ADA = Person(UUID(int=7), name="Ada Lovelace", email="ada@example.test", lifecycle="qualified", source="fair")
QUERY = "measurement_id=G-ABCD1234&api_secret=s3cret_0123456789"


@pytest.fixture
async def analytics(vendor: Vendor) -> AsyncIterator[GoogleAnalytics]:
    made = GoogleAnalytics(f"{vendor.url}/", connect_timeout=0.6, timeout=0.6)
    yield made
    await made.close()


async def test_a_stage_is_an_event_without_the_person(vendor: Vendor, analytics: GoogleAnalytics) -> None:
    vendor.replies = [raw_reply(b"", 204)]
    pushed = await analytics.push(ACCESS, [ADA])
    assert [receipt.fate for receipt in pushed.receipts] == ["synced"]
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == ("POST", f"/mp/collect?{QUERY}")
    (event,) = asked.body["events"]
    assert (event["name"], event["params"]["lead_source"]) == ("qualify_lead", "fair")
    assert event["params"]["engagement_time_msec"] == 1
    assert event["params"]["session_id"].isdigit()
    assert asked.body["consent"] == {"ad_user_data": "DENIED", "ad_personalization": "DENIED"}
    said = json.dumps(asked.body)
    for hidden in ("Ada", "ada@", str(ADA.id)):
        assert hidden not in said


async def test_a_person_keeps_one_client_id(vendor: Vendor, analytics: GoogleAnalytics) -> None:
    vendor.replies = [raw_reply(b"", 204)]
    other = Person(UUID(int=8), lifecycle="customer")
    await analytics.push(ACCESS, [ADA, other, ADA])
    ids = [asked.body["client_id"] for asked in vendor.asked]
    assert ids[0] == ids[2] != ids[1]


@pytest.mark.parametrize("reply", [hang_up(), silence(), raw_reply(b"", 500), raw_reply(b"", 502)])
async def test_when_nobody_knows_it_is_said_and_not_repeated(
    vendor: Vendor, analytics: GoogleAnalytics, reply: Reply
) -> None:
    vendor.replies = [reply]
    pushed = await analytics.push(ACCESS, [ADA])
    assert pushed.stopped is None
    assert [(receipt.fate, receipt.code) for receipt in pushed.receipts] == [
        ("unknown", "crm.outcome_unknown")
    ]
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(429, ProviderRateLimited), (503, ProviderUnavailable)])
async def test_what_was_surely_not_taken_stops(
    vendor: Vendor, analytics: GoogleAnalytics, status: int, kind: type[Exception]
) -> None:
    vendor.replies = [raw_reply(b"", status, {"Retry-After": "9"})]
    pushed = await analytics.push(ACCESS, [ADA])
    assert type(pushed.stopped) is kind
    assert pushed.stopped is not None
    assert (pushed.stopped.retry_after, list(pushed.receipts)) == (9, [])


async def test_no_connection_means_not_sent(free_port: int) -> None:
    analytics = GoogleAnalytics(f"http://127.0.0.1:{free_port}", connect_timeout=0.6, timeout=0.6)
    pushed = await analytics.push(ACCESS, [ADA])
    await analytics.close()
    assert isinstance(pushed.stopped, ProviderUnavailable)


async def test_check_asks_the_validating_door(vendor: Vendor, analytics: GoogleAnalytics) -> None:
    vendor.replies = [json_reply({"validationMessages": []})]
    assert (await analytics.check(ACCESS)).account == "G-ABCD1234"
    assert vendor.asked[0].path == f"/debug/mp/collect?{QUERY}"
    assert vendor.asked[0].body["validation_behavior"] == "ENFORCE_RECOMMENDATIONS"
    vendor.replies = [json_reply({"validationMessages": [{"description": "Name is reserved."}]})]
    with pytest.raises(ProviderRejected) as caught:
        await analytics.check(ACCESS)
    assert caught.value.code == "crm.event_refused"
    assert "Name is reserved." in caught.value.message


def test_a_mere_subscriber_is_no_event() -> None:
    crm = GoogleAnalytics("https://www.google-analytics.com")
    assert crm.view({}, Person(UUID(int=1))) is None
    assert crm.view({}, ADA) == {"event": "qualify_lead"}


def test_the_eus_door_is_taken_where_it_is_wanted() -> None:
    eu = Access({**ACCESS.settings, "region": "eu"}, ACCESS.credentials)
    google, test = GoogleAnalytics("https://www.google-analytics.com/"), GoogleAnalytics("http://127.0.0.1:1")
    assert google._base(eu) == "https://region1.google-analytics.com"
    assert google._base(ACCESS) == "https://www.google-analytics.com"
    assert test._base(eu) == "http://127.0.0.1:1"


async def test_offline_every_system_keeps_what_would_be_sent(tmp_path: Path) -> None:
    settings = ProviderSettings(
        _env_file=None, lamina_crm_provider="offline", lamina_crm_outbox=tmp_path / "out" / "crm.jsonl"
    )
    chosen = crms(settings)
    assert sorted(chosen.by_kind) == ["google_analytics", "mailchimp", "salesforce"]
    crm = chosen.by_kind["google_analytics"]
    assert isinstance(crm, OfflineCrm)
    assert (crm.is_offline, crm.is_repeatable, crm.batch) == (True, False, 1)
    pushed = await crm.push(ACCESS, [ADA])
    await chosen.close()
    assert [receipt.fate for receipt in pushed.receipts] == ["synced"]
    (line,) = (tmp_path / "out" / "crm.jsonl").read_text().splitlines()
    assert json.loads(line)["body"] == {"event": "qualify_lead"}
    assert "s3cret" not in line


async def test_by_default_they_are_the_vendors() -> None:
    chosen = crms(ProviderSettings(_env_file=None))
    assert not any(crm.is_offline for crm in chosen.by_kind.values())
    await chosen.close()
