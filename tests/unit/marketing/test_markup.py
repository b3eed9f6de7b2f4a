"""The markup of campaigns: values never become markup, and nothing becomes HTML but what the markup knows."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domains.marketing.markup import as_html, as_text, blocks_of, filled

VALUES = {"name": "Ada <b>", "first_name": "Ada", "email": "a+b@x.test"}


def html(body: str, values: dict[str, str] = VALUES) -> str:
    return "".join(
        as_html(block, values, lambda target: f"https://t.test/?u={target}") for block in blocks_of(body)
    )


def text(body: str, values: dict[str, str] = VALUES) -> str:
    return "\n\n".join(as_text(block, values) for block in blocks_of(body))


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("Hello", "<p>Hello</p>"),
        ("a\nb\n\n \nc", "<p>a<br>b</p><p>c</p>"),
        ("# Big\n\n- one\n- **two**", "<h1>Big</h1><ul><li>one</li><li><strong>two</strong></li></ul>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("Hi {{name}}", "<p>Hi Ada &lt;b&gt;</p>"),
        ("Hi {{company|<i>you</i>}}", "<p>Hi &lt;i&gt;you&lt;/i&gt;</p>"),
        ("[x](javascript:alert)", "<p>[x](javascript:alert)</p>"),
        (
            "[Hi {{first_name}}](https://a.test/?e={{email}}&b=1)",
            '<p><a href="https://t.test/?u=https://a.test/?e=a%2Bb%40x.test&amp;b=1">Hi Ada</a></p>',
        ),
    ],
)
def test_html(body: str, wanted: str) -> None:
    assert html(body) == wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("# Big\n\n- **one**", "Big\n\n- one"),
        ("[Look](https://a.test/?n={{name}})", "Look (https://a.test/?n=Ada%20%3Cb%3E)"),
        ("Dear {{company|friend}}{{job_title}}", "Dear friend"),
    ],
)
def test_text(body: str, wanted: str) -> None:
    assert text(body) == wanted


def test_a_value_is_not_read_again() -> None:
    tricky = {"name": "{{email}} **bold** [x](https://evil.test/)", "email": "secret@x.test"}
    assert html("{{name}}", tricky) == "<p>{{email}} **bold** [x](https://evil.test/)</p>"
    assert filled("{{name}}", tricky) == tricky["name"]


class Tags(HTMLParser):
    """Collects what a browser would see as tags and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert {name for name, _ in attrs} <= {"href"}


pieces = [*"ab<>&\"'[]()*{}|#- \n/:", "{{name}}", "](https://", "**"]
anything = st.lists(st.sampled_from(pieces), max_size=30).map("".join)


@given(body=anything, name=anything)
def test_no_text_becomes_other_html(body: str, name: str) -> None:
    parser = Tags()
    parser.feed(html(body, {"name": name}))
    assert parser.seen <= {"p", "br", "h1", "ul", "li", "a", "strong"}
    assert all(link.startswith("https://t.test/?u=http") for link in parser.links)
