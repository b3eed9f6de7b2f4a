"""Object storage in a local folder: one folder per bucket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from worker.errors import ObjectNotFound
from worker.providers.storage.port import check_path, leads_elsewhere
from worker.providers.storage.writing import CappedFile

_PIECE = 64 * 1024


class FolderStorage:
    """Paths that lead out of the bucket are treated as missing."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def download(self, bucket: str, path: str, target: Path, *, max_bytes: int) -> int:
        """See the port."""
        return await asyncio.to_thread(self._copy, bucket, path, target, max_bytes)

    def _copy(self, bucket: str, path: str, target: Path, max_bytes: int) -> int:
        origin = self._locate(bucket, path)
        if origin is None or not origin.is_file():
            raise ObjectNotFound("storage.not_found", "The file is not in the storage.", provider="storage")
        with origin.open("rb") as reading, CappedFile(target, max_bytes) as file:
            while piece := reading.read(_PIECE):
                file.write(piece)
        return file.size

    async def upload(self, bucket: str, path: str, content: bytes, *, mime: str) -> None:
        """See the port; a folder keeps no type."""
        check_path(path)
        await asyncio.to_thread(self._write, self._root / bucket / path, content)

    def _write(self, target: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    async def remove(self, bucket: str, paths: Sequence[str]) -> None:
        """See the port."""
        for path in paths:
            origin = self._locate(bucket, path)
            if origin is not None:
                await asyncio.to_thread(origin.unlink, missing_ok=True)

    def _locate(self, bucket: str, path: str) -> Path | None:
        if leads_elsewhere(path):
            return None
        folder = (self._root / bucket).resolve()
        found = (folder / path).resolve()
        return found if found.is_relative_to(folder) and found != folder else None

    async def close(self) -> None:
        """Nothing is open."""
