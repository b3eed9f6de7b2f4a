"""From settings to the address and key of each vendor."""

from __future__ import annotations

from pydantic import SecretStr

from worker.errors import ConfigurationError
from worker.providers.vendors import google_sdk, openai_sdk
from worker.settings import ProviderSettings

ORDER = ("openai", "gemini", "openrouter")


def chosen_provider(choice: str, settings: ProviderSettings) -> str:
    """The provider itself; for "auto" the first with a key, else "offline"."""
    if choice != "auto":
        return choice
    return next((name for name in ORDER if _key(name, settings) is not None), "offline")


def openai_endpoint(provider: str, settings: ProviderSettings, *, timeout: float) -> openai_sdk.Endpoint:
    """Endpoint of "openai" or "openrouter". Raises ConfigurationError without a key."""
    address = settings.openai_base_url if provider == "openai" else settings.openrouter_base_url
    return openai_sdk.Endpoint(
        provider=provider,
        base_url=address,
        api_key=required_key(provider, settings),
        connect_timeout=settings.lamina_provider_connect_seconds,
        read_timeout=timeout,
    )


def google_endpoint(settings: ProviderSettings, *, timeout: float) -> google_sdk.Endpoint:
    """Endpoint of Gemini. Raises ConfigurationError without a key."""
    return google_sdk.Endpoint(settings.gemini_base_url, required_key("gemini", settings), timeout)


def required_key(provider: str, settings: ProviderSettings) -> str:
    """The key of the provider. Raises ConfigurationError when it is not set."""
    key = _key(provider, settings)
    if key is None:
        raise ConfigurationError(
            "config.missing_key", f"{provider} is chosen, but {provider.upper()}_API_KEY is not set."
        )
    return key.get_secret_value()


def _key(provider: str, settings: ProviderSettings) -> SecretStr | None:
    keys = {
        "openai": settings.openai_api_key,
        "gemini": settings.gemini_api_key,
        "openrouter": settings.openrouter_api_key,
    }
    return keys[provider]
