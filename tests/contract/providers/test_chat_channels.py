"""Chat channels: ManyChat's API, played by a small server in its documented shapes, and the offline one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

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
from worker.providers.chat.manychat import ManyChatChannel
from worker.providers.chat.offline import OfflineChatChannel
from worker.providers.chat.port import SendRequest
from worker.providers.chat.select import chat_channel
from worker.settings import ProviderSettings

KEY = "1234567:0123456789abcdef"
HELLO = SendRequest("987654321", ("Bonjour", "À bientôt"))


def error(status: int, code: int | None, message: str, **more: Any) -> Reply:
    return json_reply({"status": "error", "code": code, "message": message, **more}, status)


@pytest.fixture
async def channel(vendor: Vendor) -> AsyncIterator[ManyChatChannel]:
    made = ManyChatChannel(f"{vendor.url}/", connect_timeout=0.6, timeout=0.6)
    yield made
    await made.close()


async def test_sends_as_documented(vendor: Vendor, channel: ManyChatChannel) -> None:
    vendor.replies = [json_reply({"status": "success"})]
    receipt = await channel.send(KEY, SendRequest("987654321", ("Bonjour", "Salut"), "ACCOUNT_UPDATE"))
    assert (receipt.messages, receipt.is_offline) == (2, False)
    asked = vendor.asked[0]
    assert (asked.method, asked.path) == ("POST", "/fb/sending/sendContent")
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "subscriber_id": 987654321,
        "data": {
            "version": "v2",
            "content": {
                "type": "whatsapp",
                "messages": [{"type": "text", "text": "Bonjour"}, {"type": "text", "text": "Salut"}],
            },
        },
        "message_tag": "ACCOUNT_UPDATE",
    }


async def test_without_a_tag_none_is_sent(vendor: Vendor, channel: ManyChatChannel) -> None:
    vendor.replies = [json_reply({"status": "success"})]
    await channel.send(KEY, HELLO)
    assert "message_tag" not in vendor.asked[0].body


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (error(400, 3011, "24 hours"), ProviderRejected, "chat.window_closed"),
        (error(200, 3011, "24 hours"), ProviderRejected, "chat.window_closed"),
        (error(400, 3021, "topic"), ProviderRejected, "chat.template_needed"),
        (error(400, 3031, "reason"), ProviderRejected, "chat.template_needed"),
        (error(400, 3040, "channel"), ProviderRejected, "chat.channel_refused"),
        (error(400, 3049, "channel"), ProviderRejected, "chat.channel_refused"),
        (
            error(
                400,
                None,
                "Validation error",
                details={"messages": [{"message": "Subscriber does not exist"}]},
            ),
            ProviderRejected,
            "chat.unknown_contact",
        ),
        (error(400, 1, "Validation error"), ProviderRejected, "chat.refused"),
        (json_reply([], 404), ProviderRejected, "chat.refused"),
        (
            json_reply({}, 302, {"Location": "https://example.com"}),
            DeliveryUnknown,
            "provider.outcome_unknown",
        ),
        (error(401, None, "Wrong token"), ProviderAuthError, "provider.unauthorised"),
        (error(400, None, "Wrong format token"), ProviderAuthError, "provider.unauthorised"),
        (error(200, None, "Rate limit exceeded"), ProviderRateLimited, "provider.rate_limited"),
        (raw_reply(b"busy", 429, {"Retry-After": "7"}), ProviderRateLimited, "provider.rate_limited"),
        (raw_reply(b"", 503), ProviderUnavailable, "provider.unavailable"),
        (raw_reply(b"", 500), DeliveryUnknown, "provider.outcome_unknown"),
        (raw_reply(b"<html>", 502), DeliveryUnknown, "provider.outcome_unknown"),
        (raw_reply(b"", 504), DeliveryUnknown, "provider.outcome_unknown"),
        (raw_reply(b"<html>hello", 200), DeliveryUnknown, "provider.outcome_unknown"),
        (json_reply(["success"]), DeliveryUnknown, "provider.outcome_unknown"),
        (hang_up(), DeliveryUnknown, "provider.outcome_unknown"),
        (silence(), DeliveryUnknown, "provider.outcome_unknown"),
    ],
)
async def test_what_each_answer_means(
    vendor: Vendor, channel: ManyChatChannel, reply: Reply, kind: type[ProviderError], code: str
) -> None:
    vendor.replies = [reply]
    with pytest.raises(ProviderError) as caught:
        await channel.send(KEY, HELLO)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert caught.value.provider == "manychat"
    assert KEY not in str(caught.value)
    assert len(vendor.asked) == 1


async def test_how_long_to_wait(vendor: Vendor, channel: ManyChatChannel) -> None:
    vendor.replies = [raw_reply(b"", 429, {"Retry-After": "7"})]
    with pytest.raises(ProviderRateLimited) as caught:
        await channel.send(KEY, HELLO)
    assert caught.value.retry_after == 7.0


async def test_what_was_never_sent_may_be_tried_again(unused_tcp_port: int) -> None:
    channel = ManyChatChannel(f"http://127.0.0.1:{unused_tcp_port}", timeout=0.6)
    with pytest.raises(ProviderUnavailable) as caught:
        await channel.send(KEY, HELLO)
    assert caught.value.code == "provider.unavailable"
    await channel.close()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SendRequest("abc", ("x",)), "chat.unknown_contact"),
        (SendRequest("٣", ("x",)), "chat.unknown_contact"),
        (SendRequest("1", ()), "chat.bad_message"),
        (SendRequest("1", ("x",) * 11), "chat.bad_message"),
    ],
)
async def test_what_cannot_be_sent_asks_nobody(
    vendor: Vendor, channel: ManyChatChannel, request_: SendRequest, code: str
) -> None:
    with pytest.raises(ProviderRejected) as caught:
        await channel.send(KEY, request_)
    assert (caught.value.code, vendor.asked) == (code, [])


@pytest.mark.parametrize("key", ["", " ", "clé", "a\r\nHost: b"])
async def test_a_key_that_no_header_carries(vendor: Vendor, channel: ManyChatChannel, key: str) -> None:
    with pytest.raises(ProviderAuthError):
        await channel.send(key, HELLO)
    assert vendor.asked == []


async def test_whose_key_it_is(vendor: Vendor, channel: ManyChatChannel) -> None:
    vendor.replies = [json_reply({"status": "success", "data": {"id": 42, "name": "Boutique"}})]
    page = await channel.check(KEY)
    assert (page.id, page.name) == ("42", "Boutique")
    assert (vendor.asked[0].method, vendor.asked[0].path) == ("GET", "/fb/page/getInfo")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(401, None, "Wrong token"), ProviderAuthError),
        (raw_reply(b"", 500), ProviderUnavailable),
        (raw_reply(b"hello"), ProviderUnavailable),
        (hang_up(), ProviderUnavailable),
        (silence(), ProviderTimeout),
    ],
)
async def test_a_check_has_no_unknown_outcome(
    vendor: Vendor, channel: ManyChatChannel, reply: Reply, kind: type[ProviderError]
) -> None:
    vendor.replies = [reply]
    with pytest.raises(kind):
        await channel.check(KEY)


async def test_offline_keeps_what_would_be_sent(tmp_path: Path) -> None:
    outbox = tmp_path / "out" / "chat.jsonl"
    channel = OfflineChatChannel(outbox)
    receipt = await channel.send(KEY, HELLO)
    await channel.send(KEY, SendRequest("5", ("Ça va ?",)))
    assert (receipt.messages, receipt.is_offline, channel.name) == (2, True, "offline")
    lines = [json.loads(line) for line in outbox.read_text().splitlines()]
    assert lines == channel.sent
    assert [line["subscriber_id"] for line in lines] == ["987654321", "5"]
    assert lines[1]["data"]["content"]["messages"][0]["text"] == "Ça va ?"
    assert KEY not in outbox.read_text()
    assert (await channel.check(KEY)).id == "offline"


async def test_offline_refuses_what_no_request_can_hold() -> None:
    with pytest.raises(ProviderRejected):
        await OfflineChatChannel().send(KEY, SendRequest("1", ()))
    with pytest.raises(ProviderRejected):
        await OfflineChatChannel().send(KEY, SendRequest("1", ("x",) * 11))


async def test_settings_choose_the_channel(tmp_path: Path, vendor: Vendor) -> None:
    offline = chat_channel(
        ProviderSettings(_env_file=None, lamina_chat_provider="offline", lamina_chat_outbox=tmp_path / "o")
    )
    assert offline.name == "offline"
    vendor.replies = [json_reply({"status": "success", "data": {"id": 1, "name": "x"}})]
    real = chat_channel(
        ProviderSettings(_env_file=None, lamina_chat_provider="manychat", manychat_base_url=vendor.url)
    )
    assert (real.name, (await real.check(KEY)).id) == ("manychat", "1")
    await real.close()
