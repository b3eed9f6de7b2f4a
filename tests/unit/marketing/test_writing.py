"""A campaign's mail: what is in it and what its links say."""

from __future__ import annotations

import hashlib
import hmac
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from worker.domains.marketing.links import LinkSigner, sign
from worker.domains.marketing.writing import Letter, values_of
from worker.errors import ProviderRejected
from worker.providers.email.port import Address

ID = UUID("0b9e7d0e-6c6b-4a57-9a39-3f2f5f3f8d10")
SECRET = "secret" * 12


def letter(**changes: Any) -> Letter:
    row = {
        "workspace": "Morvan",
        "subject": "For {{first_name|you}}",
        "body": "Hi {{name|you}}\n\n[Look](https://morvan.test/a?b=1&c=2)",
        "sender_name": "Morvan <& Co>",
        "reply_to": None,
        "postal_address": "1 Quai du Port",
        "track_opens": True,
        "track_clicks": True,
        **changes,
    }
    sender = Address("mail@example.test", "Lamina")
    return Letter(row, sender, Address("answers@example.test"), LinkSigner("https://api.test/f", 3, SECRET))


def person(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "email": "ada@people.test",
        "name": "Ada Byron",
        "company": None,
        "job_title": None,
        "language": None,
        **changes,
    }


def test_every_mail_can_be_left_with_one_click() -> None:
    mail = letter().to(person())
    link = mail.headers["List-Unsubscribe"]
    wanted = hmac.new(SECRET.encode(), f"unsubscribe:{ID}".encode(), hashlib.sha256).hexdigest()
    assert link == f"<https://api.test/f/unsubscribe?r={ID}&k=3&s={wanted}>"
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.strip("<>") in mail.text
    assert link.strip("<>") in unescape(mail.html or "")


def test_clicks_lead_over_a_signed_redirect_and_text_links_do_not() -> None:
    mail = letter().to(person())
    address = unescape(re.findall(r'href="([^"]+)"', mail.html or "")[0])
    query = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
    target = "https://morvan.test/a?b=1&c=2"
    assert query == {"r": str(ID), "k": "3", "u": target, "s": sign(SECRET, "click", ID, target)}
    assert target in mail.text


def test_tracking_can_be_off() -> None:
    html = letter(track_opens=False, track_clicks=False).to(person()).html or ""
    assert "/track" not in html
    assert 'href="https://morvan.test/a?b=1&amp;c=2"' in html
    assert html.count("/unsubscribe?") == 1


def test_sender_and_answers() -> None:
    mail = letter().to(person(language="fr"))
    assert (mail.sender.email, mail.sender.name) == ("mail@example.test", "Morvan <& Co>")
    assert mail.reply_to == Address("answers@example.test")
    assert letter(reply_to="us@morvan.test").to(person()).reply_to == Address("us@morvan.test")
    assert "Morvan &lt;&amp; Co&gt;, 1 Quai du Port" in (mail.html or "")
    assert "Se désinscrire" in mail.text
    assert "Unsubscribe" in letter().to(person(language="de")).text


def test_names_of_people() -> None:
    assert letter().to(person()).subject == "For Ada"
    assert letter().to(person(name=None)).subject == "For you"
    assert letter().to(person(name="Ada\r\nBcc: x@y.test")).subject == "For Ada"
    assert values_of(person(name=" "), "W") == {"email": "ada@people.test", "workspace": "W"}


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ProviderRejected) as error:
        letter().to(person(email="ada@people..test"))
    assert error.value.code == "email.address_invalid"


def test_signatures_differ_by_act_target_and_key() -> None:
    made = {
        sign(SECRET, "open", ID),
        sign(SECRET, "unsubscribe", ID),
        sign(SECRET, "click", ID, "https://a.test/"),
        sign(SECRET, "click", ID, "https://b.test/"),
        sign(SECRET + "x", "open", ID),
    }
    assert len(made) == 5
