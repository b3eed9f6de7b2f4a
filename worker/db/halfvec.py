"""pgvector's halfvec on the wire.

Binary form (pgvector `halfvec_send`): int16 dimensions, int16 unused, then IEEE 754 half floats, big-endian.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo


class HalfVector(bytes):
    """A vector already in the binary form."""


def to_halfvec(vector: Sequence[float] | array[float]) -> HalfVector:
    """Packs a vector of finite numbers within half precision's range (±65504); raises struct.error beyond."""
    return HalfVector(struct.pack(f">hh{len(vector)}e", len(vector), 0, *vector))


def to_text(vector: Sequence[float] | array[float]) -> str:
    """pgvector's text form, for a parameter that is cast in SQL."""
    return "[" + ",".join(f"{value:.6g}" for value in vector) + "]"


async def register_halfvec(connection: AsyncConnection[object]) -> int:
    """Teaches this connection to send HalfVector in binary; returns the type's oid, for `Copy.set_types`.

    Raises LookupError when the extension vector is missing.
    """
    info = await TypeInfo.fetch(connection, "extensions.halfvec")
    if info is None:
        raise LookupError("type extensions.halfvec does not exist: is the extension vector installed?")

    type_oid = info.oid

    class HalfVectorDumper(Dumper):
        oid = type_oid
        format = Format.BINARY

        def dump(self, obj: HalfVector) -> Buffer:
            return bytes(obj)

    connection.adapters.register_dumper(HalfVector, HalfVectorDumper)
    return type_oid
