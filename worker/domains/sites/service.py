"""The sites domain's work: the bucket assets."""

from __future__ import annotations

from uuid import UUID

from worker.domains.sites.ports import SitePorts
from worker.domains.sites.repository import SQL

BUCKET = "assets"
BATCH = 500


async def remove_assets(ports: SitePorts, workspace_id: UUID) -> None:
    """Removes all files of a workspace that is gone, unless the bucket keeps what it was told to remove."""
    before: set[str] = set()
    while True:
        given = {"workspace_id": workspace_id, "limit": BATCH}
        names = [row["path"] for row in await ports.db.rows(SQL["list_abandoned"], given)]
        if not names or not before.isdisjoint(names):
            return
        await ports.storage.remove(BUCKET, names)
        before = set(names)
