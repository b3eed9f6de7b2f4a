"""An access token of Salesforce, got and renewed.

`POST https://<domain>/services/oauth2/token` with `grant_type=refresh_token` where the customer gave
a refresh token, else `client_credentials`. The answer names the instance, which must be one of Salesforce's.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx

from worker.errors import ProviderError, ProviderRejected
from worker.providers.crm import calling
from worker.providers.crm.port import Access, Token
from worker.providers.vendors import faults

PROVIDER = "salesforce"

_INSTANCE = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+){0,3}\.salesforce\.com")
_TOKEN = re.compile(r"[!-~]{1,4096}")


class Session:
    """For one batch. `renewed` is a token got in it, to be kept."""

    def __init__(self, http: httpx.AsyncClient, access: Access, base_url: str | None) -> None:
        self._http = http
        self._access = access
        self._base_url = base_url
        self._token = access.token
        self._lock = asyncio.Lock()
        self.renewed: Token | None = None

    async def open(self) -> Token:
        """A token. Raises ProviderAuthError when the credentials are refused."""
        async with self._lock:
            if self._token is None:
                self._token = self.renewed = await self._ask()
            return self._token

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """An answer; a token that is refused is replaced once. Raises ProviderAuthError after that."""
        for _ in range(2):
            token = await self.open()
            base = (self._base_url or token.instance_url).rstrip("/")
            headers = {"Authorization": f"Bearer {token.value}"}
            response = await calling.call(
                self._http, PROVIDER, method, base + path, headers=headers, **request
            )
            if response.status_code != 401:
                return response
            await self._drop(token)
        raise faults.unauthorised(PROVIDER)

    async def _drop(self, token: Token) -> None:
        """Others of this batch may have a new one already."""
        async with self._lock:
            if self._token is token:
                self._token = None

    async def _ask(self) -> Token:
        given = self._access.credentials
        form = {"client_id": given["client_id"], "client_secret": given["client_secret"]}
        if "refresh_token" in given:
            form |= {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        else:
            form["grant_type"] = "client_credentials"
        base = (self._base_url or f"https://{self._access.settings['domain']}").rstrip("/")
        url = f"{base}/services/oauth2/token"
        response = await calling.call(self._http, PROVIDER, "POST", url, data=form)
        body = calling.body_of(response)
        if not response.is_success:
            raise _refused(response, body)
        return self._read(body)

    def _read(self, body: Any) -> Token:
        value = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise faults.bad_response(PROVIDER)
        instance = str(body.get("instance_url") or "")
        if self._base_url is None and not _INSTANCE.fullmatch(instance):
            raise ProviderRejected(
                "crm.bad_instance", "Salesforce named an instance that is not its own.", provider=PROVIDER
            )
        return Token(value, instance)


def _refused(response: httpx.Response, body: Any) -> ProviderError:
    """OAuth tells everything that is wrong with credentials by 400 and a word (RFC 6749, 5.2)."""
    if response.status_code == 400:
        return faults.unauthorised(PROVIDER)
    return calling.fault(PROVIDER, response, calling.text_of(body, "error_description"))
