"""Which payment provider the settings mean."""

from __future__ import annotations

from worker.providers.payments.catalog import StripeCatalog
from worker.providers.payments.port import Payments
from worker.providers.payments.stripe import StripePayments
from worker.providers.payments.wire import Endpoint, NoWire, StripeWire, Wire
from worker.settings import ProviderSettings

OFFLINE_KEY = "sk_test_offline"
"""Keys that begin so are made by the local platform for its stand-in."""


def payments(settings: ProviderSettings) -> Payments:
    """Stripe or its stand-in; without a key every call raises ConfigurationError."""
    key = _key(settings)
    if key is None:
        return StripePayments(NoWire(), name="none")
    offline = key.startswith(OFFLINE_KEY)
    return StripePayments(_wire(settings), name="offline" if offline else "stripe", offline=offline)


def catalog(settings: ProviderSettings) -> StripeCatalog:
    """Fulfils the port `Catalog`; close it after use."""
    return StripeCatalog(_wire(settings))


def _wire(settings: ProviderSettings) -> Wire:
    key = _key(settings)
    if key is None:
        return NoWire()
    return StripeWire(
        Endpoint(
            base_url=settings.stripe_api_base,
            api_key=key,
            connect_timeout=settings.lamina_provider_connect_seconds,
            read_timeout=settings.lamina_payments_timeout_seconds,
        )
    )


def _key(settings: ProviderSettings) -> str | None:
    key = settings.stripe_secret_key
    return None if key is None else key.get_secret_value()
