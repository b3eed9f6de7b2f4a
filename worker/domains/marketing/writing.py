"""From a campaign and one person to the mail they get. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from worker.domains.marketing.links import LinkSigner
from worker.domains.marketing.markup import Values, as_html, as_text, blocks_of, filled
from worker.providers.email.port import Address, Mail

_PAGE = (
    '<!doctype html><html lang="{locale}"><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="margin:0;padding:24px;font:16px/1.5 sans-serif;color:#222">'
    '<div style="max-width:600px;margin:0 auto">\n{body}\n{footer}{pixel}</div></body></html>\n'
)
_FOOTER = (
    '<p style="margin-top:32px;font-size:13px;color:#666">{why}<br>{sender}, {postal}<br>'
    '<a href="{address}">{words}</a></p>'
)
_WORDS = {
    "en": ("You get this because you agreed to mails from {sender}.", "Unsubscribe"),
    "fr": ("Vous recevez ce message car vous avez accepté les e-mails de {sender}.", "Se désinscrire"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What all mails of a campaign share; ``row`` is that of ``app.open_campaign_batch``."""

    row: Mapping[str, Any]
    sender: Address
    reply_to: Address | None
    links: LinkSigner

    def to(self, person: Mapping[str, Any]) -> Mail:
        """The mail of one recipient, a row of ``app.begin_campaign_mails``. Raises ProviderRejected."""
        values = values_of(person, self.row["workspace"])
        leave = self.links.unsubscribe(person["id"])
        subject = filled(self.row["subject"], values)
        return Mail(
            row_id=str(person["id"]),
            to=Address(person["email"], person["name"] or ""),
            sender=Address(self.sender.email, self.row["sender_name"]),
            reply_to=Address(self.row["reply_to"]) if self.row["reply_to"] else self.reply_to,
            subject=subject,
            text=self._text(person, values, leave),
            html=self._html(person, values, leave, subject),
            headers={
                "List-Unsubscribe": f"<{leave}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            categories=("campaign",),
        )

    def _text(self, person: Mapping[str, Any], values: Values, leave: str) -> str:
        why, words = _words_for(person)
        sender = self.row["sender_name"]
        footer = f"-- \n{why.format(sender=sender)}\n{sender}, {self.row['postal_address']}\n{words}: {leave}"
        return (
            "\n\n".join([*(as_text(block, values) for block in blocks_of(self.row["body"])), footer]) + "\n"
        )

    def _html(self, person: Mapping[str, Any], values: Values, leave: str, subject: str) -> str:
        why, words = _words_for(person)
        sender = escape(self.row["sender_name"])
        footer = _FOOTER.format(
            why=escape(why).format(sender=sender),
            sender=sender,
            postal=escape(self.row["postal_address"]),
            address=escape(leave),
            words=words,
        )
        blocks = blocks_of(self.row["body"])
        body = "\n".join(as_html(block, values, lambda to: self._redirect(person, to)) for block in blocks)
        pixel = ""
        if self.row["track_opens"]:
            pixel = f'<img src="{escape(self.links.pixel(person["id"]))}" width="1" height="1" alt="">'
        return _PAGE.format(
            locale=_locale(person), subject=escape(subject), body=body, footer=footer, pixel=pixel
        )

    def _redirect(self, person: Mapping[str, Any], target: str) -> str:
        return self.links.click(person["id"], target) if self.row["track_clicks"] else target


def values_of(person: Mapping[str, Any], workspace: str) -> dict[str, str]:
    """What placeholders stand for; what is not known is left out."""
    name = (person["name"] or "").strip()
    found = {
        "name": name,
        "first_name": name.split()[0] if name else "",
        "company": person["company"],
        "job_title": person["job_title"],
        "email": person["email"],
        "workspace": workspace,
    }
    return {key: value for key, value in found.items() if value}


def _locale(person: Mapping[str, Any]) -> str:
    return person["language"] if person["language"] in _WORDS else "en"


def _words_for(person: Mapping[str, Any]) -> tuple[str, str]:
    return _WORDS[_locale(person)]
