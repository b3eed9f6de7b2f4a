"""While the payment provider is away its jobs wait: an outage may last, and nothing owed is lost to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from worker.errors import ProviderUnavailable
from worker.runtime.job import Job, JobContext
from worker.runtime.outcome import Outcome, ProviderDown
from worker.runtime.registry import Handler

REST = timedelta(seconds=20)
AWAY = ("provider.unavailable", "provider.timeout")


def resting(handler: Handler) -> Handler:
    """The handler, but an outage gives all jobs of the provider a rest and burns no attempt."""

    async def handle(job: Job, ctx: JobContext) -> Outcome:
        try:
            return await handler(job, ctx)
        except ProviderUnavailable as error:
            if error.retry_after is not None or error.code not in AWAY:
                raise
            return ProviderDown(error.provider, datetime.now(UTC) + REST, error.message, error.code)

    return handle
