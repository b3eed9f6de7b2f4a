"""The webhook sender as the settings want it."""

from __future__ import annotations

from worker.providers.webhooks.port import WebhookSender
from worker.providers.webhooks.sender import HttpxWebhookSender
from worker.settings import ProviderSettings


def webhook_sender(settings: ProviderSettings) -> WebhookSender:
    return HttpxWebhookSender(
        timeout=settings.lamina_webhook_timeout_seconds,
        connect_timeout=settings.lamina_provider_connect_seconds,
        loopback=settings.lamina_webhook_loopback,
    )
