"""Every object storage behaves alike: the Storage API, played by a small server, and a folder."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from tests.contract.providers.vendor import Reply, Vendor, hang_up, json_reply, silence
from worker.errors import (
    ObjectNotFound,
    ObjectTooLarge,
    ProviderAuthError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from worker.providers.storage.offline import FolderStorage
from worker.providers.storage.port import ObjectStorage
from worker.providers.storage.supabase import SupabaseStorage

SECRET = "sb_secret_test"


@dataclass
class StorageApi:
    """Just enough of the API; a missing object is a 400 with the true status inside, as there."""

    objects: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    async def reply(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/storage/v1/object/")
        if request.headers.get("apikey") != SECRET:
            return web.json_response({"statusCode": "401", "error": "x", "message": "no"}, status=401)
        if request.method == "POST":
            return await self._keep(name, request)
        if request.method == "DELETE":
            prefixes = json.loads(await request.read())["prefixes"]
            removed = [{"name": path} for path in prefixes if self.objects.pop(f"{name}/{path}", None)]
            return web.json_response(removed)
        if name not in self.objects:
            body = {"statusCode": "404", "error": "not_found", "message": "Object not found"}
            return web.json_response(body, status=400)
        return web.Response(body=self.objects[name])

    async def _keep(self, name: str, request: web.Request) -> web.Response:
        if name in self.objects and request.headers.get("x-upsert") != "true":
            body = {"statusCode": "409", "error": "Duplicate", "message": "The resource already exists"}
            return web.json_response(body, status=400)
        self.objects[name] = await request.read()
        self.types[name] = request.content_type
        return web.json_response({"Key": name})


@dataclass
class Bench:
    """A storage under test and ways to put and see objects behind its back."""

    storage: ObjectStorage
    put: Callable[[str, bytes], None]
    has: Callable[[str], bool]


@pytest.fixture(params=["supabase", "folder"])
async def bench(request: pytest.FixtureRequest, vendor: Vendor, tmp_path: Path) -> AsyncIterator[Bench]:
    made = _folder(tmp_path) if request.param == "folder" else _supabase(vendor)
    yield made
    await made.storage.close()


def _folder(tmp_path: Path) -> Bench:
    root = tmp_path / "root"

    def put(path: str, content: bytes) -> None:
        target = root / "documents" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    return Bench(FolderStorage(root), put, lambda path: (root / "documents" / path).exists())


def _supabase(vendor: Vendor) -> Bench:
    api = StorageApi()
    vendor.replies = [api.reply]

    def put(path: str, content: bytes) -> None:
        api.objects[f"documents/{path}"] = content

    return Bench(SupabaseStorage(vendor.url, SECRET), put, lambda path: f"documents/{path}" in api.objects)


async def test_downloads_what_was_put(bench: Bench, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    bench.put("w1/Bericht März #2 (1).pdf", content)
    target = tmp_path / "copy.pdf"
    size = await bench.storage.download(
        "documents", "w1/Bericht März #2 (1).pdf", target, max_bytes=len(content)
    )
    assert (size, target.read_bytes()) == (len(content), content)


async def test_uploads_and_replaces(bench: Bench, tmp_path: Path) -> None:
    name, target = "w1/u1/answers/März #2.mp3", tmp_path / "copy"
    for content in (b"first", bytes(range(256)) * 1000):
        await bench.storage.upload("documents", name, content, mime="audio/mpeg")
        await bench.storage.download("documents", name, target, max_bytes=len(content))
        assert target.read_bytes() == content


@pytest.mark.parametrize("path", ["w1/../w2/a.mp3", "./a.mp3", ""])
async def test_nothing_is_written_elsewhere(bench: Bench, path: str) -> None:
    bench.put("w2/a.mp3", b"theirs")
    with pytest.raises(ProviderRejected) as caught:
        await bench.storage.upload("documents", path, b"mine", mime="audio/mpeg")
    assert caught.value.code == "storage.bad_path"
    assert bench.has("w2/a.mp3")
    assert not bench.has("a.mp3")


async def test_an_upload_says_its_type(vendor: Vendor) -> None:
    api = StorageApi()
    vendor.replies = [api.reply]
    storage = SupabaseStorage(vendor.url, SECRET)
    await storage.upload("voice", "w1/a.mp3", b"x", mime="audio/mpeg")
    await storage.close()
    assert api.types == {"voice/w1/a.mp3": "audio/mpeg"}


async def test_a_missing_object(bench: Bench, tmp_path: Path) -> None:
    bench.put("w1/other.pdf", b"x")
    with pytest.raises(ObjectNotFound) as caught:
        await bench.storage.download("documents", "w1/missing.pdf", tmp_path / "copy", max_bytes=10)
    assert caught.value.code == "storage.not_found"
    assert not (tmp_path / "copy").exists()


async def test_more_than_the_cap_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.put("w1/big.pdf", b"x" * 200_000)
    with pytest.raises(ObjectTooLarge):
        await bench.storage.download("documents", "w1/big.pdf", tmp_path / "copy", max_bytes=199_999)
    assert not (tmp_path / "copy").exists()


async def test_removes_and_does_not_mind_what_is_gone(bench: Bench) -> None:
    bench.put("w1/a.pdf", b"a")
    bench.put("w1/b.pdf", b"b")
    await bench.storage.remove("documents", ["w1/a.pdf", "w1/never.pdf"])
    assert not bench.has("w1/a.pdf")
    assert bench.has("w1/b.pdf")
    await bench.storage.remove("documents", ["w1/a.pdf"])
    await bench.storage.remove("documents", [])


@pytest.mark.parametrize("path", ["w1/../w2/a.pdf", "w1/./../w2/a.pdf", "w1/x/../../w2/a.pdf"])
async def test_dots_lead_to_no_other_workspace(bench: Bench, tmp_path: Path, path: str) -> None:
    bench.put("w2/a.pdf", b"theirs")
    with pytest.raises(ObjectNotFound):
        await bench.storage.download("documents", path, tmp_path / "copy", max_bytes=10)
    await bench.storage.remove("documents", [path])
    assert bench.has("w2/a.pdf")


async def test_a_folder_does_not_let_paths_out(tmp_path: Path) -> None:
    (tmp_path / "root" / "documents").mkdir(parents=True)
    (tmp_path / "secret").write_text("s")
    storage = FolderStorage(tmp_path / "root")
    with pytest.raises(ObjectNotFound):
        await storage.download("documents", "../../secret", tmp_path / "copy", max_bytes=10)
    await storage.remove("documents", ["../../secret"])
    assert (tmp_path / "secret").exists()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (json_reply({"message": "no"}, 401), ProviderAuthError),
        (json_reply({"message": "slow"}, 429, {"Retry-After": "5"}), ProviderRateLimited),
        (json_reply({"message": "broken"}, 500), ProviderUnavailable),
        (hang_up(), ProviderUnavailable),
        (silence(), ProviderTimeout),
    ],
)
async def test_faults_of_the_api(vendor: Vendor, tmp_path: Path, reply: Reply, kind: type[Exception]) -> None:
    vendor.replies = [reply]
    storage = SupabaseStorage(vendor.url, SECRET, timeout=0.5)
    with pytest.raises(kind):
        await storage.download("documents", "w1/a.pdf", tmp_path / "copy", max_bytes=10)
    with pytest.raises(kind):
        await storage.remove("documents", ["w1/a.pdf"])
    with pytest.raises(kind):
        await storage.upload("documents", "w1/a.pdf", b"x", mime="application/pdf")
    assert not (tmp_path / "copy").exists()
    await storage.close()


async def test_a_broken_download_leaves_nothing(vendor: Vendor, tmp_path: Path) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"x" * 50)
        assert request.transport is not None
        request.transport.abort()
        return response

    vendor.replies = [half]
    storage = SupabaseStorage(vendor.url, SECRET)
    with pytest.raises(ProviderUnavailable):
        await storage.download("documents", "w1/a.pdf", tmp_path / "copy", max_bytes=1000)
    assert not (tmp_path / "copy").exists()
    await storage.close()


async def test_a_key_of_the_old_kind_is_sent_as_a_token_too(vendor: Vendor) -> None:
    vendor.replies = [json_reply([])]
    for key in ("eyJhbGciOi.x.y", SECRET):
        storage = SupabaseStorage(vendor.url, key)
        await storage.remove("documents", ["a"])
        await storage.close()
    assert vendor.asked[0].headers["Authorization"] == "Bearer eyJhbGciOi.x.y"
    assert "Authorization" not in vendor.asked[1].headers
