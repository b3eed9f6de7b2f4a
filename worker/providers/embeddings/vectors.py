"""Vectors as the rest of the system wants them: float32, of one width, of length 1. Pure."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable

from worker.errors import ProviderRejected
from worker.providers.embeddings.port import DIMENSIONS
from worker.providers.vendors import faults


def unit(values: Iterable[float], provider: str) -> array[float]:
    """The values scaled to length 1.

    Raises ProviderRejected for a wrong width, ProviderUnavailable for a vector without direction.
    """
    vector = array("f", values)
    if len(vector) != DIMENSIONS:
        raise ProviderRejected(
            "provider.wrong_dimensions",
            f"The embedding model gave {len(vector)} dimensions, {DIMENSIONS} are needed.",
            provider=provider,
        )
    length = math.sqrt(math.fsum(value * value for value in vector))
    if not math.isfinite(length) or length == 0.0:
        raise faults.bad_response(provider)
    return array("f", [value / length for value in vector])


def from_little_endian(raw: bytes) -> array[float]:
    """Float32 numbers from the bytes vendors send in base64."""
    vector = array("f")
    vector.frombytes(raw)
    if sys.byteorder == "big":
        vector.byteswap()
    return vector
