from __future__ import annotations

from worker.domains.tasks.recipes import RECIPES
from worker.domains.tasks.rules import brand_voice, figures, to_request, wishes
from worker.providers.llm.port import Usage

BRAND = {"name": "Port", "voice": "", "audience": "Sailors", "rules": "", "language": "French"}


def test_wishes_begin_with_the_askers_words() -> None:
    asked = {"text": "T", "tone": "dry", "instructions": "Be kind.", "audience": "all"}
    assert wishes(asked, None) == "Be kind.\nAudience: all\nTone: dry"
    assert wishes({"text": "T", "instructions": " "}, None) == ""


def test_the_brands_language_is_for_new_texts_without_one() -> None:
    draft, edit = RECIPES["draft"], RECIPES["edit"]
    assert "Language: French" in to_request("draft", draft, {"instructions": "A post."}, BRAND).wishes
    named = to_request("draft", draft, {"instructions": "A post.", "language": "German"}, BRAND).wishes
    assert named == "A post.\nLanguage: German"
    assert to_request("edit", edit, {"text": "T"}, BRAND).wishes == ""


def test_a_brand_says_only_what_is_filled_in() -> None:
    assert brand_voice(BRAND) == "Name: Port\nAudience: Sailors"
    assert brand_voice(None) == ""


def test_room_for_the_whole_text() -> None:
    limits = [
        to_request("edit", RECIPES["edit"], {"text": "x" * size}, None).max_output_tokens
        for size in (1, 20_000, 60_000)
    ]
    assert limits == [4096, 10_000, 16_000]


def test_length_is_passed_on() -> None:
    lengths = [
        to_request("summarise", RECIPES["summarise"], {"text": "x", **given}, None).length
        for given in ({}, {"length": "short"}, {"length": "long"}, {"length": "shorter"})
    ]
    assert lengths == ["medium", "short", "long", "medium"]


def test_figures_of_several_tries_are_added() -> None:
    one, two = Usage(10, 1, 5, "openai:a"), Usage(20, 2, 7, "gemini:b", is_cut=True)
    found = figures("openai", "a", [one, two])
    assert (found.provider, found.model) == ("gemini", "gemini:b")
    assert (found.prompt_tokens, found.completion_tokens, found.cost_microusd) == (30, 3, 12)
    assert found.is_cut
    assert figures("openai", "a", [one, Usage(1, 1, None, "x:y")]).cost_microusd is None


def test_without_a_bill_nothing_is_known() -> None:
    found = figures("openai", "a", [])
    assert (found.model, found.prompt_tokens, found.cost_microusd) == ("openai:a", None, None)
