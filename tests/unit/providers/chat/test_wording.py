from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.providers.chat.wording import for_whatsapp


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("A **bold** word and **two more**.", "A *bold* word and *two more*."),
        ("## Prices\nfrom 10 €", "*Prices*\nfrom 10 €"),
        ("# **Prices**", "*Prices*"),
        ("See [the list](https://example.com/a?b=1).", "See the list: https://example.com/a?b=1."),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("* one\n  * two\n- three", "- one\n  - two\n- three"),
        ("2 ** 3 ** 4 and 5 * 6 * 7", "2 ** 3 ** 4 and 5 * 6 * 7"),
        ("As written [1][2].", "As written [1][2]."),
        ("a\x00b\tc\n\x1bd", "ab\tc\nd"),
        ("#hashtag", "#hashtag"),
        ("## Prices ##  ", "*Prices*"),
        ("a" + " " * 20 + "b\n\n\n\n\n\nc", "a" + " " * 8 + "b\n\n\nc"),
    ],
)
def test_markdown_as_whatsapp_writes_it(answer: str, shown: str) -> None:
    assert for_whatsapp(answer) == shown


@given(st.text())
def test_any_answer_can_be_stored_and_sent(answer: str) -> None:
    shown = for_whatsapp(answer)
    assert "\0" not in shown
    assert shown.encode().decode() == shown
