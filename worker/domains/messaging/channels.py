"""Whose key a channel holds is asked of the vendor."""

from __future__ import annotations

from uuid import UUID

from worker.domains.messaging.ports import MessagingPorts
from worker.domains.messaging.repository import SQL, write
from worker.errors import ProviderAuthError
from worker.runtime.outcome import DONE, Done, Fail, Outcome


async def check_channel(ports: MessagingPorts, channel_id: UUID) -> Outcome:
    """Notes the page's name, or that the key is refused. Raises another ProviderError to be tried again."""
    channel = await ports.db.one(SQL["get_channel"], {"channel_id": channel_id})
    if channel is None:
        return DONE
    try:
        page = await ports.chat.check(channel["page_key"])
    except ProviderAuthError as error:
        return Fail(
            error.code,
            error.message,
            write("break_channel", **channel, code=error.code, message=error.message),
        )
    return Done(write("channel_checked", **channel, page_name=page.name))
