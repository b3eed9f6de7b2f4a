"""What the tests of sites share: calls as a user, contents, looks at rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.integration.identity.calls import call
from tests.support.actors import Actor, Cast
from tests.support.database import Database

Row = dict[str, Any]


def content(*paths: str, text: str = "Welcome") -> Row:
    """Pages at these paths, each with one heading."""
    block = {"type": "heading", "level": 1, "text": text}
    return {"pages": [{"path": path, "title": "Page", "blocks": [block]} for path in paths or ("/",)]}


@dataclass
class Studio:
    """One database and its cast."""

    db: Database
    cast: Cast

    def call(self, function: str, *arguments: Any, actor: Actor | None = None) -> Row:
        """``public.<function>`` as this user; dicts go as JSON."""
        given = [Jsonb(value) if isinstance(value, dict) else value for value in arguments]
        with self.db.as_user(actor or self.cast.marketing) as cursor:
            return call(cursor, function, *given)

    def catalogue(self, name: str) -> UUID:
        found: UUID = self.db.value(
            "select id from public.templates where workspace_id is null and name = %s", name
        )
        return found

    def fork(self, slug: str, *, template: UUID | None = None, actor: Actor | None = None) -> Row:
        """A site of the team's from the blank template."""
        chosen = template or self.catalogue("Blank")
        return self.call("fork_template", chosen, self.cast.workspace_id, "Site", slug, None, actor=actor)

    def live(self, slug: str) -> list[tuple[Any, ...]]:
        """(version, first words) of what the world reads at this address."""
        with self.db.as_anon() as cursor:
            return cursor.execute(
                "select version, content #>> '{pages,0,blocks,0,text}'"
                " from public.site_snapshots where live_slug = %s",
                (slug,),
            ).fetchall()
