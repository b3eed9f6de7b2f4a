"""From a notification's data to what its template says. Pure.

`FIELDS` is the contract with whoever calls ``app.notify``: which data a kind may carry, and what it means.
A value that is missing leaves out the paragraph that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from worker.domains.notifications.reasons import reason
from worker.domains.notifications.words import harmless, moment, money, quantity, word

Meaning = Literal["text", "reason", "name", "word", "moment", "money", "quantity", "url"]
Values = dict[str, str]

LONGEST_TEXT = 300

FIELDS: Mapping[str, Mapping[str, Meaning]] = {
    "welcome": {},
    "consent_asked": {"statement": "name"},
    "invitation": {"inviter": "name", "role": "word", "expires_at": "moment"},
    "renewal": {"ends_at": "moment"},
    "trial_ending": {"ends_at": "moment"},
    "payment_failed": {"amount": "money", "url": "url", "next_attempt_at": "moment"},
    "disputed": {"amount": "money"},
    "subscription_ended": {},
    "limit_80": {"metric": "word", "used": "quantity", "limit": "quantity", "resets_at": "moment"},
    "limit_100": {"metric": "word", "used": "quantity", "limit": "quantity", "resets_at": "moment"},
    "document_failed": {"title": "text", "error_message": "reason"},
    "mention": {"by": "name", "title": "text", "text": "text"},
    "message": {"by": "name", "text": "text"},
    "token_expiring": {"what": "text", "expires_at": "moment"},
    "export_ready": {"expires_at": "moment"},
    "erasure_scheduled": {"erase_at": "moment"},
    "webhook_disabled": {"url": "text", "reason": "text"},
    "connection_broken": {"title": "text", "reason": "text"},
    "channel_broken": {"title": "text", "reason": "reason"},
    "social_account_broken": {"what": "text", "reason": "reason"},
    "campaign_paused": {"title": "text", "reason": "reason"},
    "meter_failed": {"reason": "text"},
    "lesson_question": {"title": "text", "text": "text"},
    "lesson_answered": {"title": "text", "text": "text"},
    "ticket_assigned": {"number": "text", "subject": "text", "by": "name"},
    "ticket_breached": {"number": "text", "subject": "text", "promise": "word"},
    "ticket_mood": {"number": "text", "subject": "text"},
    "ticket_unanswered": {"number": "text", "subject": "text", "text": "text"},
    "ticket_customer_replied": {"number": "text", "subject": "text"},
}
PATHS: Mapping[str, str] = {
    "welcome": "/",
    "invitation": "/invitations",
    "document_failed": "/documents",
    "mention": "/notifications",
    "message": "/notifications",
    "token_expiring": "/settings/tokens",
    "export_ready": "/settings/exports",
    "erasure_scheduled": "/settings/account",
    "webhook_disabled": "/settings/webhooks",
    "lesson_question": "/courses/questions",
    "lesson_answered": "/courses/questions",
    "connection_broken": "/settings/connections",
    "channel_broken": "/settings/channels",
    "social_account_broken": "/settings/social",
    "campaign_paused": "/campaigns",
    "ticket_assigned": "/tickets",
    "ticket_breached": "/tickets",
    "ticket_mood": "/tickets",
    "ticket_unanswered": "/tickets",
    "ticket_customer_replied": "/tickets",
}
"""Pages of the frontend; what is not here is about billing."""
DOORS: Mapping[str, str] = {"consent_asked": "/forms/confirm"}
"""Edge functions, for readers who are no users and have no frontend."""
BILLING_PATH = "/settings/billing"
PREFERENCES_PATH = "/settings/notifications"


def values_of(row: Mapping[str, Any], site_url: str, link_url: str) -> Values:
    """What the placeholders of a template stand for; ``row`` is that of ``app.open_notification``.

    ``site_url`` is the frontend's address, ``link_url`` that of the functions.
    """
    locale, data = row["locale"], row["data"]
    found = {
        field: said
        for field, meaning in FIELDS[row["kind"]].items()
        if (said := _said(field, meaning, data, locale))
    }
    site = site_url.rstrip("/")
    found["link"] = link(row["kind"], site, link_url.rstrip("/"), row["secret"])
    found["workspace"] = harmless(row["workspace"] or word("workspace", locale))
    if row["name"]:
        found["name"] = harmless(row["name"])
    if row["kind"] in ("invitation", "mention", "message"):
        found.setdefault("inviter" if row["kind"] == "invitation" else "by", word("someone", locale))
    if row["is_optional"]:
        found["preferences"] = site + PREFERENCES_PATH
    return found


def link(kind: str, site: str, functions: str, secret: str | None) -> str:
    """Where the reader goes on; a secret travels in the address."""
    door = DOORS.get(kind)
    address = functions + door if door else site + PATHS.get(kind, BILLING_PATH)
    return f"{address}?token={quote(secret, safe='')}" if secret else address


def _said(field: str, meaning: Meaning, data: Mapping[str, Any], locale: str) -> str | None:
    """None when the value is missing, or is not what it should be: better a message without it than none."""
    value: Any = data.get(field)
    try:
        match meaning:
            case "money":
                return money(int(value), str(data["currency"]), locale)
            case "quantity":
                return quantity(int(value), str(data.get("metric", "")), locale)
            case "moment":
                return moment(value, locale)
            case "url":
                return str(value) if urlsplit(str(value)).scheme in ("https", "http") else None
            case "word":
                return word(value, locale)
            case "name":
                return harmless(value[:LONGEST_TEXT])
            case "reason":
                return reason(data.get("error_code"), locale) or _said(field, "text", data, locale)
            case "text":
                return str(value)[:LONGEST_TEXT] if value is not None else None
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return None
