"""What the messaging domain needs from outside; bootstrap fills it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.db.pool import Database
from worker.providers.chat.port import ChatChannel
from worker.providers.webhooks.port import WebhookSender


@dataclass(frozen=True, slots=True)
class MessagingPorts:
    """Everything the handlers use."""

    db: Database
    chat: ChatChannel
    webhooks: WebhookSender
