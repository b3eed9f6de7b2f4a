"""Chunks: exact slices, nothing lost, bounded, in order; headings and sentences are respected."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.knowledge.chunking import (
    Chunk,
    ChunkOptions,
    chunk_pages,
    chunk_text,
    document_text,
    is_heading,
)
from worker.domains.knowledge.pdf import Page

SMALL = ChunkOptions(target=120, most=200, section=40, overlap=40)

WORDS = st.sampled_from(
    [
        *(
            "the",
            "river",
            "Rhine",
            "sea.",
            "Nobody",
            "knows!",
            "Why?",
            "3.5",
            "e.g.",
            "Dr.",
            "Übermut",
            "-",
            "•",
        ),
        *("会社は。休暇を", "ﬁn", "𝒜𝒷", "#", "##", "Title\n1.2", "Scope\n", "\n", "\n\n", "\n\n\t"),
    ]
)
PROSE = st.lists(WORDS, max_size=200).map(" ".join)
TEXTS = st.one_of(PROSE, st.text(max_size=800), st.text(alphabet="ab .\n", max_size=800))
SIZES = st.builds(
    lambda target, more, section, overlap: ChunkOptions(target, target + more, section, overlap),
    st.integers(20, 300), st.integers(0, 300), st.integers(0, 100), st.integers(0, 100),
)  # fmt: skip


def numbered(texts: Sequence[str]) -> list[Page]:
    return [Page(number, text) for number, text in enumerate(texts, 1)]


@given(TEXTS, SIZES)
def test_a_chunk_is_an_exact_slice(text: str, options: ChunkOptions) -> None:
    for chunk in chunk_text(text, options):
        assert chunk.text == text[chunk.char_from : chunk.char_to]
        assert chunk.text == chunk.text.strip() != ""


@given(TEXTS, SIZES)
def test_nothing_is_lost(text: str, options: ChunkOptions) -> None:
    covered: set[int] = set()
    for chunk in chunk_text(text, options):
        covered.update(range(chunk.char_from, chunk.char_to))
    assert {at for at, character in enumerate(text) if not character.isspace()} <= covered


@given(TEXTS, SIZES)
def test_no_chunk_is_too_long(text: str, options: ChunkOptions) -> None:
    longest_heading = 90
    most = max(options.most, longest_heading)
    assert all(len(chunk.text) <= most for chunk in chunk_text(text, options))


@given(TEXTS, SIZES)
def test_chunks_go_forward_and_overlap_little(text: str, options: ChunkOptions) -> None:
    chunks = chunk_text(text, options)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for before, after in pairwise(chunks):
        assert before.char_from < after.char_from
        assert before.char_to < after.char_to
        assert before.char_to - after.char_from <= options.overlap


@given(st.lists(TEXTS, max_size=6), SIZES)
def test_pages_are_where_the_words_are(texts: list[str], options: ChunkOptions) -> None:
    pages = numbered(texts)
    whole = document_text(pages)
    starts: list[int] = []
    at = 0
    for page in pages:
        at = whole.index(page.text, at)
        starts.append(at)
        at += len(page.text)
    for chunk in chunk_pages(pages, options):
        assert chunk.text == whole[chunk.char_from : chunk.char_to]
        assert chunk.page_from <= chunk.page_to
        assert starts[chunk.page_from - 1] <= chunk.char_from
        assert chunk.char_to <= starts[chunk.page_to - 1] + len(pages[chunk.page_to - 1].text)
    found = chunk_pages(pages, options)
    assert [chunk.page_from for chunk in found] == sorted(chunk.page_from for chunk in found)


@given(TEXTS)
def test_the_same_text_gives_the_same_chunks(text: str) -> None:
    assert chunk_text(text, SMALL) == chunk_text(text, SMALL)


@given(PROSE)
def test_the_hash_is_of_heading_and_text_only(text: str) -> None:
    for chunk in chunk_text(text, SMALL):
        assert chunk.content_hash == sha256(f"{chunk.heading or ''}\0{chunk.text}".encode()).digest()


@pytest.mark.parametrize("text", ["", " \n\n\t ", "\u3000"])
def test_no_words_no_chunks(text: str) -> None:
    assert chunk_text(text, ChunkOptions()) == []
    assert chunk_pages(numbered([text, text]), ChunkOptions()) == []


def sentences(count: int, start: int = 0) -> str:
    return " ".join(
        f"Sentence number {number} is about matter {number}." for number in range(start, start + count)
    )


def test_a_chunk_ends_with_a_sentence() -> None:
    chunks = chunk_text(sentences(60), SMALL)
    assert len(chunks) > 10
    assert all(chunk.text.startswith("Sentence") and chunk.text.endswith(".") for chunk in chunks)


def test_the_next_chunk_repeats_the_last_sentence() -> None:
    first, second, *_ = chunk_text(sentences(60), ChunkOptions())
    assert second.char_from < first.char_to
    assert second.text.split(".")[0] in first.text


def test_abbreviations_and_decimals_do_not_end_sentences() -> None:
    text = "Ask Dr. Brandt about 3.5 percent, e.g. Tuesday. " * 20
    assert all(chunk.text.endswith("Tuesday.") for chunk in chunk_text(text, SMALL))


def test_a_sentence_without_end_is_cut_between_words() -> None:
    text = "word " * 200
    chunks = chunk_text(text, SMALL)
    assert all(set(chunk.text.split()) == {"word"} for chunk in chunks)


def test_a_word_without_end_is_cut_all_the_same() -> None:
    chunks = chunk_text("x" * 1000, SMALL)
    assert [len(chunk.text) for chunk in chunks] == [200] * 5


def test_chinese_is_cut_at_its_full_stops() -> None:
    chunks = chunk_text("会社は毎年二十日の休暇を与えます。" * 40, SMALL)
    assert all(chunk.text.endswith("。") for chunk in chunks)


def headed(chunks: list[Chunk]) -> list[str | None]:
    return list(dict.fromkeys(chunk.heading for chunk in chunks))


def test_chunks_stand_under_their_heading() -> None:
    text = (
        f"Intro without a heading is here.\n\nHoliday\n\n{sentences(12)}\n\nSick leave\n\n{sentences(12, 20)}"
    )
    chunks = chunk_text(text, SMALL)
    assert headed(chunks) == [None, "Holiday", "Sick leave"]
    assert all(chunk.heading == "Sick leave" for chunk in chunks if "matter 25" in chunk.text)
    assert not any("matter 11" in chunk.text and "matter 20" in chunk.text for chunk in chunks)


def test_a_heading_never_ends_a_chunk() -> None:
    text = "\n\n".join(f"Heading {number}\n\n{sentences(3, number)}" for number in range(20))
    assert not any(chunk.text.splitlines()[-1].startswith("Heading") for chunk in chunk_text(text, SMALL))


def test_no_heading_is_endless() -> None:
    assert max(len(chunk.text) for chunk in chunk_text("# " + "endless " * 500, SMALL)) <= SMALL.most


def test_markdown_headings_lose_their_marks() -> None:
    chunks = chunk_text(f"## Travel\n{sentences(3)}", SMALL)
    assert chunks[0].heading == "Travel"
    assert chunks[0].text.startswith("## Travel\nSentence")


@pytest.mark.parametrize(
    "line",
    ["Parental leave", "3.2 Travel and expenses", "IV. Results", "Wie wir arbeiten", "What is a workspace"],
)
def test_headings_are_seen(line: str) -> None:
    assert is_heading(line, "Then a paragraph begins.", stands_apart=True)


@pytest.mark.parametrize(
    ("line", "following"),
    [
        ("It ends like a sentence.", "Then"),
        ("this begins small", "Then"),
        ("The sentence goes on", "in the next line."),
        ("2024", "Then"),
        ("x = strlen(value)", "Then"),
        ("of the kinds named above)", "Then"),
        ("The last line of all", ""),
        ("Word " * 13, "Then"),
    ],
)
def test_other_lines_are_not(line: str, following: str) -> None:
    assert not is_heading(line, following, stands_apart=True)


def test_a_sentence_goes_on_over_the_page() -> None:
    pages = numbered(["The company pays for sixteen", "weeks of parental leave. Ask early."])
    assert document_text(pages) == "The company pays for sixteen\nweeks of parental leave. Ask early."
    chunk, rest = chunk_pages(pages, ChunkOptions())
    assert (chunk.page_from, chunk.page_to) == (1, 2)
    assert (rest.text, rest.page_from) == ("Ask early.", 2)
    assert (chunk.page_from, chunk.page_to) == (1, 2)


def test_pages_without_text_count_on() -> None:
    chunks = chunk_pages(numbered(["", "First words.", "", "", f"Last words. {sentences(60)}"]), SMALL)
    assert (chunks[0].page_from, chunks[-1].page_from) == (2, 5)


def test_a_change_leaves_most_chunks_as_they_were() -> None:
    """Their hashes decide what is embedded again."""
    paragraphs = [sentences(3 + number % 5, 10 * number) for number in range(100)]
    before = chunk_text("\n\n".join(paragraphs), ChunkOptions())
    paragraphs[2] += " A new sentence was written here by somebody."
    after = chunk_text("\n\n".join(paragraphs), ChunkOptions())
    changed = {chunk.content_hash for chunk in after} - {chunk.content_hash for chunk in before}
    assert len(changed) <= len(after) / 4
