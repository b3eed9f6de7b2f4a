"""A worker process that sends notifications by SMTP, made to be killed.

Run as ``python -m tests.integration.notifications.victim DSN SMTP_PORT``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tests.integration.notifications.post import DOORS, SENDER, SITE
from worker.db.pool import Database
from worker.domains.notifications import handlers
from worker.domains.notifications.ports import NotificationPorts
from worker.providers.email.smtp import SmtpMailer, SmtpServer
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

LANE = 8
"""Messages at once."""


async def main(dsn: str, port: str) -> None:
    """Works until SIGTERM."""
    options = WorkerOptions(
        worker_id=str(os.getpid()), lanes={"outbound": LANE}, lease=2.0, grace=5.0, poll=0.2, listen_dsn=dsn
    )
    mailer = SmtpMailer(SmtpServer("127.0.0.1", int(port), "none"))
    async with Database(dsn, min_size=1, max_size=10) as db:
        registry = Registry()
        handlers.register(registry, NotificationPorts(db, mailer, SENDER, None, SITE, DOORS))
        worker = Worker(db, registry, options)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
