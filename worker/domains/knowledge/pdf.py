"""Text of a PDF, page by page. pypdf reads the structure, PDFium (pypdfium2) the text.

PDFium is not thread-safe: call this in a process of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

import pypdfium2 as pdfium
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject

from worker.domains.knowledge.cleaning import clean_pages
from worker.domains.knowledge.layout import Line, read_lines
from worker.errors import DocumentRejected

HEADER_BYTES = 1024
"""A PDF may have a little rubbish before its header (ISO 32000-1, annex H: within the first 1024 bytes)."""

logging.getLogger("pypdf").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """Bytes, pages and characters that a document may have."""

    bytes: int = 20 * 1024 * 1024
    pages: int = 200
    characters: int = 4_000_000
    characters_per_page: int = 200_000
    least_characters: int = 20
    """Letters and digits in all; with fewer it is taken for a scan."""


@dataclass(frozen=True, slots=True)
class Page:
    """Cleaned text of one page; ``number`` counts from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class ExtractedPdf:
    """All pages, empty ones too."""

    pages: list[Page]
    page_count: int


def extract_pdf(path: str | Path, limits: PdfLimits) -> ExtractedPdf:
    """Reads a whole PDF. Raises DocumentRejected with a code ``document.*``."""
    file = Path(path)
    _check_file(file, limits)
    _check_structure(file, limits)
    raw = _read_pages(file, limits)
    texts = clean_pages(raw)
    if not _has_words(texts, limits.least_characters):
        raise DocumentRejected(
            "document.no_text", "The PDF has no text, only pictures of it; recognise the text (OCR) first."
        )
    return ExtractedPdf([Page(number, text) for number, text in enumerate(texts, 1)], len(texts))


def _has_words(texts: list[str], least: int) -> bool:
    letters = (character for text in texts for character in text if character.isalnum())
    return len(list(islice(letters, least))) == least


def _check_file(file: Path, limits: PdfLimits) -> None:
    if file.stat().st_size > limits.bytes:
        megabytes = limits.bytes // (1024 * 1024)
        raise DocumentRejected("document.too_large", f"The file is larger than {megabytes} MB.")
    with file.open("rb") as stream:
        if b"%PDF-" not in stream.read(HEADER_BYTES):
            raise DocumentRejected("document.not_a_pdf", "The file is not a PDF.")


def _check_structure(file: Path, limits: PdfLimits) -> None:
    """Encryption and the number of pages that the file claims, before any page is read.

    What pypdf cannot parse is left to PDFium, which repairs more; that one has the last word on damage.
    """
    try:
        reader = PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted()
        count = cast("int", cast("DictionaryObject", reader.root_object["/Pages"])["/Count"])
    except DocumentRejected:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError):
        return
    _check_count(count, limits)


def _check_count(count: int, limits: PdfLimits) -> None:
    if count > limits.pages:
        raise DocumentRejected(
            "document.too_many_pages", f"The PDF has {count} pages; at most {limits.pages} are read."
        )


def _encrypted() -> DocumentRejected:
    return DocumentRejected("document.encrypted", "The PDF is protected by a password.")


def _read_pages(file: Path, limits: PdfLimits) -> list[list[Line]]:
    with _opened(file) as document:
        count = len(document)
        if count == 0:
            raise _damaged()
        _check_count(count, limits)
        pages: list[list[Line]] = []
        total = 0
        for index in range(count):
            pages.append(_page_lines(document, index))
            size = sum(len(line.text) for line in pages[-1])
            total += size
            if total > limits.characters or size > limits.characters_per_page:
                raise DocumentRejected(
                    "document.bomb", "The PDF unpacks to far more text than its size allows."
                )
        return pages


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        document = pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        raise (_encrypted() if "password" in str(error).lower() else _damaged()) from error
    try:
        yield document
    finally:
        document.close()


def _page_lines(document: Any, index: int) -> list[Line]:
    """Empty for a page that cannot be read: the others still can."""
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return []
    try:
        return read_lines(page.get_textpage())
    except pdfium.PdfiumError:
        return []
    finally:
        page.close()


def _damaged() -> DocumentRejected:
    return DocumentRejected(
        "document.damaged", "The PDF is damaged and cannot be read; save or export it anew."
    )
