"""What the tests of forms share: a server with the secret key, people outside, looks at rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.support.actors import Actor, Cast
from tests.support.database import Cursor, Database

Row = dict[str, Any]
STATEMENT = "I want the newsletter and know that I can leave it at any time."


@dataclass
class Desk:
    """The cast's workspace and what comes in from outside."""

    db: Database
    cast: Cast

    @property
    def workspace_id(self) -> UUID:
        return self.cast.workspace_id

    def capture(self, person: object, **named: Any) -> Row:
        """``public.capture_contact`` as the customer's own server calls it."""
        given = {"workspace_id": self.workspace_id, "person": Jsonb(person), "source": "website", **named}
        found: Row = self._call("capture_contact", given)
        return found

    def submit(self, form_id: UUID | str, address: str = "", **fields: Any) -> Row:
        """``public.submit_form`` as the function `forms` calls it."""
        found: Row = self._call(
            "submit_form", {"form_id": form_id, "fields": Jsonb(fields), "address": address}
        )
        return found

    def confirm(self, token: str) -> bool:
        return bool(self._call("confirm_consent", {"token": token}))

    def form(self, actor: Actor | None = None, **fields: Any) -> UUID:
        """A form as marketing makes it: a newsletter, unless told otherwise."""
        row = {"workspace_id": self.workspace_id, "name": "Newsletter", "statement": STATEMENT, **fields}
        names, marks = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        with self.db.as_user(actor or self.cast.marketing) as cursor:
            cursor.execute(f"insert into public.forms ({names}) values ({marks}) returning id".encode(), row)
            return _only(cursor)

    def all(self, query: str, *parameters: Any) -> list[Row]:
        """Rows by column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchall()

    def contact(self, **fields: Any) -> UUID:
        row = {"workspace_id": self.workspace_id, **fields}
        names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        query = f"insert into public.contacts ({names}) values ({marks}) returning id"
        found: UUID = self.db.value(query, *row.values())
        return found

    def proofs(self) -> list[Row]:
        """What was said about consent, in order."""
        return self.all("select consent, source, statement, email from public.consent_events order by id")

    def letters(self) -> list[Row]:
        """Mails that ask for consent, oldest first."""
        return self.all(
            "select n.email, n.locale, n.data, s.secret from public.notifications as n"
            " left join app.notification_secrets as s on s.notification_id = n.id"
            " where n.kind = 'consent_asked' order by n.created_at, n.id"
        )

    def _call(self, function: str, given: Row) -> Any:
        arguments = ", ".join(f"p_{name} => %({name})s" for name in given)
        with self.db.as_service() as cursor:
            cursor.execute(f"select public.{function}({arguments})".encode(), given)
            return _only(cursor)


def _only(cursor: Cursor) -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row[0]
