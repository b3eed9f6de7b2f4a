"""A mailer that delivers into a folder: one .eml file for each message."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from worker.errors import ConfigurationError
from worker.providers.email.compose import composed, key_digest, message_id
from worker.providers.email.mailbox import SUFFIX
from worker.providers.email.port import Mail, Sent


class OfflineMailer:
    """The folder holds a message once for each idempotency key, whole or not at all."""

    name = "offline"
    offline = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def start(self) -> None:
        """Makes the folder."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"LAMINA_MAILBOX_DIR: {error.strerror or error}."
            raise ConfigurationError("config.mailbox_unavailable", message) from error

    async def send(self, message: Mail, *, idempotency_key: str) -> Sent:
        """See the port."""
        identifier = message_id(idempotency_key, message.sender.domain)
        content = composed(message, identifier, datetime.now(UTC))
        await asyncio.to_thread(self._put, f"{key_digest(idempotency_key)}{SUFFIX}", content)
        return Sent(identifier, "sent")

    def _put(self, name: str, content: bytes) -> None:
        target = self._folder / name
        if target.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{uuid.uuid4().hex}"
        unfinished.write_bytes(content)
        moment = time.time_ns()  # finer than the clock of the file system, for the order
        os.utime(unfinished, ns=(moment, moment))
        unfinished.replace(target)

    async def close(self) -> None:
        """Nothing is open."""
