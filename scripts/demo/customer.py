"""A customer with an app and a browser: calls functions, reads rows, presses the buttons of payment pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from scripts.demo.visitor import DemoFailed, rows, wait
from scripts.stack.payments.html import BANNER
from supabase import AsyncClient, PostgrestAPIError

BACK = "http://127.0.0.1:3000/billing"
"""Where a frontend would be; nobody goes there."""

T = TypeVar("T")

_FORM = re.compile(r'<form method="post" action="([^"]+)">(.*?)<button[^>]*>(.*?)</button></form>', re.S)
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Customer:
    """Signed in, in one workspace; ``moved`` is set by broadcasts. Every method raises DemoFailed."""

    def __init__(
        self, client: AsyncClient, browser: httpx.AsyncClient, workspace_id: str, moved: asyncio.Event
    ) -> None:
        self._client = client
        self._browser = browser
        self._moved = moved
        self.workspace_id = workspace_id

    async def call(self, name: str, **arguments: Any) -> Any:
        """A function, for this workspace."""
        given = {"p_workspace_id": self.workspace_id} | {f"p_{key}": each for key, each in arguments.items()}
        try:
            return rows(await self._client.rpc(name, given).execute())
        except PostgrestAPIError as error:
            raise DemoFailed(f"{name}: {error.message} [{error.details}]") from error

    async def table(self, name: str, **equal: str) -> list[dict[str, Any]]:
        """Rows of this workspace."""
        query = self._client.table(name).select("*").eq("workspace_id", self.workspace_id)
        for column, value in equal.items():
            query = query.eq(column, value)
        found: list[dict[str, Any]] = rows(await query.execute())
        return found

    async def usage(self) -> dict[str, dict[str, Any]]:
        """By metric."""
        return {row["metric"]: row for row in await self.call("billing_usage")}

    async def plan(self) -> str:
        """The plan that holds now."""
        return str((await self.usage())["requests"]["plan"])

    async def may(self, entitlement: str) -> bool:
        """Whether the plan switches something on."""
        return bool(await self.call("has_entitlement", entitlement=entitlement))

    async def until(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """What it finds, looked for again whenever something moved."""
        while True:
            self._moved.clear()
            if (found := await look()) is not None:
                return found
            await wait(self._moved)

    async def begin(self, function: str, ends: str, **arguments: Any) -> dict[str, Any]:
        """A billing session, when it has come to this status."""
        keys = {} if function == "open_portal" else {"idempotency_key": str(uuid4())}
        begun = await self.call(function, **arguments, **keys)
        return await self.session(begun["id"], ends)

    async def session(self, session_id: str, ends: str) -> dict[str, Any]:
        """It, when it has come to this status."""

        async def look() -> dict[str, Any] | None:
            (row,) = await self.table("billing_sessions", id=session_id)
            if row["status"] == "failed":
                raise DemoFailed(f"{row['error_message']} [{row['error_code']}]")
            return row if row["status"] == ends else None

        return await self.until(look)

    async def press(self, url: str, label: str) -> None:
        """The button of a page that says that it is offline."""
        page = await self._browser.get(url)
        if page.status_code != 200 or BANNER not in page.text:
            raise DemoFailed(f"{url} is not a page of the offline twin; nothing was pressed.")
        for action, fields, name in _FORM.findall(page.text):
            if unescape(name) == label:
                data = {key: unescape(value) for key, value in _FIELD.findall(fields)}
                pressed = await self._browser.post(unescape(action), data=data)
                if pressed.status_code != 303:
                    raise DemoFailed(f"The button {label!r} answered {pressed.status_code}.")
                return
        raise DemoFailed(f"The page has no button {label!r}.")

    async def opens(self, url: str) -> bool:
        """Whether a browser can show it."""
        return (await self._browser.get(url)).status_code == 200
