"""One message out, at most once: it is marked as being sent before the provider hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from worker.domains.notifications.ports import NotificationPorts
from worker.domains.notifications.repository import SQL
from worker.domains.notifications.templates import written
from worker.domains.notifications.values import values_of
from worker.errors import DeliveryUnknown, ProviderError, ProviderRejected
from worker.providers.email.port import RECIPIENT_DEFERRED, RECIPIENT_REFUSED, Address, Mail
from worker.runtime.outcome import DONE, Done, Fail, Outcome, RetryAfter, Write

WITH_SECRET = {"invitation": "invite", "consent_asked": "fill in the form"}
"""Kinds that are nothing without the token in their link, and how to get another."""

DEFERRED_SECONDS = 180.0
"""Between tries at a mailbox refused for the moment: the usual backoff would be over before a greylist is."""


async def send(ports: NotificationPorts, notification_id: UUID) -> Outcome:
    """Writes and sends a notification's e-mail, unless none is to be sent. Raises ProviderError."""
    row = await ports.db.one(SQL["open"], {"id": notification_id})
    if row is None:
        return DONE
    if row["kind"] in WITH_SECRET and row["secret"] is None:
        return _failed(
            notification_id,
            Fail(
                "notification.secret_gone", f"Its token is kept no longer: {WITH_SECRET[row['kind']]} again."
            ),
        )
    try:
        message = compose(ports, notification_id, row)
    except ProviderRejected as error:
        return _failed(notification_id, Fail(error.code, error.message))
    begun = await ports.db.one(SQL["begin"], {"id": notification_id, "provider": ports.mailer.name})
    return await _hand_over(ports, notification_id, message) if begun and begun["is_ours"] else DONE


async def _hand_over(ports: NotificationPorts, notification_id: UUID, message: Mail) -> Outcome:
    try:
        sent = await ports.mailer.send(message, idempotency_key=str(notification_id))
    except DeliveryUnknown as error:
        return _failed(notification_id, Fail(error.code, error.message), status="unknown")
    except ProviderRejected as error:
        return _refused(notification_id, message.to.email, error)
    except ProviderError as error:
        await ports.db.one(SQL["release"], {"id": notification_id})
        if error.code == RECIPIENT_DEFERRED:
            return RetryAfter(DEFERRED_SECONDS, error.message, error.code)
        raise
    return Done(_end(notification_id, "sent", provider_message_id=sent.provider_message_id))


def compose(ports: NotificationPorts, notification_id: UUID, row: Mapping[str, Any]) -> Mail:
    """The message. Raises ProviderRejected when it cannot be one."""
    values = values_of(row, ports.site_url, ports.link_url)
    text = written(row["kind"], row["locale"], values)
    headers = {"List-Unsubscribe": f"<{values['preferences']}>"} if "preferences" in values else {}
    return Mail(
        row_id=str(notification_id),
        to=Address(row["email"], row["name"] or ""),
        sender=ports.sender,
        reply_to=ports.reply_to,
        subject=text.subject,
        text=text.text,
        html=text.html,
        headers=headers,
        categories=(row["kind"],),
    )


def _refused(notification_id: UUID, email: str, error: ProviderRejected) -> Fail:
    outcome = Fail(error.code, error.message)
    if error.code != RECIPIENT_REFUSED:
        return _failed(notification_id, outcome)
    end = _end(notification_id, "bounced", outcome)

    async def write(connection: AsyncConnection[Any]) -> None:
        await end(connection)
        await connection.execute(SQL["suppress"], {"email": email, "reason": "bounced"})

    return Fail(error.code, error.message, write)


def _failed(notification_id: UUID, outcome: Fail, status: str = "failed") -> Fail:
    return Fail(outcome.code, outcome.message, _end(notification_id, status, outcome))


def _end(
    notification_id: UUID, status: str, why: Fail | None = None, provider_message_id: str | None = None
) -> Write:
    parameters = {
        "id": notification_id,
        "status": status,
        "error_code": why.code if why else None,
        "error_message": why.message if why else None,
        "provider_message_id": provider_message_id,
    }

    async def write(connection: AsyncConnection[Any]) -> None:
        await connection.execute(SQL["end"], parameters)

    return write
