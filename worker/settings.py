"""Settings from the environment (or ``.env``), typed and checked at start."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LlmChoice = Literal["auto", "openai", "gemini", "openrouter", "offline"]
EmbeddingsChoice = Literal["auto", "openai", "gemini", "openrouter", "offline"]
CommaList = Annotated[list[str], NoDecode]


class ProviderSettings(BaseSettings):
    """Which vendors to use and how; every key is optional, without one the offline providers work."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    gemini_api_key: SecretStr | None = None
    gemini_base_url: str = "https://generativelanguage.googleapis.com"
    openrouter_api_key: SecretStr | None = None
    openrouter_base_url: str = "https://openrouter.ai/api/v1"

    lamina_llm_provider: LlmChoice = "auto"
    lamina_llm_model: str | None = Field(None, description="None: the provider's default model")
    lamina_llm_fallbacks: CommaList = Field(default_factory=list, description="'provider:model', in order")
    lamina_llm_allowed_models: CommaList = Field(default_factory=list, description="Empty: any model")
    lamina_embeddings_provider: EmbeddingsChoice = "auto"
    lamina_embeddings_model: str | None = Field(None, description="None: the provider's default model")

    lamina_provider_connect_seconds: float = Field(5.0, gt=0)
    lamina_embeddings_timeout_seconds: float = Field(60.0, gt=0)
    lamina_llm_timeout_seconds: float = Field(60.0, gt=0, description="Longest silence while streaming")

    @field_validator("lamina_llm_fallbacks", "lamina_llm_allowed_models", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value
