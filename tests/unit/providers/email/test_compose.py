from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from worker.providers.email.compose import composed, message_id, needs_smtputf8
from worker.providers.email.port import Address, Mail
from worker.providers.email.rules import one_line

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ANNA, US = Address("anna@example.com", "Anna"), Address("hello@lamina.example", "Lamina")
LINES = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: bool(text.strip()))

HEADERS = sorted((
    "Message-ID", "Date", "From", "To", "Subject", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
))  # fmt: skip


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_same_key_gives_the_same_id_and_does_not_show() -> None:
    assert message_id("welcome:anna@example.com", "a.example") == message_id(
        "welcome:anna@example.com", "a.example"
    )
    assert message_id("k1", "a.example") != message_id("k2", "a.example")
    assert "anna" not in message_id("welcome:anna@example.com", "a.example")


def test_the_head() -> None:
    message = read(composed(Mail("1", ANNA, US, "Hello", "Text"), "<k@lamina.example>", AT))
    assert message["Message-ID"] == "<k@lamina.example>"
    assert message["Date"].datetime == AT
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "text/plain"


def test_long_headers_stay_readable_for_machines() -> None:
    link = "<https://app.example.org/" + "a" * 300 + ">, <mailto:leave@example.org?subject=x>"
    content = composed(Mail("1", ANNA, US, "Hello", "Text", headers={"List-Unsubscribe": link}), "<k@x>", AT)
    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in b"\r\n" + content


@given(subject=LINES.filter(one_line), text=LINES, name=st.text(st.characters(codec="utf-8")))
def test_whatever_is_written_stays_where_it_belongs(subject: str, text: str, name: str) -> None:
    mail = Mail("1", Address("anna@example.com", name), US, subject, text)
    content = composed(mail, "<k@lamina.example>", AT)
    message = read(content)
    assert sorted(message.keys()) == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["anna@example.com"]
    assert str(message["Subject"]).split() == mail.subject.split()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_an_international_mailbox_is_noticed() -> None:
    assert not needs_smtputf8(Mail("1", ANNA, US, "Hello", "Text"))
    assert needs_smtputf8(Mail("1", Address("jürgen@example.com"), US, "Hello", "Text"))
    assert needs_smtputf8(Mail("1", ANNA, US, "Hello", "Text", reply_to=Address("ö@example.com")))
