"""Messages between the worker and its children: a length in four bytes, then a pickle.

What comes back from a child is read with suspicion, since the child may have been taken over by its input:
only plain values, dataclasses of ours and errors of ours are made of it.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
import struct
import sys
from typing import Any

from worker.errors import LaminaError

TAKEN = b"\x06"
"""What a child says first: from here on it is the work that may end it."""

LENGTH = struct.Struct(">I")
LARGEST = 64 * 1024 * 1024


def pack(value: Any) -> bytes:
    """A message."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


def unpack_untrusted(body: bytes) -> Any:
    """Raises pickle.UnpicklingError for anything that is not on the list above, and for a broken pickle."""
    try:
        return _Suspicious(io.BytesIO(body)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a made-up pickle can make the reader stumble in many ways
        raise pickle.UnpicklingError(f"broken reply: {type(error).__name__}") from error


class _Suspicious(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Only what is loaded already: importing runs code as well."""
        found = vars(sys.modules.get(module, object)).get(name) if module.startswith("worker.") else None
        if isinstance(found, type) and (dataclasses.is_dataclass(found) or issubclass(found, LaminaError)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is not let in")
