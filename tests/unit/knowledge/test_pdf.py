"""Reading real PDFs, good and bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.demo.make_pdf import make
from tests.support import pdfs
from worker.domains.knowledge.language import detect_language
from worker.domains.knowledge.pdf import ExtractedPdf, PdfLimits, extract_pdf
from worker.domains.knowledge.reading import read_pdf
from worker.errors import ComputationKilled, DocumentRejected
from worker.sandbox import ProcessSandbox, SandboxLimits

Read = Callable[..., ExtractedPdf]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads the bytes of a PDF."""

    def read_bytes(data: bytes, limits: PdfLimits | None = None) -> ExtractedPdf:
        file = tmp_path / "document.pdf"
        file.write_bytes(data)
        return extract_pdf(file, limits or PdfLimits())

    return read_bytes


def code(read: Read, data: bytes, limits: PdfLimits | None = None) -> str:
    """The code of the refusal."""
    with pytest.raises(DocumentRejected) as rejected:
        read(data, limits)
    assert rejected.value.message.endswith(".")
    return rejected.value.code


def test_every_page_is_there_with_its_number(read: Read) -> None:
    found = read(pdfs.pages(["The first page is about rivers.", "", "The third page is about hills."]))
    assert [(page.number, page.text) for page in found.pages] == [
        (1, "The first page is about rivers."),
        (2, ""),
        (3, "The third page is about hills."),
    ]
    assert found.page_count == 3


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pdfs.not_a_pdf(), "document.not_a_pdf"),
        (b"", "document.not_a_pdf"),
        (pdfs.encrypted(), "document.encrypted"),
        (pdfs.too_many_pages(), "document.too_many_pages"),
        (pdfs.endless_pages(), "document.too_many_pages"),
        (pdfs.scanned(), "document.no_text"),
        (pdfs.blank_pages(3), "document.no_text"),
        (pdfs.damaged(), "document.damaged"),
        (b"%PDF-1.7\n" + b"\x00rubbish" * 500, "document.damaged"),
    ],
    ids=[
        *("archive", "empty file", "password", "201 pages", "two thousand million pages"),
        *("pictures", "blank pages", "cut off", "rubbish"),
    ],
)
def test_bad_files_are_refused(read: Read, data: bytes, expected: str) -> None:
    assert code(read, data) == expected


def test_two_hundred_pages_are_allowed(read: Read) -> None:
    assert code(read, pdfs.blank_pages(200)) == "document.no_text"


def test_a_file_over_the_limit_is_refused_before_it_is_read(read: Read) -> None:
    assert code(read, b"no pdf" + bytes(20 * pdfs.MIB)) == "document.too_large"


def test_text_without_measure_is_refused(read: Read) -> None:
    data = pdfs.pages([pdfs.LOREM * 3] * 3)
    assert code(read, data, PdfLimits(characters_per_page=500)) == "document.bomb"
    assert code(read, data, PdfLimits(characters=1500)) == "document.bomb"


@pytest.mark.parametrize("kind", [pdfs.bomb, pdfs.memory_bomb, pdfs.nested_forms])
async def test_bombs_end_in_the_sandbox(kind: Callable[[], bytes], tmp_path: Path) -> None:
    """Each needs more than a gibibyte or a minute; the next file is read as if nothing had been."""
    bad, good = tmp_path / "bad.pdf", tmp_path / "good.pdf"
    bad.write_bytes(kind())
    good.write_bytes(pdfs.handbook())
    sandbox = ProcessSandbox(SandboxLimits(processes=1, cpu_seconds=10, memory_bytes=512 * pdfs.MIB))
    try:
        with pytest.raises((ComputationKilled, DocumentRejected)) as ended:
            await sandbox.run(read_pdf, str(bad))
        assert ended.value.code in {"sandbox.killed", "document.bomb"}
        assert (await sandbox.run(read_pdf, str(good))).page_count == 9
    finally:
        await sandbox.close()


def test_protection_against_changes_only_is_no_obstacle(read: Read) -> None:
    assert read(pdfs.encrypted_without_user_password()) == read(pdfs.handbook())


def test_rubbish_before_the_header_is_no_obstacle(read: Read) -> None:
    assert read(b"\n\nHTTP/1.1 200 OK\n\n" + pdfs.handbook()).page_count == 9


def test_a_lost_end_is_repaired(read: Read) -> None:
    whole = pdfs.handbook()
    assert read(whole[: whole.rindex(b"startxref")]).pages[3].text.startswith("Families")


def test_paragraphs_are_whole_and_apart(read: Read) -> None:
    text = pdfs.LOREM.strip()
    data = pdfs.pages([f"{text}\n\n{text}\n\nThe end."])
    assert read(data).pages[0].text == f"{text}\n\n{text}\n\nThe end."


def test_divided_words_are_whole(read: Read) -> None:
    assert read(pdfs.hyphenated()).pages[0].text == (
        "The committee met twice to discuss international rules for well-known brands and Anglo-French trade."
    )


def test_a_compound_keeps_its_hyphen_if_it_has_one_elsewhere(read: Read) -> None:
    text = "A well-known brand is sold all over the country and so it is a well-\nknown brand, too."
    assert read(pdfs.pages([text])).pages[0].text.count("well-known") == 2


def test_ligatures_are_letters_and_superscripts_stay(read: Read) -> None:
    text = read(pdfs.ligatures()).pages[0].text
    assert text == "The office filed the flow chart; effort sufficed.\n\nE = mc² and H₂O."


def test_characters_that_no_database_takes_are_gone(read: Read) -> None:
    assert read(pdfs.nul()).pages[0].text == "beforemiddleafter end of the sentence."


def test_right_to_left_text_is_in_logical_order(read: Read) -> None:
    assert read(pdfs.right_to_left()).pages[0].text.split("\n\n") == list(pdfs.RIGHT_TO_LEFT)


def test_all_scripts_arrive(read: Read) -> None:
    assert read(pdfs.many_scripts()).pages[0].text.split("\n\n") == list(pdfs.MANY_SCRIPTS)


@pytest.mark.parametrize("kind", [pdfs.two_columns, pdfs.interleaved_columns])
def test_columns_are_read_one_after_the_other(read: Read, kind: Callable[[], bytes]) -> None:
    text = " ".join(read(kind()).pages[0].text.split())
    assert text == " ".join([pdfs.COLUMN_TITLE, *pdfs.LEFT, *pdfs.RIGHT])


def test_a_table_is_read_row_by_row(read: Read) -> None:
    lines = read(pdfs.table()).pages[0].text.splitlines()
    assert lines == [f"Item {number} {number * 10} euros" for number in range(1, 13)]


def test_running_lines_go_and_the_first_of_them_stays(read: Read) -> None:
    texts = [f"Part {letter} tells of its own matters." for letter in "abcdef"]
    found = read(pdfs.pages(texts, header="Annual report, confidential", footer="- {page} -"))
    assert found.pages[0].text == f"Annual report, confidential\n{texts[0]}"
    assert [page.text for page in found.pages[1:]] == texts[1:]


def test_page_numbers_go_whatever_stands_beside_them(read: Read) -> None:
    texts = [f"Part {letter} tells of its own matters." for letter in "abcdef"]
    for footer in ("Page {page} of 6", "{page}", "Harrow Ltd 2024 | {page}"):
        assert [page.text for page in read(pdfs.pages(texts, footer=footer)).pages] == texts


def test_numbers_that_do_not_count_pages_stay(read: Read) -> None:
    texts = [f"Report of the year.\n\nTotal: {number} euros" for number in (310, 87, 1204, 55)]
    assert [page.text.splitlines()[-1] for page in read(pdfs.pages(texts)).pages] == [
        "Total: 310 euros",
        "Total: 87 euros",
        "Total: 1204 euros",
        "Total: 55 euros",
    ]


def test_the_handbook_has_its_facts_on_their_pages(read: Read) -> None:
    found = read(pdfs.handbook())
    facts = {
        1: "founded in 2009 by Marta Lindqvist and Owen Achterberg",
        3: "27 days of paid annual leave",
        4: "The company pays for sixteen weeks of parental leave",
        5: "Hotel per night in London, Paris and Zurich 230",
        7: "confirms every report within 20 minutes",
    }
    for page, fact in facts.items():
        assert [found_on.number for found_on in found.pages if fact in found_on.text] == [page]
    assert not any("Page " in page.text for page in found.pages)
    assert detect_language(found.pages[2].text) == "english"


def test_the_handbook_is_what_its_source_makes(read: Read) -> None:
    assert read(pdfs.handbook()) == read(make())
