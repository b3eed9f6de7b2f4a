"""Which platform is looked at: the one of the settings, or the local one that runs."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from scripts.stack.settings import PROJECT
from scripts.stack.state import State


class PlatformSettings(BaseSettings):
    """Where a platform that is not the local one is; from the environment or ``.env``."""

    model_config = SettingsConfigDict(env_file=PROJECT / ".env", extra="ignore", env_ignore_empty=True)

    supabase_url: str | None = None
    supabase_publishable_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None
    lamina_admin_db_url: SecretStr | None = None
    lamina_db_url: SecretStr | None = None
    lamina_db_listen_url: SecretStr | None = None
    lamina_db_pooled: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """None for what is not known; ``listen_url`` is None too when the worker is told to poll."""

    local: bool
    url: str | None
    publishable_key: str | None
    secret_key: str | None
    admin_url: str | None
    worker_url: str | None
    listen_url: str | None
    pooled: bool = False


def find_target(settings: PlatformSettings, state: State | None) -> Target | None:
    """The settings win over the running local platform; None when neither is there."""
    if settings.supabase_url or settings.lamina_db_url or settings.lamina_admin_db_url:
        return _configured(settings)
    return _local(state) if state else None


def _configured(settings: PlatformSettings) -> Target:
    worker_url = _value(settings.lamina_db_url)
    return Target(
        local=False,
        url=settings.supabase_url.rstrip("/") if settings.supabase_url else None,
        publishable_key=_value(settings.supabase_publishable_key),
        secret_key=_value(settings.supabase_secret_key),
        admin_url=_value(settings.lamina_admin_db_url),
        worker_url=worker_url,
        listen_url=_value(settings.lamina_db_listen_url)
        or (None if settings.lamina_db_pooled else worker_url),
        pooled=settings.lamina_db_pooled,
    )


def _local(state: State) -> Target:
    return Target(
        local=True,
        url=state.url,
        publishable_key=state.publishable_key,
        secret_key=state.secret_key,
        admin_url=state.db_url,
        worker_url=state.worker_db_url,
        listen_url=state.worker_db_url,
    )


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
