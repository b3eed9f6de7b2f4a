"""One example user, as their browser would act."""

from __future__ import annotations

from typing import Any

import httpx

from scripts.seed.content import email
from supabase import AuthError, Client, PostgrestAPIError, StorageException, create_client


class SeedFailed(Exception):
    """What could not be planted; the text is for people."""


class Person:
    """A signed-in user. Every method raises SeedFailed with the platform's own words."""

    def __init__(self, url: str, key: str, role: str, password: str) -> None:
        self.role = role
        self.email = email(role)
        self.password = password
        self._client: Client = create_client(url, key)

    def enter(self) -> bool:
        """Signs in, or up if the user is new; True when new."""
        credentials = {"email": self.email, "password": self.password}
        try:
            self._client.auth.sign_in_with_password(credentials)  # type: ignore[arg-type]  # a plain dict will do
            return False
        except AuthError:
            pass  # not there yet, or another password: signing up tells which
        try:
            response = self._client.auth.sign_up(credentials)  # type: ignore[arg-type]  # the same
        except AuthError as error:
            raise SeedFailed(
                f"{self.email}: {error.message.rstrip('.')}. Is there such a user with another password?"
            ) from error
        if response.session is None:
            raise SeedFailed(
                f"{self.email} must confirm the address first; switch confirmations off to seed."
            )
        return True

    def rpc(self, name: str, /, **arguments: Any) -> Any:
        """Calls a function with ``p_``-prefixed arguments; its data."""
        try:
            named = {f"p_{argument}": value for argument, value in arguments.items()}
            return self._client.rpc(name, named).execute().data
        except (PostgrestAPIError, httpx.HTTPError) as error:
            raise SeedFailed(f"{self.email}, {name}: {_words(error)}") from error

    def rows(self, table: str, **equal: Any) -> list[dict[str, Any]]:
        """Rows this user sees whose columns equal these values."""
        query = self._client.table(table).select("*")
        for column, value in equal.items():
            query = query.eq(column, value)
        try:
            found: Any = query.execute().data
        except (PostgrestAPIError, httpx.HTTPError) as error:
            raise SeedFailed(f"{self.email}, {table}: {_words(error)}") from error
        return list(found)

    def insert(self, table: str, **row: Any) -> None:
        """Writes a row as a client may."""
        try:
            self._client.table(table).insert(row).execute()
        except (PostgrestAPIError, httpx.HTTPError) as error:
            raise SeedFailed(f"{self.email}, {table}: {_words(error)}") from error

    def update(self, table: str, equal: dict[str, Any], /, **changes: Any) -> None:
        """Changes rows whose columns equal these values, as a client may."""
        try:
            self._client.table(table).update(changes).match(equal).execute()
        except (PostgrestAPIError, httpx.HTTPError) as error:
            raise SeedFailed(f"{self.email}, {table}: {_words(error)}") from error

    def upload(self, bucket: str, path: str, content: bytes) -> None:
        """Uploads a PDF."""
        try:
            options = {"content-type": "application/pdf"}
            self._client.storage.from_(bucket).upload(path, content, options)  # type: ignore[arg-type]  # the same
        except (StorageException, httpx.HTTPError) as error:
            raise SeedFailed(f"{self.email}, upload of {path}: {_words(error)}") from error


def _words(error: Exception) -> str:
    return str(getattr(error, "message", None) or error)
