"""Which chat channel the settings mean."""

from __future__ import annotations

from worker.providers.chat.manychat import ManyChatChannel
from worker.providers.chat.offline import OfflineChatChannel
from worker.providers.chat.port import ChatChannel
from worker.settings import ProviderSettings


def chat_channel(settings: ProviderSettings) -> ChatChannel:
    """The configured channel; keys belong to workspaces, so no key here decides."""
    if settings.lamina_chat_provider == "offline":
        return OfflineChatChannel(settings.lamina_chat_outbox)
    return ManyChatChannel(
        settings.manychat_base_url,
        connect_timeout=settings.lamina_provider_connect_seconds,
        timeout=settings.lamina_chat_timeout_seconds,
    )
