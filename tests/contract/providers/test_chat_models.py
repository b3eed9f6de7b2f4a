"""Every chat model behaves alike, whatever the vendor says and however it fails."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.contract.providers.dialects import DIALECTS, Dialect
from tests.contract.providers.vendor import (
    Vendor,
    event_stream,
    hang_up,
    json_reply,
    raw_reply,
    silence,
)
from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.llm.offline import OfflineChatModel
from worker.providers.llm.port import ChatMessage, ChatModel, ChatRequest, Source, TextDelta, Usage

REQUEST = ChatRequest(
    question="How high is the tower?",
    sources=(Source(1, "Towers", 3, "The tower is 312 metres high.", 7),),
    messages=(ChatMessage("user", "Hello"), ChatMessage("assistant", "Good day")),
)


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param


@pytest.fixture
async def model(dialect: Dialect, vendor: Vendor) -> AsyncIterator[ChatModel]:
    made = dialect.chat(vendor.url)
    yield made
    await made.close()


async def read(model: ChatModel, request: ChatRequest = REQUEST) -> tuple[list[str], list[Usage]]:
    texts: list[str] = []
    bills: list[Usage] = []
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                assert not bills, "text after the bill"
                texts.append(event.text)
            else:
                bills.append(event)
    return texts, bills


async def failure(model: ChatModel) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await read(model)
    return caught.value


async def test_streams_pieces_then_one_bill(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.answer(["It is 312", " metres high [1].", "\n", "é漢"])]
    texts, bills = await read(model)
    assert texts == ["It is 312", " metres high [1].", "\n", "é漢"]
    assert len(bills) == 1
    assert (bills[0].prompt_tokens, bills[0].completion_tokens) == (1000, 10)
    assert bills[0].model == f"{dialect.name}:{model.model}"


async def test_bills_in_microdollars(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.answer(["yes"])]
    _, bills = await read(model)
    expected = {"openai": 795, "openrouter": 795, "gemini": 325}
    assert bills[0].cost_microusd == expected[dialect.name]


async def test_sends_rules_history_and_fenced_sources(
    model: ChatModel, dialect: Dialect, vendor: Vendor
) -> None:
    vendor.replies = [dialect.answer(["yes"])]
    await read(model)
    sent = str(vendor.asked[0].body)
    for expected in ("Good day", "The tower is 312 metres high.", "NO_ANSWER_IN_SOURCES", "<source-"):
        assert expected in sent
    assert "test-key" in str(vendor.asked[0].headers)
    assert "test-key" not in vendor.asked[0].path


async def test_a_fault_is_asked_only_once(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.error(503, "overloaded")]
    await failure(model)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("status", "message", "kind", "code"),
    [
        (400, "Unknown parameter: foo", ProviderRejected, "provider.bad_request"),
        (401, "Incorrect key", ProviderAuthError, "provider.unauthorised"),
        (402, "Insufficient credits", ProviderRejected, "provider.no_credit"),
        (403, "No permission", ProviderAuthError, "provider.unauthorised"),
        (404, "No such model", ProviderRejected, "provider.model_not_found"),
        (408, "Timed out", ProviderTimeout, "provider.timeout"),
        (413, "Too large", ProviderRejected, "provider.request_too_large"),
        (429, "Slow down", ProviderRateLimited, "provider.rate_limited"),
        (500, "Internal error", ProviderUnavailable, "provider.unavailable"),
        (502, "Bad gateway", ProviderUnavailable, "provider.unavailable"),
        (503, "Overloaded", ProviderUnavailable, "provider.unavailable"),
        (504, "Deadline exceeded", ProviderTimeout, "provider.timeout"),
        (529, "Overloaded", ProviderUnavailable, "provider.unavailable"),
    ],
)
async def test_status_means_the_same_for_all(
    model: ChatModel,
    dialect: Dialect,
    vendor: Vendor,
    status: int,
    message: str,
    kind: type[ProviderError],
    code: str,
) -> None:
    vendor.replies = [dialect.error(status, message)]
    error = await failure(model)
    assert (type(error), error.code, error.provider) == (kind, code, dialect.name)
    assert "test-key" not in str(error)


async def test_context_too_long(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    words = "This model's maximum context length is 8192 tokens."
    vendor.replies = [dialect.error(400, words, code="context_length_exceeded")]
    assert (await failure(model)).code == "provider.context_too_long"


async def test_retry_after_in_seconds(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.error(429, "Slow down", headers={"Retry-After": "17"})]
    error = await failure(model)
    assert isinstance(error, ProviderRateLimited)
    assert error.retry_after == 17.0


async def test_retry_after_as_a_date(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    vendor.replies = [dialect.error(429, "Slow down", headers={"Retry-After": moment})]
    error = await failure(model)
    assert error.retry_after is not None
    assert 60 < error.retry_after <= 90


async def test_error_inside_a_response_of_status_200(
    model: ChatModel, dialect: Dialect, vendor: Vendor
) -> None:
    vendor.replies = [dialect.error_inside(402, "Insufficient credits")]
    assert (await failure(model)).code == "provider.no_credit"


async def test_error_in_the_middle_of_a_stream(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.error_inside(502, "Upstream failed", after=["It is"])]
    assert isinstance(await failure(model), ProviderUnavailable)


async def test_rate_limit_in_the_middle_of_a_stream(
    model: ChatModel, dialect: Dialect, vendor: Vendor
) -> None:
    vendor.replies = [dialect.error_inside(429, "Slow down", after=["It is"])]
    assert isinstance(await failure(model), ProviderRateLimited)


@pytest.mark.parametrize("pieces", [[], ["It is"]], ids=["at once", "after text"])
async def test_connection_reset(
    model: ChatModel, dialect: Dialect, vendor: Vendor, pieces: list[str]
) -> None:
    vendor.replies = [dialect.answer(pieces, then="reset") if pieces else hang_up()]
    error = await failure(model)
    assert type(error) is ProviderUnavailable


@pytest.mark.parametrize("pieces", [[], ["It is"]], ids=["at once", "after text"])
async def test_silence_ends_in_a_timeout(
    model: ChatModel, dialect: Dialect, vendor: Vendor, pieces: list[str]
) -> None:
    vendor.replies = [dialect.answer(pieces, then="silence") if pieces else silence()]
    started = time.monotonic()
    error = await failure(model)
    assert type(error) is ProviderTimeout
    assert time.monotonic() - started < 10


async def test_nobody_listens(dialect: Dialect) -> None:
    model = dialect.chat("http://127.0.0.1:9")
    assert type(await failure(model)) is ProviderUnavailable
    await model.close()


@pytest.mark.parametrize(
    "body", [b"<html>Bad gateway</html>", b"data: {broken\n\n", b"data: [1, 2]\n\n", b""]
)
async def test_unreadable_stream(model: ChatModel, dialect: Dialect, vendor: Vendor, body: bytes) -> None:
    vendor.replies = [raw_reply(body, 200, {"Content-Type": "text/event-stream"})]
    assert (await failure(model)).code == "provider.bad_response"


@pytest.mark.parametrize("body", [{}, [], {"hello": "world"}, None])
async def test_unexpected_json(model: ChatModel, vendor: Vendor, body: object) -> None:
    vendor.replies = [json_reply(body)]
    assert (await failure(model)).code == "provider.bad_response"


async def test_stream_that_stops_before_its_end(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    whole = dialect.answer(["It is 312"], then="cut")
    vendor.replies = [whole]
    assert (await failure(model)).code == "provider.bad_response"


async def test_an_empty_answer_is_a_fault(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.answer([])]
    assert (await failure(model)).code == "provider.bad_response"


async def test_output_limit_before_the_first_word(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.answer([], finish="length")]
    assert (await failure(model)).code == "provider.output_limit"


async def test_a_cut_answer_is_still_an_answer(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.answer(["It is"], finish="length")]
    texts, bills = await read(model)
    assert texts == ["It is"]
    assert len(bills) == 1


async def test_content_filter(model: ChatModel, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.answer(["It"], finish="filtered")]
    error = await failure(model)
    assert (type(error), error.code) == (ProviderRejected, "provider.content_filtered")


async def test_stopping_early_leaves_the_client_usable(
    model: ChatModel, dialect: Dialect, vendor: Vendor
) -> None:
    vendor.replies = [dialect.answer(["It is"], then="silence"), dialect.answer(["again"])]
    async with aclosing(model.stream(REQUEST)) as events:
        async for _ in events:
            break
    texts, _ = await read(model)
    assert texts == ["again"]


async def test_gemini_says_how_long_to_wait_in_the_body(vendor: Vendor) -> None:
    gemini = DIALECTS[2].chat(vendor.url)
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    body = {"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED", "details": details}}
    vendor.replies = [json_reply(body, 429)]
    assert (await failure(gemini)).retry_after == 34.5
    await gemini.close()


async def test_gemini_reports_a_bad_key_as_status_400(vendor: Vendor) -> None:
    gemini = DIALECTS[2].chat(vendor.url)
    vendor.replies = [DIALECTS[2].error(400, "API key not valid. Please pass a valid API key.")]
    assert isinstance(await failure(gemini), ProviderAuthError)
    await gemini.close()


async def test_gemini_blocks_a_prompt(vendor: Vendor) -> None:
    gemini = DIALECTS[2].chat(vendor.url)
    vendor.replies = [event_stream([{"promptFeedback": {"blockReason": "SAFETY"}}])]
    assert (await failure(gemini)).code == "provider.content_filtered"
    await gemini.close()


async def test_openai_has_no_credit_left(vendor: Vendor) -> None:
    openai = DIALECTS[0].chat(vendor.url)
    vendor.replies = [DIALECTS[0].error(429, "You exceeded your quota", code="insufficient_quota")]
    assert (await failure(openai)).code == "provider.no_credit"
    await openai.close()


async def test_openrouter_keeps_the_line_open_with_comments(vendor: Vendor) -> None:
    openrouter = DIALECTS[1].chat(vendor.url)
    answer = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    text = {**answer, "choices": [{"index": 0, "delta": {"content": "yes"}, "finish_reason": None}]}
    end = {**answer, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    vendor.replies = [event_stream([": OPENROUTER PROCESSING", text, ": OPENROUTER PROCESSING", end])]
    texts, bills = await read(openrouter)
    assert texts == ["yes"]
    assert bills[0].cost_microusd is None
    await openrouter.close()


async def test_the_offline_model_behaves_alike() -> None:
    texts, bills = await read(OfflineChatModel())
    assert "".join(texts).startswith("The tower is 312 metres high. [1]")
    assert all(texts)
    assert len(bills) == 1
    assert (bills[0].cost_microusd, bills[0].model) == (0, "offline:extractive-1")
