"""SendGrid's answers, in the shapes its documentation gives."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from tests.contract.providers.test_mailers import MESSAGE, written
from tests.contract.providers.vendor import Reply, Vendor, hang_up, json_reply, raw_reply, silence
from worker.errors import (
    DeliveryUnknown,
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.email.port import Sent
from worker.providers.email.sendgrid import SendGridMailer


@pytest.fixture
async def mailer(vendor: Vendor) -> AsyncIterator[SendGridMailer]:
    made = SendGridMailer("SG.key", base_url=f"{vendor.url}/", timeout=0.5)
    yield made
    await made.close()


def errors(*messages: str, field: str | None = None) -> dict[str, object]:
    return {"errors": [{"message": message, "field": field, "help": None} for message in messages]}


async def test_accepted_means_queued(mailer: SendGridMailer, vendor: Vendor) -> None:
    vendor.replies = [raw_reply(b"", 202, {"X-Message-Id": "14c5d75ce93"})]
    assert await mailer.send(MESSAGE, idempotency_key="k1") == Sent("14c5d75ce93", "queued")
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == ("POST", "/v3/mail/send")
    assert asked.headers["Authorization"] == "Bearer SG.key"
    assert asked.body["personalizations"][0]["custom_args"] == {"lamina_id": "8c1f"}
    assert asked.body["categories"] == ["limit"]
    assert asked.body["mail_settings"] == {"sandbox_mode": {"enable": False}}


async def test_what_is_empty_is_left_out(mailer: SendGridMailer, vendor: Vendor) -> None:
    """The API refuses empty contents and empty lists."""
    vendor.replies = [raw_reply(b"", 202)]
    assert await mailer.send(written(1), idempotency_key="k1") == Sent(None, "queued")
    body = vendor.asked[0].body
    assert body.keys() == {"personalizations", "from", "subject", "content", "mail_settings"}
    assert body["content"] == [{"type": "text/plain", "value": "Hello"}]
    assert "headers" not in body["personalizations"][0]


async def test_the_sandbox_is_offline(vendor: Vendor) -> None:
    vendor.replies = [raw_reply(b"", 200)]
    mailer = SendGridMailer("SG.key", base_url=vendor.url, sandbox=True)
    assert await mailer.send(MESSAGE, idempotency_key="k1") == Sent(None, "queued")
    assert vendor.asked[0].body["mail_settings"] == {"sandbox_mode": {"enable": True}}
    assert mailer.offline is True
    await mailer.close()


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (
            json_reply(errors("The subject is required.", field="subject"), 400),
            ProviderRejected,
            "provider.bad_request",
        ),
        (
            json_reply(errors("The provided authorization grant is invalid"), 401),
            ProviderAuthError,
            "provider.unauthorised",
        ),
        (json_reply(errors("Maximum credits exceeded"), 401), ProviderRejected, "provider.no_credit"),
        (json_reply(errors("access forbidden"), 403), ProviderAuthError, "provider.unauthorised"),
        (
            json_reply(
                errors("The from address does not match a verified Sender Identity.", field="from"), 403
            ),
            ProviderAuthError,
            "email.sender_refused",
        ),
        (json_reply(errors("not found"), 404), ProviderRejected, "provider.bad_request"),
        (json_reply(errors("too large"), 413), ProviderRejected, "provider.request_too_large"),
        (json_reply(errors("too many requests"), 429), ProviderRateLimited, "provider.rate_limited"),
        (json_reply(errors("an error occurred"), 500), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"<html>upstream</html>", 503), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"[1]", 400), ProviderRejected, "provider.bad_request"),
        (json_reply({"errors": ["words"]}, 400), ProviderRejected, "provider.bad_request"),
    ],
)
async def test_refusals(
    mailer: SendGridMailer, vendor: Vendor, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [reply]
    with pytest.raises(ProviderError) as caught:
        await mailer.send(MESSAGE, idempotency_key="k1")
    assert (type(caught.value), caught.value.code, caught.value.provider) == (kind, code, "sendgrid")


async def test_a_refusal_says_what_is_wrong(mailer: SendGridMailer, vendor: Vendor) -> None:
    vendor.replies = [json_reply(errors("Bad a.", "Bad b."), 400)]
    with pytest.raises(ProviderRejected, match=r"SendGrid refused the request: Bad a\. Bad b\."):
        await mailer.send(MESSAGE, idempotency_key="k1")


async def test_how_long_to_wait(mailer: SendGridMailer, vendor: Vendor) -> None:
    soon = str(int(time.time()) + 40)
    vendor.replies = [
        json_reply(errors("slow"), 429, {"Retry-After": "7", "X-RateLimit-Reset": soon}),
        json_reply(errors("slow"), 429, {"X-RateLimit-Reset": soon}),
        json_reply(errors("slow"), 429, {"X-RateLimit-Reset": "soon"}),
    ]
    waits = []
    for _ in vendor.replies:
        with pytest.raises(ProviderRateLimited) as caught:
            await mailer.send(MESSAGE, idempotency_key="k1")
        waits.append(caught.value.retry_after)
    assert waits[0] == 7
    assert waits[1] is not None
    assert 30 < waits[1] <= 40
    assert waits[2] is None


@pytest.mark.parametrize("reply", [silence(), hang_up(), raw_reply(b"", 502), raw_reply(b"", 504)])
async def test_no_answer_means_that_it_may_have_been_sent(
    mailer: SendGridMailer, vendor: Vendor, reply: Reply
) -> None:
    vendor.replies = [reply]
    with pytest.raises(DeliveryUnknown) as caught:
        await mailer.send(MESSAGE, idempotency_key="k1")
    assert (caught.value.code, caught.value.provider) == ("provider.outcome_unknown", "sendgrid")
    assert len(vendor.asked) == 1


async def test_what_never_left_may_be_sent_again(unused_tcp_port: int) -> None:
    refused = SendGridMailer("SG.key", base_url=f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(ProviderUnavailable) as caught:
        await refused.send(MESSAGE, idempotency_key="k1")
    assert not isinstance(caught.value, ProviderTimeout)
    await refused.close()
