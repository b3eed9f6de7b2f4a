"""What the content tests share: calls as a user, a document, and looks at rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import sql

from tests.support.actors import Actor, Cast
from tests.support.database import Database

Row = dict[str, Any]
TEXT = "The harbour opens at six.\nPilots wait at the mole.\nIt closes at nine."


@dataclass
class Desk:
    """One database; ``document`` is an authored text of the editor's, in its first version."""

    db: Database
    cast: Cast
    document: UUID = field(init=False)

    def __post_init__(self) -> None:
        self.document = self.write("Harbour")

    def call(self, actor: Actor, function: str, **given: Any) -> list[Row]:
        """Rows of ``public.<function>`` as this user; the arguments without their ``p_``."""
        named = [sql.SQL("{} => {}").format(sql.Identifier(f"p_{n}"), sql.Placeholder(n)) for n in given]
        query = sql.SQL("select * from {}({})").format(
            sql.Identifier("public", function), sql.SQL(", ").join(named)
        )
        return self.ask(actor, query, given)

    def ask(self, actor: Actor, query: sql.Composable | str, given: Any = None) -> list[Row]:
        """Rows of a query as this user."""
        with self.db.as_user(actor) as cursor:
            cursor.execute(query if isinstance(query, sql.Composable) else query.encode(), given)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []

    def write(self, title: str, content: str = TEXT, actor: Actor | None = None) -> UUID:
        """A new authored text; its id."""
        given = {"workspace_id": self.cast.workspace_id, "title": title, "content": content}
        made: UUID = self.call(actor or self.cast.editor, "create_text_document", **given)[0]["id"]
        return made

    def save(self, content: str, expected: int) -> Row:
        """The next version, by the editor."""
        given = {"document_id": self.document, "content": content, "expected_version": expected}
        return self.call(self.cast.editor, "save_document_version", **given)[0]

    def say(self, actor: Actor, body: str = "Is this so?", **given: Any) -> Row:
        """A comment on the document."""
        return self.call(actor, "create_comment", **{"document_id": self.document, "body": body} | given)[0]

    def activity(self, actor: Actor, **given: Any) -> list[Row]:
        return self.call(actor, "list_activity", workspace_id=self.cast.workspace_id, **given)

    def lines(self, actor: Actor, **given: Any) -> list[tuple[str, str]]:
        """What was done to what, newest first."""
        return [(row["subject_kind"], row["verb"]) for row in self.activity(actor, **given)]

    def sent(self, event: str) -> list[Row]:
        """Payloads of this event on the workspace's topic, in the order of sending."""
        rows = self.db.rows(
            "select payload from realtime.messages where topic = %s and event = %s and private"
            " order by inserted_at",
            f"workspace:{self.cast.workspace_id}",
            event,
        )
        return [row[0] for row in rows]
