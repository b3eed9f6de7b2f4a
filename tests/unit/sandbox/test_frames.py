"""Replies are read with suspicion."""

from __future__ import annotations

import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sandbox_jobs import Exploit
from worker.errors import DocumentRejected
from worker.sandbox.frames import LENGTH, pack, unpack_untrusted
from worker.sandbox.processes import SandboxLimits


def body(value: object) -> bytes:
    packed = pack(value)
    assert LENGTH.unpack(packed[: LENGTH.size]) == (len(packed) - LENGTH.size,)
    return packed[LENGTH.size :]


PLAIN = st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.floats(allow_nan=False))


@given(st.lists(PLAIN) | st.dictionaries(st.text(), PLAIN))
def test_plain_values_come_back(value: object) -> None:
    assert unpack_untrusted(body(value)) == value


def test_dataclasses_and_errors_of_ours_come_back() -> None:
    assert unpack_untrusted(body(SandboxLimits(works=3))) == SandboxLimits(works=3)
    error = unpack_untrusted(body(DocumentRejected("a.b", "Words.")))
    assert isinstance(error, DocumentRejected)
    assert (error.code, error.message) == ("a.b", "Words.")


@pytest.mark.parametrize(
    "value",
    [
        os.getcwd,
        Exploit("/nowhere"),
        unpack_untrusted,
        pickle.Unpickler,
        ValueError("not ours"),
    ],
)
def test_functions_and_foreign_classes_are_refused(value: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="not let in"):
        unpack_untrusted(body(value))


def test_a_name_may_not_reach_through_a_module() -> None:
    reply = b"\x80\x04\x8c\x17worker.sandbox.processes\x8c\tos.getcwd\x93)R.".replace(b"\x17", b"\x18")
    with pytest.raises(pickle.UnpicklingError, match="not let in"):
        unpack_untrusted(reply)


def test_reading_a_reply_imports_nothing() -> None:
    with pytest.raises(pickle.UnpicklingError, match="not let in"):
        unpack_untrusted(b"\x80\x04\x8c\x0fworker.__main__\x8c\x04main\x93.")


@given(st.binary(max_size=200))
def test_rubbish_is_refused_in_one_way(reply: bytes) -> None:
    try:
        unpack_untrusted(reply)
    except pickle.UnpicklingError:
        return
