"""Turns a stored document into chunks; runs in the sandbox's child process."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domains.knowledge.chunking import Chunk, ChunkOptions, chunk_pages, chunk_text
from worker.domains.knowledge.language import detect_language
from worker.domains.knowledge.pdf import PdfLimits, extract_pdf

LANGUAGE_SAMPLE_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: `page_count` is None for a text that has no pages."""

    chunks: list[Chunk]
    language: str
    page_count: int | None


def read_pdf(path: str) -> Reading:
    """Reads and chunks a PDF. Raises DocumentRejected."""
    extracted = extract_pdf(path, PdfLimits())
    sample = "\n".join(page.text for page in extracted.pages)[:LANGUAGE_SAMPLE_CHARACTERS]
    chunks = chunk_pages(extracted.pages, ChunkOptions())
    return Reading(chunks, detect_language(sample), extracted.page_count)


def read_text(text: str) -> Reading:
    """Chunks an authored text."""
    return Reading(chunk_text(text, ChunkOptions()), detect_language(text[:LANGUAGE_SAMPLE_CHARACTERS]), None)
