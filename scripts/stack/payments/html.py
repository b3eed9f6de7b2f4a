"""Pages without a template engine: everything put into one is escaped, unless it is Html already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}
BANNER = "OFFLINE — no money moves"


class Html(str):
    """Text that is HTML."""


STYLE = Html("""
:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
.banner { margin: 0; padding: 0.8rem; background: #b3261e; color: #fff; text-align: center; }
.banner { font-size: 1.4rem; font-weight: 700; }
main { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
table { width: 100%; border-collapse: collapse; margin: 1rem 0; }
th, td { padding: 0.4rem 0.6rem; border-bottom: 1px solid #8886; text-align: left; }
form { display: inline-block; margin: 0 0.5rem 0.5rem 0; }
button { padding: 0.6rem 1rem; border: 1px solid #8886; border-radius: 0.4rem; font: inherit; }
button.main { background: #1b5e20; color: #fff; }
.problem { color: #b3261e; font-weight: 600; }
.amount { font-size: 2rem; font-weight: 700; }
""")


def html(template: str, **values: object) -> Html:
    """``html("<p>{name}</p>", name=…)``"""
    return Html(template.format(**{name: _safe(value) for name, value in values.items()}))


def join(parts: Iterable[str]) -> Html:
    """One after the other."""
    return Html("".join(_safe(part) for part in parts))


def page(title: str, *blocks: Html) -> Html:
    """A whole page, under the banner that says what this is."""
    return html(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{title}</title><style>{style}</style>"
        '<p class="banner" role="status">{banner}</p><main><h1>{title}</h1>{body}</main></html>',
        title=title,
        style=STYLE,
        banner=BANNER,
        body=join(blocks),
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """Cells are escaped."""
    titles = join(html("<th>{cell}</th>", cell=cell) for cell in head)
    lines = join(
        html("<tr>{cells}</tr>", cells=join(html("<td>{cell}</td>", cell=cell) for cell in row))
        for row in rows
    )
    return html(
        "<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>", titles=titles, lines=lines
    )


def button(action: str, label: str, *, kind: str = "", **fields: str) -> Html:
    """A form with one button and hidden fields."""
    hidden = join(
        html('<input type="hidden" name="{name}" value="{value}">', name=name, value=value)
        for name, value in fields.items()
    )
    return html(
        '<form method="post" action="{action}">{hidden}<button class="{kind}">{label}</button></form>',
        action=action,
        hidden=hidden,
        kind=kind,
        label=label,
    )


def link(url: str | None, label: str) -> Html:
    """Nothing when there is no web address."""
    if not url or urlsplit(url).scheme not in ("http", "https"):
        return Html("")
    return html('<a href="{url}">{label}</a>', url=url, label=label)


def _safe(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))
