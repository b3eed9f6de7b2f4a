from __future__ import annotations

import pytest

from worker.providers.llm.port import NO_ANSWER, is_no_answer, may_become_no_answer


@pytest.mark.parametrize("answer", [NO_ANSWER, f" {NO_ANSWER}.\n", f'"{NO_ANSWER}"', f"**{NO_ANSWER}**"])
def test_recognises_the_sentinel(answer: str) -> None:
    assert is_no_answer(answer)


@pytest.mark.parametrize("answer", ["", "No.", "NO_ANSWER", "The answer is 5 [1]."])
def test_takes_nothing_else_for_it(answer: str) -> None:
    assert not is_no_answer(answer)


def test_a_beginning_is_held_back_until_it_is_clear() -> None:
    for length in range(len(NO_ANSWER) + 1):
        assert may_become_no_answer(NO_ANSWER[:length])
    assert not may_become_no_answer("No, the tower")
    assert not may_become_no_answer("N. Smith")
