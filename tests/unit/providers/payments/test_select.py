from __future__ import annotations

from typing import Any

import pytest

from worker.errors import ConfigurationError
from worker.providers.payments.select import catalog, payments
from worker.settings import ProviderSettings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in ProviderSettings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def settings(**values: Any) -> ProviderSettings:
    return ProviderSettings(_env_file=None, **values)


@pytest.mark.parametrize(
    ("key", "name", "offline"),
    [
        ("sk_live_x", "stripe", False),
        ("rk_test_x", "stripe", False),
        ("sk_test_offline_4f2a", "offline", True),
        (None, "none", False),
    ],
)
async def test_the_key_decides(key: str | None, name: str, offline: bool) -> None:
    chosen = payments(settings(stripe_secret_key=key))
    assert (chosen.name, chosen.offline) == (name, offline)
    await chosen.close()


async def test_without_a_key_nothing_can_be_asked() -> None:
    chosen, plans = payments(settings()), catalog(settings())
    with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY"):
        await chosen.invoice("in_1")
    with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY"):
        await anext(chosen.subscriptions())
    with pytest.raises(ConfigurationError, match="STRIPE_SECRET_KEY"):
        await anext(plans.products())
    await plans.close()


def test_the_real_address_is_the_default() -> None:
    assert settings().stripe_api_base == "https://api.stripe.com"
    assert "sk_live_x" not in repr(settings(stripe_secret_key="sk_live_x"))
