"""Every kind has a text in every language, which says what its data say and nothing else."""

from __future__ import annotations

import html
import re
from importlib.resources import files

import pytest

from scripts.stack.settings import PROJECT
from tests.support.clusters import MIGRATIONS
from worker.domains.notifications import templates
from worker.domains.notifications.templates import Template, template, written
from worker.domains.notifications.values import FIELDS, values_of
from worker.domains.notifications.words import LOCALES

SITE = "https://app.example.test"
DOORS = f"{SITE}/functions/v1"
DATA = {
    "inviter": "Zoë", "role": "editor", "expires_at": "2026-11-22T08:05:00+00:00",
    "ends_at": "2026-12-01T00:00:00+00:00", "amount": 1250, "currency": "eur", "url": "https://pay.example.test/i",
    "next_attempt_at": "2026-11-25T10:00:00+00:00", "metric": "requests", "used": 1600, "limit": 2000,
    "resets_at": "2026-12-01T00:00:00+00:00", "title": "Handbook.pdf", "error_message": "It is damaged.",
    "by": "Ada", "text": "Look at this.", "what": "API key …9f2c", "erase_at": "2026-12-24T00:00:00+00:00",
    "reason": "It answered 500.", "number": 7, "subject": "Late parcel", "promise": "first_response",
    "statement": "I want the newsletter.",
}  # fmt: skip
ALWAYS = {"workspace", "inviter", "by", "link"}
"""Values that no message lacks, so that a subject may name them."""

every_kind = pytest.mark.parametrize("kind", sorted(FIELDS))
every_locale = pytest.mark.parametrize("locale", LOCALES)


def row(kind: str, locale: str = "en", **changes: object) -> dict[str, object]:
    given = {"name": "Ada", "workspace": "Acme", "data": DATA, "secret": None, "is_optional": False}
    return {"kind": kind, "locale": locale, **given, **changes}


def message(kind: str, locale: str = "en", **changes: object) -> templates.Written:
    return written(kind, locale, values_of(row(kind, locale, **changes), SITE, DOORS))


def kinds_of_the_database() -> set[str]:
    found: set[str] = set()
    for path in MIGRATIONS.glob("*.sql"):
        for statement in path.read_text().split("insert into app.notification_kinds")[1:]:
            found |= set(re.findall(r"\('(\w+)', (?:true|false)", statement.split(";")[0]))
    return found


def test_each_kind_has_fields_and_a_text_in_each_language() -> None:
    assert kinds_of_the_database() == set(FIELDS)
    for locale in LOCALES:
        folder = files("worker.domains.notifications").joinpath("templates", locale)
        names = {entry.name.removesuffix(".md") for entry in folder.iterdir()}
        assert names == {*FIELDS, "layout"}


def test_the_fields_of_each_kind_are_documented() -> None:
    text = PROJECT.joinpath("docs", "notifications.md").read_text()
    rows = {
        kind: set(re.findall(r"`(\w+)`", fields))
        for kind, fields in re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.M)
    }
    assert rows.keys() == FIELDS.keys()
    for kind, fields in FIELDS.items():
        assert fields.keys() <= rows[kind], kind


@every_locale
@every_kind
def test_a_message_says_all_its_data(kind: str, locale: str) -> None:
    said = message(kind, locale, secret="s3cr=t" if kind == "invitation" else None)
    values = values_of(row(kind, locale), SITE, DOORS)
    for field in FIELDS[kind]:
        assert values[field] in said.text + said.subject, field
        assert html.escape(values[field]) in said.html + html.escape(said.subject), field
    assert SITE in said.text
    assert not re.search(r"[{}]", said.text + said.subject)
    assert "<html lang=" in said.html


@every_locale
@every_kind
def test_placeholders_are_values_of_the_kind(kind: str, locale: str) -> None:
    known = {*FIELDS[kind], "workspace", "link", "name", "preferences", "body"}
    assert template(kind, locale).placeholders() <= known
    assert template("layout", locale).placeholders() <= known


@every_locale
@every_kind
def test_without_data_a_message_is_shorter_and_still_one(kind: str, locale: str) -> None:
    bare = message(kind, locale, data={}, name=None, workspace=None)
    values = values_of(row(kind, locale), SITE, DOORS)
    assert bare.subject
    assert SITE in bare.text
    assert not re.search(r"[{}]|None", bare.text + bare.subject)
    assert [field for field in FIELDS[kind] if values[field] in bare.text] == []
    subject = Template(template(kind, locale).subject, ())
    assert subject.placeholders() <= ALWAYS


@every_kind
def test_languages_differ(kind: str) -> None:
    assert message(kind, "en").text != message(kind, "fr").text


def test_an_unknown_language_is_the_default() -> None:
    assert message("welcome", "en") == written("welcome", "xx", values_of(row("welcome"), SITE, DOORS))


def test_an_invitation_carries_its_token_once_in_each_form() -> None:
    said = message("invitation", secret="abc/def")
    assert said.text.count(f"{SITE}/invitations?token=abc%2Fdef") == 1
    assert said.html.count(f"{SITE}/invitations?token=abc%2Fdef") == 1
    assert "abc" not in said.subject


def test_only_optional_kinds_say_how_to_turn_them_off() -> None:
    assert "/settings/notifications" in message("mention", is_optional=True).text
    assert "/settings/notifications" not in message("welcome").text


def test_no_value_becomes_markup_or_another_placeholder() -> None:
    said = message("mention", data={"by": "<b>{link}</b>", "text": '"><script>{workspace}'})
    assert "<b>" not in said.html
    assert "<script>" not in said.html
    assert "{workspace}" in said.text
    assert "{link}" in said.subject


def test_a_link_of_another_scheme_is_left_out() -> None:
    assert "javascript" not in message("payment_failed", data={**DATA, "url": "javascript:alert(1)"}).html


def test_a_name_that_looks_like_an_address_is_no_link() -> None:
    said = message("invitation", data={"inviter": "Win at https://evil.example"}, workspace="evil.example")
    assert "evil.example" not in said.text + said.subject + said.html
    assert "://evil" not in said.text


@pytest.mark.parametrize("broken", [{"amount": "much"}, {"amount": None}, {"amount": 5}, {"ends_at": 7}])
def test_data_that_is_not_what_it_should_be_is_left_out(broken: dict[str, object]) -> None:
    for kind in ("payment_failed", "renewal"):
        assert message(kind, data=broken).text


def test_who_is_no_user_is_led_to_a_function() -> None:
    said = message("consent_asked", "en", secret="lmf_1")
    assert f"{DOORS}/forms/confirm?token=lmf_1" in said.text
    assert "“I want the newsletter.”" in said.text
