"""Messages between the worker and its children: a length in four bytes, then a pickle.

What comes back from a child is read with suspicion, since the child may have been taken over by its input:
only plain values, dataclasses of ours and errors of ours are made of it.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
import pickle
import struct
from typing import Any

from worker.errors import LaminaError

LENGTH = struct.Struct(">I")
LARGEST = 256 * 1024 * 1024


def pack(value: Any) -> bytes:
    """A message."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


def unpack_untrusted(body: bytes) -> Any:
    """Raises pickle.UnpicklingError for anything that is not on the list above."""
    return _Suspicious(io.BytesIO(body)).load()


class _Suspicious(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("worker.") and name.isidentifier():
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and (
                dataclasses.is_dataclass(found) or issubclass(found, LaminaError)
            ):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not let in")
