"""A file that grows to a cap and no further."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from worker.errors import ObjectTooLarge


class CappedFile:
    """Written in pieces; removed when anything goes wrong, so half a file is never taken for a whole."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.size = 0
        self._path = path
        self._max_bytes = max_bytes

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        return self

    def write(self, piece: bytes) -> None:
        """Raises ObjectTooLarge when the piece would pass the cap."""
        self.size += len(piece)
        if self.size > self._max_bytes:
            raise ObjectTooLarge(
                "storage.too_large", f"The file is larger than {self._max_bytes} bytes.", provider="storage"
            )
        self._file.write(piece)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if error is not None:
            self._path.unlink(missing_ok=True)
