"""The domain's jobs are known to a worker, and the sweep runs by the clock."""

from __future__ import annotations

from worker.db.pool import Database
from worker.domains.social import handlers
from worker.domains.social.ports import SocialPorts
from worker.providers.social.offline import OfflineSocialReader
from worker.runtime.registry import Registry


def test_what_is_registered() -> None:
    registry = Registry()
    handlers.register(
        registry, SocialPorts(Database("postgresql://nobody@127.0.0.1/none"), OfflineSocialReader())
    )
    assert registry.kinds == ["social.refresh_account", "social.sweep"]
    (sweep,) = registry.schedules
    assert (sweep.kind, sweep.cron) == ("social.sweep", "*/10 * * * *")
