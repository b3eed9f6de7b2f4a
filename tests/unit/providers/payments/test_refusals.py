from __future__ import annotations

import pickle

import pytest
import stripe
from stripe._api_version import _ApiVersion

from worker.errors import ProviderRejected
from worker.providers.payments.refusals import StripeRejected, fault_of, sentence
from worker.providers.payments.version import API_VERSION


def refused(message: str, code: str | None = None) -> StripeRejected:
    body = {"error": {"message": message, "code": code}}
    found = fault_of(stripe.InvalidRequestError(message, None, code=code, http_status=400, json_body=body))
    assert isinstance(found, StripeRejected)
    return found


def test_the_version_is_the_one_the_sdk_was_made_for() -> None:
    assert API_VERSION == _ApiVersion.CURRENT


@pytest.mark.parametrize(
    ("message", "code", "duplicate", "too_old"),
    [
        ("An event already exists with identifier a:1.", None, True, False),
        ("Whatever.", "duplicate_meter_event", True, False),
        ("The event timestamp cannot be more than 35 days in past.", None, False, True),
        ("Timestamp must be\nwithin the past 35 calendar days.", None, False, True),
        ("Whatever.", "timestamp_too_far_in_past", False, True),
        ("The event timestamp cannot be more than 5 minutes in the future.", None, False, False),
        ("Whatever.", "timestamp_in_future", False, False),
        ("Your invoice is past due.", None, False, False),
        ("A customer already exists.", "resource_already_exists", False, False),
    ],
)
def test_refusals_of_usage(message: str, code: str | None, duplicate: bool, too_old: bool) -> None:
    found = refused(message, code)
    assert (found.is_duplicate_event, found.is_too_old_event) == (duplicate, too_old)


def test_a_refusal_crosses_a_process_boundary() -> None:
    found = pickle.loads(pickle.dumps(refused("An event already exists with identifier x")))
    assert isinstance(found, ProviderRejected)
    assert (found.code, found.is_duplicate_event, found.provider) == ("payments.rejected", True, "payments")


def test_words_are_one_line_without_keys() -> None:
    assert sentence("a\n b  sk_live_51H-x.y: no") == "a b sk_…: no"
    assert sentence("whsec_abc rk_test_1 pk_live_2") == "whsec_… rk_… pk_…"
    assert sentence(None) == "no reason given"
    assert len(sentence("x" * 999)) == 200
