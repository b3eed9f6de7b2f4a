"""How an answer in Markdown is written for WhatsApp. Pure."""

from __future__ import annotations

import re

_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]\n]+)\]\((https?://[^)\s]+)\)")
_BULLET = re.compile(r"^(\s*)[*+] (?=\S)", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def for_whatsapp(answer: str) -> str:
    """Bold, headings, links and bullets as WhatsApp shows them; other characters stay as they are."""
    text = _CONTROL.sub("", answer.encode("utf-8", "replace").decode())
    text = _BULLET.sub(r"\1- ", text)
    text = _HEADING.sub(lambda match: f"*{match[1].replace('**', '')}*", text)
    text = _BOLD.sub(r"*\1*", text)
    return _LINK.sub(lambda match: match[2] if match[1] == match[2] else f"{match[1]}: {match[2]}", text)
