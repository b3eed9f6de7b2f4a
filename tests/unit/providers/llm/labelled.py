"""Reads the labelled questions: invented documents, what is asked of them, and where the answer stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from worker.providers.llm.port import Source

FOLDER = Path(__file__).parent / "questions"


@dataclass(frozen=True)
class Labelled:
    """`answers` are strings of which one must be quoted; empty when the document does not say."""

    text: str
    answers: tuple[str, ...]
    pages: tuple[int, ...]


@dataclass(frozen=True)
class Paper:
    name: str
    sources: tuple[Source, ...]
    questions: list[Labelled] = field(default_factory=list)


def papers(prefix: str) -> list[Paper]:
    return [_read(path) for path in sorted(FOLDER.glob(f"{prefix}-*.txt"))]


def _read(path: Path) -> Paper:
    document, _, asked = path.read_text(encoding="utf-8").partition("@questions\n")
    title = document.partition("\n")[0].removeprefix("@title ")
    pages = re.split(r"^@page (\d+)\n", document, flags=re.MULTILINE)[1:]
    texts = list(zip(map(int, pages[::2]), pages[1::2], strict=True))
    sources = tuple(
        Source(ordinal, title, page, text.strip(), 100 + ordinal)
        for ordinal, (page, text) in enumerate(texts, start=1)
    )
    return Paper(path.stem, sources, [_labelled(part) for part in asked.split("Q: ")[1:]])


def _labelled(part: str) -> Labelled:
    lines = part.strip().split("\n")
    answer = lines[1].removeprefix("A: ")
    if answer == "NONE":
        return Labelled(lines[0], (), ())
    pages = tuple(int(page) for page in lines[2].removeprefix("P: ").split("|"))
    return Labelled(lines[0], tuple(answer.split(" | ")), pages)
