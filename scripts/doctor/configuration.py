"""Settings, the shapes of keys, and the chosen models; nothing is sent to a vendor."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator

from pydantic import SecretStr, ValidationError

from scripts.doctor.finding import Finding, fail, ok, warn
from scripts.doctor.target import Target
from worker.errors import ConfigurationError
from worker.providers.embeddings.port import Embedder
from worker.providers.embeddings.select import embedder
from worker.providers.llm.select import chat_model
from worker.settings import ProviderSettings, WorkerSettings

PREFIXES = {"openai_api_key": ("sk-",), "openrouter_api_key": ("sk-or-",), "gemini_api_key": ("AIza", "AQ.")}
SHAPES = {"publishable": ("sb_publishable_", "anon"), "secret": ("sb_secret_", "service_role")}
"""Prefix of the key, and the role in a legacy one, which is a JWT."""


def settings_findings(target: Target | None) -> Iterator[Finding]:
    """Every setting of the worker that is missing or wrong, then keys and models."""
    problems = list(worker_setting_problems(target))
    yield from problems or [ok("Settings", "complete")]
    if target is not None:
        yield from key_findings("publishable", target.publishable_key)
        yield from key_findings("secret", target.secret_key)
    try:
        providers = ProviderSettings()
    except ValidationError:
        return  # said above
    yield from vendor_key_findings(providers)
    yield from model_findings(providers)


def worker_setting_problems(target: Target | None) -> Iterator[Finding]:
    """What stops a worker from starting with these settings."""
    try:
        if target is not None and target.local:
            _local_settings(target)
        else:
            WorkerSettings()
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(map(str, problem["loc"])).upper()
            yield fail(name, problem["msg"], "Correct it in the environment or in .env; see .env.example.")


def key_findings(kind: str, key: str | None) -> Iterator[Finding]:
    """Whether the publishable or secret key looks like one. Never shows it."""
    name = f"{kind.capitalize()} key"
    prefix, role = SHAPES[kind]
    other = next(found for found in SHAPES if found != kind)
    if key is None:
        yield warn(name, "not set", f"Set SUPABASE_{kind.upper()}_KEY to have the doors checked with it.")
    elif key != key.strip(" \t\r\n\"'"):
        yield fail(name, "has spaces or quotes around it", "Remove them.")
    elif key.startswith(prefix):
        yield ok(name, f"{prefix}…")
    elif key.startswith(SHAPES[other][0]) or _legacy_role(key) == SHAPES[other][1]:
        advice = "Exchange them." + (
            " If the secret one was ever shipped, rotate it." if other == "secret" else ""
        )
        yield fail(name, f"is a {other} key", advice)
    elif _legacy_role(key) == role:
        yield warn(
            name, f"is a legacy {role} key", f"Create a {prefix}… key: edge functions accept only these."
        )
    else:
        yield fail(name, f"does not begin with {prefix}", "Copy it again from the project's API settings.")


def vendor_key_findings(settings: ProviderSettings) -> Iterator[Finding]:
    """Keys of model vendors that do not look like theirs."""
    for name, prefixes in PREFIXES.items():
        key: SecretStr | None = getattr(settings, name)
        value = key.get_secret_value() if key else ""
        if value != value.strip(" \t\r\n\"'"):
            yield fail(name.upper(), "has spaces or quotes around it", "Remove them.")
        elif value and not value.startswith(prefixes):
            yield warn(
                name.upper(), f"does not begin with {' or '.join(prefixes)}", "Is it another vendor's key?"
            )


def model_findings(settings: ProviderSettings) -> Iterator[Finding]:
    """Which models answer and embed, as the worker would choose them at its start."""
    try:
        model = chat_model(settings)
        yield ok("Answers by", f"{model.name} · {model.model}")
    except ConfigurationError as error:
        yield fail("Answers by", str(error), "Correct LAMINA_LLM_… in the environment or in .env.")
    try:
        chosen = embedder(settings)
        yield ok("Embeddings by", f"{chosen.name} · {chosen.model}, {chosen.dimensions} dimensions")
    except ConfigurationError as error:
        yield fail("Embeddings by", str(error), "Correct LAMINA_EMBEDDINGS_… in the environment or in .env.")


def configured_embedder() -> Embedder | None:
    """None when the settings name none that can start."""
    try:
        return embedder(ProviderSettings())
    except (ConfigurationError, ValidationError):
        return None


def _local_settings(target: Target) -> WorkerSettings:
    return WorkerSettings(
        lamina_db_url=SecretStr(target.worker_url or ""),
        supabase_url=target.url or "",
        supabase_secret_key=SecretStr(target.secret_key or ""),
    )


def _legacy_role(key: str) -> str | None:
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return payload.get("role") if isinstance(payload, dict) else None
