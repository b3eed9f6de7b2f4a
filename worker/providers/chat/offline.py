"""A channel that reaches nobody: it keeps what would have been sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.errors import ProviderRejected
from worker.providers.chat.blocks import dynamic_block
from worker.providers.chat.port import Page, SendReceipt, SendRequest


class OfflineChatChannel:
    """`sent` has every send of this process; `outbox` gets each as a line of JSON. Keys are not kept."""

    name = "offline"

    def __init__(self, outbox: Path | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self._outbox = outbox

    async def send(self, page_key: str, request: SendRequest) -> SendReceipt:
        """See the port."""
        if not request.texts:
            raise ProviderRejected("chat.bad_message", "There is no message to send.", provider=self.name)
        entry = {
            "at": datetime.now(UTC).isoformat(),
            "subscriber_id": request.subscriber_id,
            "message_tag": request.message_tag,
            "data": dynamic_block(request.texts),
        }
        self._write(entry)
        self.sent.append(entry)
        return SendReceipt(len(request.texts), is_offline=True)

    async def check(self, page_key: str) -> Page:
        """See the port."""
        return Page("offline", "Offline: messages are kept, not sent")

    async def close(self) -> None:
        """Nothing is open."""

    def _write(self, entry: dict[str, Any]) -> None:
        if self._outbox is None:
            return
        self._outbox.parent.mkdir(parents=True, exist_ok=True)
        with self._outbox.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
