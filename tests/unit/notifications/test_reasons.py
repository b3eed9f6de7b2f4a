"""Why a document failed is said in the reader's language where there is a sentence for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from worker.domains.knowledge import ingest
from worker.domains.notifications.reasons import reason
from worker.domains.notifications.values import values_of

CODES = sorted(
    {
        code
        for path in Path(ingest.__file__).parent.glob("*.py")
        for code in re.findall(r'"(document\.\w+)"', path.read_text())
    }
)


def row(locale: str, code: Any, message: str | None = "The PDF is torn.") -> dict[str, Any]:
    data = {"title": "Guide.pdf", "error_code": code, "error_message": message}
    return {
        "kind": "document_failed",
        "locale": locale,
        "data": data,
        "secret": None,
        "workspace": "Port",
        "name": None,
        "is_optional": True,
    }


def said(locale: str, code: Any, message: str | None = "The PDF is torn.") -> str | None:
    return values_of(row(locale, code, message), "https://app.example.test", "").get("error_message")


@pytest.mark.parametrize("code", CODES)
def test_every_failure_of_a_document_has_a_french_sentence(code: str) -> None:
    assert said("fr", code) == reason(code, "fr")
    assert (said("fr", code) or "").endswith(".")
    assert said("en", code) == "The PDF is torn."


@pytest.mark.parametrize("code", ["llm.down", None, 7])
def test_what_has_no_sentence_is_said_in_the_workers(code: Any) -> None:
    assert said("fr", code) == "The PDF is torn."
    assert said("fr", code, None) is None
