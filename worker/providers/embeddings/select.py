"""Which embedder the settings mean."""

from __future__ import annotations

from worker.providers.embeddings import gemini, openai, openrouter
from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.embeddings.port import Embedder
from worker.providers.vendors.connect import chosen_provider, google_endpoint, openai_endpoint
from worker.settings import ProviderSettings


def embedder(settings: ProviderSettings) -> Embedder:
    """The configured embedder. Raises ConfigurationError.

    There is no fallback: vectors of two models do not compare, so another model means to embed all again.
    """
    provider = chosen_provider(settings.lamina_embeddings_provider, settings)
    model = settings.lamina_embeddings_model
    timeout = settings.lamina_embeddings_timeout_seconds
    if provider == "offline":
        return OfflineEmbedder()
    if provider == "gemini":
        return gemini.GeminiEmbedder(
            google_endpoint(settings, timeout=timeout), model or gemini.DEFAULT_MODEL
        )
    endpoint = openai_endpoint(provider, settings, timeout=timeout)
    if provider == "openrouter":
        return openrouter.OpenRouterEmbedder(endpoint, model or openrouter.DEFAULT_MODEL)
    return openai.OpenAIEmbedder(endpoint, model or openai.DEFAULT_MODEL)
