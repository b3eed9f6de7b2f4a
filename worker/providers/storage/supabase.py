"""Object storage by Supabase's Storage API.

Spoken to over httpx: the `supabase` client reads a whole object into memory and has no cap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from worker.errors import ObjectNotFound, ProviderError
from worker.providers.storage.port import check_path, leads_elsewhere
from worker.providers.storage.writing import CappedFile
from worker.providers.vendors import faults

PROVIDER = "storage"
_REMOVED_AT_ONCE = 500


class SupabaseStorage:
    """`base_url` is the project's (…/storage/v1 is added); `key` a secret or service key."""

    def __init__(self, base_url: str, key: str, *, timeout: float = 30.0) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{base_url.rstrip('/')}/storage/v1/", headers=_headers(key), timeout=timeout
        )

    async def download(self, bucket: str, path: str, target: Path, *, max_bytes: int) -> int:
        """See the port."""
        if leads_elsewhere(path):  # httpx would resolve it
            raise _missing()
        with _translated():
            async with self._http.stream("GET", _address(bucket, path)) as response:
                if response.status_code != 200:
                    raise _fault(response, await response.aread())
                with CappedFile(target, max_bytes) as file:
                    async for piece in response.aiter_bytes():
                        file.write(piece)
                return file.size

    async def upload(self, bucket: str, path: str, content: bytes, *, mime: str) -> None:
        """See the port."""
        check_path(path)
        headers = {"content-type": mime, "x-upsert": "true"}
        with _translated():
            response = await self._http.post(_address(bucket, path), content=content, headers=headers)
        if response.status_code >= 300:
            raise _fault(response, response.content)

    async def remove(self, bucket: str, paths: Sequence[str]) -> None:
        """See the port; the API answers with what it removed and is silent about the rest."""
        address = f"object/{quote(bucket, safe='')}"
        names = [path for path in paths if not leads_elsewhere(path)]
        for start in range(0, len(names), _REMOVED_AT_ONCE):
            body = {"prefixes": names[start : start + _REMOVED_AT_ONCE]}
            with _translated():
                response = await self._http.request("DELETE", address, json=body)
            if response.status_code >= 400 and not _is_missing(response.status_code, response.content):
                raise _fault(response, response.content)

    async def close(self) -> None:
        await self._http.aclose()


def _address(bucket: str, path: str) -> str:
    return f"object/{quote(bucket, safe='')}/{quote(path)}"


def _headers(key: str) -> dict[str, str]:
    """Keys of today go in `apikey` alone; those of the old kind are tokens and must be sent as such too."""
    headers = {"apikey": key}
    if key.startswith("eyJ"):
        headers["Authorization"] = f"Bearer {key}"
    return headers


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise faults.timed_out(PROVIDER) from error
    except httpx.HTTPError as error:
        raise faults.unavailable(PROVIDER) from error


def _fault(response: httpx.Response, body: bytes) -> ProviderError:
    if _is_missing(response.status_code, body):
        return _missing()
    wait = faults.retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC))
    message = str(_fields(response.status_code, body).get("message", ""))
    return faults.fault(PROVIDER, response.status_code, message=message, retry_after=wait)


def _missing() -> ObjectNotFound:
    return ObjectNotFound("storage.not_found", "The file is not in the storage.", provider=PROVIDER)


def _is_missing(status: int, body: bytes) -> bool:
    """A missing object is reported as 404, or as 400 with the true status inside."""
    fields = _fields(status, body)
    return status == 404 or str(fields.get("statusCode")) == "404" or fields.get("error") == "not_found"


def _fields(status: int, body: bytes) -> dict[str, Any]:
    try:
        parsed = httpx.Response(status, content=body).json()
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
