"""The port every object storage fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from worker.errors import ProviderRejected


class ObjectStorage(Protocol):
    """Private buckets of files, addressed by path inside the bucket."""

    async def download(self, bucket: str, path: str, target: Path, *, max_bytes: int) -> int:
        """Writes the object to `target` without holding it in memory; returns its size in bytes.

        A path with a part . or .. is missing: in an address it would mean another object.
        Raises ObjectNotFound, ObjectTooLarge (nothing is left at `target` then) or another ProviderError.
        """
        ...

    async def upload(self, bucket: str, path: str, content: bytes, *, mime: str) -> None:
        """Puts an object there, in the place of one that was there before: doing it twice changes nothing.

        Raises ProviderRejected `storage.bad_path` for a path with a part . or .., or another ProviderError.
        """
        ...

    async def remove(self, bucket: str, paths: Sequence[str]) -> None:
        """Removes the objects; one that is already gone is no error."""
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...


def check_path(path: str) -> None:
    """Raises ProviderRejected for a path that nothing may be written to."""
    if not path or leads_elsewhere(path):
        raise ProviderRejected("storage.bad_path", "This is no path of a file.", provider="storage")


def leads_elsewhere(path: str) -> bool:
    """Whether a part is . or .., which an address or a file system resolves."""
    return not {".", ".."}.isdisjoint(path.split("/"))
