"""Which chat model the settings mean."""

from __future__ import annotations

from worker.errors import ConfigurationError, ProviderRejected
from worker.providers.llm import gemini, offline, openai, openrouter
from worker.providers.llm.fallback import FallbackChatModel
from worker.providers.llm.port import ChatModel
from worker.providers.vendors.connect import chosen_provider, google_endpoint, openai_endpoint
from worker.settings import ProviderSettings

_DEFAULTS = {
    "openai": openai.DEFAULT_MODEL,
    "gemini": gemini.DEFAULT_MODEL,
    "openrouter": openrouter.DEFAULT_MODEL,
    "offline": offline.MODEL,
}


def chat_model(settings: ProviderSettings) -> ChatModel:
    """The configured model, with its fallbacks behind it. Raises ConfigurationError."""
    provider = chosen_provider(settings.lamina_llm_provider, settings)
    wanted = [(provider, settings.lamina_llm_model or _DEFAULTS[provider])]
    wanted += [_parsed(entry) for entry in settings.lamina_llm_fallbacks]
    models = [_built(name, model, settings) for name, model in dict.fromkeys(wanted)]
    return models[0] if len(models) == 1 else FallbackChatModel(models)


class ChosenModels:
    """Models by name; each is built when it is first asked for and closed with the others."""

    def __init__(self, settings: ProviderSettings, default: ChatModel) -> None:
        self._settings = settings
        self._default = default
        self._built: dict[str, ChatModel] = {}

    def pick(self, model: str | None) -> ChatModel:
        """See the port; the default stays its owner's to close."""
        if model is None:
            return self._default
        if model not in self._built:
            provider, _, name = model.partition(":")
            try:
                self._built[model] = _built(_known(provider), name, self._settings)
            except ConfigurationError as error:
                raise ProviderRejected(
                    "llm.model_unavailable", f"This installation cannot use {model}.", provider=provider
                ) from error
        return self._built[model]

    async def close(self) -> None:
        """Releases the connections of all that were built."""
        for model in self._built.values():
            await model.close()


def _parsed(entry: str) -> tuple[str, str]:
    """`openrouter:openai/gpt-5.4-mini` into provider and model; a provider alone means its default model."""
    provider, _, model = entry.partition(":")
    return _known(provider), model or _DEFAULTS[provider]


def _known(provider: str) -> str:
    if provider not in _DEFAULTS:
        raise ConfigurationError("config.unknown_provider", f"There is no language provider {provider!r}.")
    return provider


def _built(provider: str, model: str, settings: ProviderSettings) -> ChatModel:
    if provider == "offline":
        return offline.OfflineChatModel()
    _check_allowed(provider, model, settings.lamina_llm_allowed_models)
    timeout = settings.lamina_llm_timeout_seconds
    if provider == "gemini":
        return gemini.GeminiChatModel(google_endpoint(settings, timeout=timeout), model)
    endpoint = openai_endpoint(provider, settings, timeout=timeout)
    if provider == "openrouter":
        return openrouter.OpenRouterChatModel(endpoint, model)
    return openai.OpenAIChatModel(endpoint, model)


def _check_allowed(provider: str, model: str, allowed: list[str]) -> None:
    """An empty list allows all; entries are `model` or `provider:model`."""
    if allowed and model not in allowed and f"{provider}:{model}" not in allowed:
        raise ConfigurationError(
            "config.model_not_allowed", f"{provider}:{model} is not in LAMINA_LLM_ALLOWED_MODELS."
        )
