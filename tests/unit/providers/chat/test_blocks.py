from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ProviderRejected
from worker.providers.chat.blocks import TEXT_LIMIT, batches, dynamic_block, split


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_short_text_is_one_piece() -> None:
    assert split("  Bonjour.  ") == ["Bonjour."]
    assert split(" \n ") == []


def test_paragraphs_come_first_then_lines_then_sentences_then_words() -> None:
    assert split("aaaa bbbb\ncccc\n\ndddd eeee", 20) == ["aaaa bbbb\ncccc", "dddd eeee"]
    assert split("aaaa. bbbb\ncccc dddd", 16) == ["aaaa. bbbb", "cccc dddd"]
    assert split("Aaaa aa. Bbbb bb cc", 14) == ["Aaaa aa.", "Bbbb bb cc"]
    assert split("Il a dit « oui. » Puis rien de plus", 22) == ["Il a dit « oui. »", "Puis rien de plus"]
    assert split("aaaa bbbb cccc", 10) == ["aaaa bbbb", "cccc"]
    assert split("你好。我们在这里。谢谢", 8) == ["你好。", "我们在这里。谢谢"]


def test_an_early_border_leaves_no_scrap() -> None:
    assert split("Hi.\n\n" + "word " * 10, 30)[0].startswith("Hi.\n\nword")


def test_emoji_count_twice_and_stay_whole() -> None:
    family = "👩\u200d👩\u200d👧"
    pieces = split(family * 4, 10)
    assert pieces == [family] * 4
    assert split("👍🏽" * 3, 6) == ["👍🏽"] * 3
    assert split("e\u0301" * 4, 3) == ["e\u0301"] * 4


@given(st.text(), st.integers(4, 60))
def test_any_text_is_kept_in_pieces_that_fit(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(0 < units(piece) <= limit and piece.strip() for piece in pieces)
    assert words("".join(pieces)) == words(text)


def test_batches_hold_ten_each() -> None:
    texts = [str(number) for number in range(21)]
    groups = batches(texts)
    assert [len(group) for group in groups] == [10, 10, 1]
    assert [text for group in groups for text in group] == texts
    assert batches([]) == []


def test_a_dynamic_block_for_whatsapp() -> None:
    assert dynamic_block(["OK, bien reçu"]) == {
        "version": "v2",
        "content": {"type": "whatsapp", "messages": [{"type": "text", "text": "OK, bien reçu"}]},
    }
    assert dynamic_block([])["content"]["messages"] == []


@pytest.mark.parametrize(
    "texts", [["a"] * 11, [" "], ["x" * (TEXT_LIMIT + 1)], ["😀" * (TEXT_LIMIT // 2 + 1)], ["\ud800"]]
)
def test_what_no_request_can_hold(texts: list[str]) -> None:
    with pytest.raises(ProviderRejected) as caught:
        dynamic_block(texts)
    assert caught.value.code == "chat.bad_message"
