from __future__ import annotations

from typing import Any

import pytest

from worker.errors import ConfigurationError, ProviderRejected
from worker.providers.embeddings.select import embedder
from worker.providers.llm.select import ChosenModels, chat_model
from worker.settings import ProviderSettings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in ProviderSettings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def settings(**values: Any) -> ProviderSettings:
    return ProviderSettings(_env_file=None, **values)


KEYS = {"openai_api_key": "k1", "gemini_api_key": "k2", "openrouter_api_key": "k3"}


def test_without_keys_everything_is_offline() -> None:
    assert chat_model(settings()).name == "offline"
    assert embedder(settings()).name == "offline"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["openai_api_key", "gemini_api_key", "openrouter_api_key"], "openai"),
        (["gemini_api_key", "openrouter_api_key"], "gemini"),
        (["openrouter_api_key"], "openrouter"),
    ],
)
def test_the_first_key_decides(keys: list[str], expected: str) -> None:
    chosen = settings(**{key: KEYS[key] for key in keys})
    assert chat_model(chosen).name == expected
    assert embedder(chosen).name == expected


def test_the_model_can_be_chosen() -> None:
    chosen = settings(**KEYS, lamina_llm_provider="gemini", lamina_llm_model="gemini-9")
    assert (chat_model(chosen).name, chat_model(chosen).model) == ("gemini", "gemini-9")


def test_a_chosen_provider_needs_its_key() -> None:
    with pytest.raises(ConfigurationError, match="GEMINI_API_KEY"):
        chat_model(settings(lamina_llm_provider="gemini"))
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        embedder(settings(lamina_embeddings_provider="openai"))


def test_only_allowed_models() -> None:
    allowed = settings(**KEYS, lamina_llm_allowed_models=["gpt-5.4-mini", "gemini:gemini-3.5-flash-lite"])
    assert chat_model(allowed).model == "gpt-5.4-mini"
    with pytest.raises(ConfigurationError, match="LAMINA_LLM_ALLOWED_MODELS"):
        chat_model(settings(**KEYS, lamina_llm_model="gpt-5.5", lamina_llm_allowed_models=["gpt-5.4-mini"]))
    with pytest.raises(ConfigurationError, match="LAMINA_LLM_ALLOWED_MODELS"):
        chat_model(allowed.model_copy(update={"lamina_llm_fallbacks": ["openrouter:some/model"]}))


def test_fallbacks_come_from_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_LLM_FALLBACKS", "openrouter:openai/gpt-5.4-mini, offline")
    monkeypatch.setenv("OPENAI_API_KEY", "k1")
    monkeypatch.setenv("OPENROUTER_API_KEY", "k3")
    model = chat_model(settings())
    assert type(model).__name__ == "FallbackChatModel"
    assert (model.name, model.model) == ("openai", "gpt-5.4-mini")


def test_an_unknown_fallback_is_named() -> None:
    with pytest.raises(ConfigurationError, match="nonesuch"):
        chat_model(settings(lamina_llm_fallbacks=["nonesuch:x"]))


def test_keys_do_not_show() -> None:
    assert "k1" not in repr(settings(**KEYS))


async def test_models_by_name() -> None:
    chosen = settings(openai_api_key="k1", lamina_llm_allowed_models=["gpt-5.4-mini", "openai:gpt-5.5"])
    default = chat_model(chosen)
    models = ChosenModels(chosen, default)
    assert models.pick(None) is default
    named = models.pick("openai:gpt-5.5")
    assert (named.name, named.model) == ("openai", "gpt-5.5")
    assert models.pick("openai:gpt-5.5") is named
    assert models.pick("offline:extractive-1").name == "offline"
    await models.close()
    await default.close()


@pytest.mark.parametrize("model", ["gemini:gemini-3.5-flash", "openai:gpt-5.4", "nobody:x", "gpt-5.4-mini"])
def test_models_without_key_or_leave_are_unavailable(model: str) -> None:
    chosen = settings(openai_api_key="k1", lamina_llm_allowed_models=["gpt-5.4-mini"])
    with pytest.raises(ProviderRejected) as caught:
        ChosenModels(chosen, chat_model(chosen)).pick(model)
    assert caught.value.code == "llm.model_unavailable"
    assert "KEY" not in caught.value.message
