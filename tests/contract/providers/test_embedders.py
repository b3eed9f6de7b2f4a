"""Every embedder behaves alike."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest

from tests.contract.providers.dialects import DIALECTS, Dialect, Gemini
from tests.contract.providers.vendor import Vendor, hang_up, raw_reply, silence
from worker.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.embeddings.port import DIMENSIONS, Embedder


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param


@pytest.fixture
async def embedder(dialect: Dialect, vendor: Vendor) -> AsyncIterator[Embedder]:
    made = dialect.embedder(vendor.url)
    yield made
    await made.close()


@pytest.fixture(params=[*DIALECTS, None], ids=[*(dialect.name for dialect in DIALECTS), "offline"])
async def any_embedder(request: pytest.FixtureRequest, vendor: Vendor) -> AsyncIterator[Embedder]:
    made = OfflineEmbedder() if request.param is None else request.param.embedder(vendor.url)
    if request.param is not None:
        vendor.replies = [request.param.vectors([axis(0), axis(1)])]
    yield made
    await made.close()


def axis(index: int, length: float = 3.0) -> list[float]:
    """A vector along one axis, deliberately not of length 1."""
    values = [0.0] * DIMENSIONS
    values[index] = length
    return values


async def failure(embedder: Embedder) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await embedder.embed(["one"], kind="document")
    return caught.value


async def test_gives_unit_vectors_of_our_width(any_embedder: Embedder) -> None:
    result = await any_embedder.embed(["one", "two"], kind="document")
    assert [len(vector) for vector in result.vectors] == [1536, 1536]
    assert all(math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-5) for vector in result.vectors)
    assert any_embedder.dimensions == 1536


async def test_nothing_to_embed(any_embedder: Embedder) -> None:
    result = await any_embedder.embed([], kind="document")
    assert (result.vectors, result.tokens) == ([], 0)


@pytest.mark.parametrize("text", ["", "  \n\t "])
async def test_refuses_a_blank_text(any_embedder: Embedder, text: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        await any_embedder.embed(["one", text], kind="document")
    assert caught.value.code == "provider.empty_text"


async def test_keeps_the_order_of_the_texts(embedder: Embedder, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.vectors([axis(5), axis(9), axis(2)])]
    result = await embedder.embed(["a", "b", "c"], kind="document")
    assert [vector.index(1.0) for vector in result.vectors] == [5, 9, 2]


async def test_cuts_many_texts_into_requests(embedder: Embedder, dialect: Dialect, vendor: Vendor) -> None:
    size = 100 if dialect.name == "gemini" else 2048
    vendor.replies = [dialect.vectors([axis(1)] * size), dialect.vectors([axis(2)] * 3)]
    result = await embedder.embed(["x"] * (size + 3), kind="document")
    assert [vector.index(1.0) for vector in result.vectors] == [1] * size + [2] * 3
    assert len(vendor.asked) == 2
    assert result.tokens > 0


async def test_asks_for_our_width(embedder: Embedder, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.vectors([axis(0)])]
    await embedder.embed(["one"], kind="document")
    assert "1536" in str(vendor.asked[0].body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ProviderRejected),
        (401, ProviderAuthError),
        (402, ProviderRejected),
        (404, ProviderRejected),
        (408, ProviderTimeout),
        (429, ProviderRateLimited),
        (500, ProviderUnavailable),
        (503, ProviderUnavailable),
    ],
)
async def test_status_means_the_same_for_all(
    embedder: Embedder, dialect: Dialect, vendor: Vendor, status: int, kind: type[ProviderError]
) -> None:
    vendor.replies = [dialect.error(status, "no", headers={"Retry-After": "3"})]
    error = await failure(embedder)
    assert type(error) is kind
    assert len(vendor.asked) == 1
    if status == 429:
        assert error.retry_after == 3.0


async def test_error_inside_a_response_of_status_200(
    embedder: Embedder, dialect: Dialect, vendor: Vendor
) -> None:
    vendor.replies = [dialect.error_inside(429, "Slow down")]
    error = await failure(embedder)
    assert isinstance(error, ProviderRateLimited | ProviderUnavailable)


async def test_connection_reset(embedder: Embedder, vendor: Vendor) -> None:
    vendor.replies = [hang_up()]
    assert type(await failure(embedder)) is ProviderUnavailable


async def test_silence_ends_in_a_timeout(embedder: Embedder, vendor: Vendor) -> None:
    vendor.replies = [silence()]
    assert type(await failure(embedder)) is ProviderTimeout


@pytest.mark.parametrize(
    "body", [b"<html>", b"{broken", b"", b"null", b"[]", b'{"data": 5}', b'{"data": []}']
)
async def test_unreadable_response(embedder: Embedder, vendor: Vendor, body: bytes) -> None:
    vendor.replies = [raw_reply(body, 200, {"Content-Type": "application/json"})]
    assert (await failure(embedder)).code == "provider.bad_response"


async def test_wrong_width(embedder: Embedder, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.vectors([[0.5] * 768])]
    error = await failure(embedder)
    assert (type(error), error.code) == (ProviderRejected, "provider.wrong_dimensions")


async def test_too_few_vectors(embedder: Embedder, dialect: Dialect, vendor: Vendor) -> None:
    vendor.replies = [dialect.vectors([axis(0)])]
    with pytest.raises(ProviderUnavailable) as caught:
        await embedder.embed(["one", "two"], kind="document")
    assert caught.value.code == "provider.bad_response"


@pytest.mark.parametrize("bad", [0.0, float("inf")])
async def test_a_vector_without_direction(
    embedder: Embedder, dialect: Dialect, vendor: Vendor, bad: float
) -> None:
    vendor.replies = [dialect.vectors([axis(0, bad)])]
    assert (await failure(embedder)).code == "provider.bad_response"


async def test_gemini_gets_each_text_as_a_content_of_its_own(vendor: Vendor) -> None:
    gemini = Gemini()
    vendor.replies = [gemini.vectors([axis(0), axis(1)])]
    embedder = gemini.embedder(vendor.url)
    await embedder.embed(["one", "two"], kind="document")
    assert vendor.asked[0].path.endswith("/models/gemini-embedding-2:batchEmbedContents")
    requests = vendor.asked[0].body["requests"]
    assert [request["content"]["parts"][0]["text"] for request in requests] == [
        "title: none | text: one",
        "title: none | text: two",
    ]
    assert all("taskType" not in request for request in requests)
    await embedder.close()


@pytest.mark.parametrize(("kind", "task"), [("document", "RETRIEVAL_DOCUMENT"), ("query", "RETRIEVAL_QUERY")])
async def test_gemini_001_gets_a_task_type(vendor: Vendor, kind: str, task: str) -> None:
    gemini = Gemini()
    gemini.embedding_model = "gemini-embedding-001"
    vendor.replies = [gemini.vectors([axis(0)])]
    embedder = gemini.embedder(vendor.url)
    await embedder.embed(["one"], kind=kind)  # type: ignore[arg-type]
    request = vendor.asked[0].body["requests"][0]
    assert request["taskType"] == task
    assert request["content"]["parts"][0]["text"] == "one"
    await embedder.close()
