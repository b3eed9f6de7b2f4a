"""How an answer in Markdown is written for WhatsApp. Pure."""

from __future__ import annotations

import re

_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
_HEADING = re.compile(r"^#{1,6} ([^\n]+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\((https?://[^)\s]{1,2000})\)")
_BULLET = re.compile(r"^( {0,8})[*+] (?=\S)", re.MULTILINE)
_BLANKS, _LINES = re.compile(r"[ \t]{9,}"), re.compile(r"\n{4,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def for_whatsapp(answer: str) -> str:
    """Bold, headings, links and bullets as WhatsApp shows them; other characters stay as they are."""
    text = _CONTROL.sub("", answer.encode("utf-8", "replace").decode())
    text = _LINES.sub("\n\n\n", _BLANKS.sub(" " * 8, text))
    text = _BULLET.sub(r"\1- ", text)
    text = _HEADING.sub(lambda match: f"*{match[1].rstrip(' #').strip().replace('**', '')}*", text)
    text = _BOLD.sub(r"*\1*", text)
    return _LINK.sub(lambda match: match[2] if match[1] == match[2] else f"{match[1]}: {match[2]}", text)
