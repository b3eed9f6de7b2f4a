"""pgvector's halfvec on the wire."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.db.halfvec import to_halfvec, to_text

VECTORS = st.lists(st.floats(-65504, 65504, width=16), min_size=1, max_size=64)


@given(VECTORS)
def test_the_binary_form_says_its_length_and_keeps_half_precision(vector: list[float]) -> None:
    packed = to_halfvec(vector)
    dimensions, unused = struct.unpack(">hh", packed[:4])
    assert (dimensions, unused) == (len(vector), 0)
    assert list(struct.unpack(f">{dimensions}e", packed[4:])) == vector


@pytest.mark.parametrize("number", [1e6, -1e6])
def test_numbers_beyond_half_precision_are_refused(number: float) -> None:
    with pytest.raises((struct.error, OverflowError)):
        to_halfvec([number])


@given(VECTORS)
def test_the_text_form_is_a_list_of_numbers(vector: list[float]) -> None:
    text = to_text(vector)
    assert text[0] + text[-1] == "[]"
    assert [float(part) for part in text[1:-1].split(",")] == pytest.approx(vector, rel=1e-4, abs=1e-6)
