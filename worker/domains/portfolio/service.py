"""The portfolio domain's work: bucket and rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from worker.domains.portfolio.ports import PortfolioPorts
from worker.domains.portfolio.repository import SQL
from worker.domains.portfolio.rules import code_path, draw_code, project_address
from worker.runtime.outcome import DONE, Done, Outcome

BUCKET = "portfolio"
BATCH = 500


async def make_codes(ports: PortfolioPorts, project_id: UUID) -> Outcome:
    """PNG and SVG for where the world finds the project now; nothing when it does not."""
    rows = await ports.db.rows(SQL["get_address"], {"project_id": project_id})
    if not rows:
        return DONE
    found = rows[0]
    target = project_address(ports.site_url, found["username"], found["slug"])
    png, svg = (code_path(found["workspace_id"], project_id, kind) for kind in ("png", "svg"))
    await ports.storage.upload(BUCKET, png, draw_code(target, "png"), mime="image/png")
    await ports.storage.upload(BUCKET, svg, draw_code(target, "svg"), mime="image/svg+xml")

    async def write(connection: AsyncConnection[Any]) -> None:
        given = {"project_id": project_id, "target": target, "png_path": png, "svg_path": svg}
        await connection.execute(SQL["keep_codes"], given)

    return Done(write)


async def remove_unused(ports: PortfolioPorts, paths: Sequence[str] | None) -> list[str]:
    """Removes a batch of files without a row: of these, or None for all that are old; which."""
    given = {"paths": None if paths is None else list(paths), "limit": BATCH}
    names = [row["path"] for row in await ports.db.rows(SQL["list_unused"], given)]
    if names:
        await ports.storage.remove(BUCKET, names)
    return names


async def sweep(ports: PortfolioPorts) -> None:
    """Removes old files without a row until none is left, or the bucket keeps what it was told to remove."""
    before: set[str] = set()
    while True:
        names = await remove_unused(ports, None)
        if len(names) < BATCH or not before.isdisjoint(names):
            return
        before = set(names)


async def roll_up_views(connection: AsyncConnection[Any]) -> None:
    """In the transaction of the job's end."""
    await connection.execute(SQL["roll_up_views"])
