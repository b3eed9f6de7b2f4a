"""The texts of messages, one file per kind and language, and what is made of them.

The first line is the subject, after an empty line follow paragraphs. ``{name}`` stands for a value; a
paragraph of which a value is missing is left out. A paragraph ``[words]({link})`` is a link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from worker.domains.notifications.words import known_locale

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_LINK = re.compile(r"\[(?P<words>.+)\]\((?P<address>\S+)\)")
_LAYOUT = "layout"
_PAGE = (
    '<!doctype html><html lang="{locale}"><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#222">'
    '<div style="max-width:560px;margin:0 auto">\n{body}\n</div></body></html>\n'
)


@dataclass(frozen=True, slots=True)
class Template:
    """As the file has it."""

    subject: str
    paragraphs: tuple[str, ...]

    def placeholders(self) -> set[str]:
        return set(_PLACEHOLDER.findall("\n".join((self.subject, *self.paragraphs))))


@dataclass(frozen=True, slots=True)
class Written:
    """A message in both forms."""

    subject: str
    text: str
    html: str


@cache
def template(kind: str, locale: str) -> Template:
    """Raises FileNotFoundError for a kind without a text."""
    folder = files(__package__).joinpath("templates", known_locale(locale))
    head, _, rest = folder.joinpath(f"{kind}.md").read_text("utf-8").partition("\n")
    return Template(head.strip(), tuple(part for part in re.split(r"\n\s*\n", rest.strip()) if part))


def written(kind: str, locale: str, values: Mapping[str, str]) -> Written:
    """The message of a kind; a subject has no values that may be missing."""
    locale = known_locale(locale)
    body, layout = template(kind, locale), template(_LAYOUT, locale)
    subject = _filled(body.subject, values) or layout.subject
    place = layout.paragraphs.index("{body}")
    paragraphs = [*layout.paragraphs[:place], *body.paragraphs, *layout.paragraphs[place + 1 :]]
    said = [part for part in paragraphs if _filled(part, values) is not None]
    html = "\n".join(_as_html(part, values) for part in said)
    return Written(
        subject=subject,
        text="\n\n".join(_as_text(part, values) for part in said) + "\n",
        html=_PAGE.format(locale=locale, subject=escape(subject), body=html),
    )


def _filled(part: str, values: Mapping[str, str]) -> str | None:
    """None when a value is missing."""
    if any(name not in values for name in _PLACEHOLDER.findall(part)):
        return None
    return _PLACEHOLDER.sub(lambda found: values[found[1]], part)


def _as_text(part: str, values: Mapping[str, str]) -> str:
    link = _LINK.fullmatch(part)
    return _filled(f"{link['words']}:\n{link['address']}" if link else part, values) or ""


def _as_html(part: str, values: Mapping[str, str]) -> str:
    """Values are escaped before they are put in, so that none can become markup."""
    safe = {name: escape(value) for name, value in values.items()}
    link = _LINK.fullmatch(part)
    if link is None:
        return f"<p>{(_filled(escape(part), safe) or '').replace(chr(10), '<br>')}</p>"
    words, address = _filled(escape(link["words"]), safe), _filled(link["address"], safe)
    return f'<p><a href="{address}">{words}</a></p>'
