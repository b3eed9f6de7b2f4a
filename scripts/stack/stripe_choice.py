"""Whether the platform sells through Stripe or through its offline twin, and who is told which secrets."""

from __future__ import annotations

from dataclasses import dataclass

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State

STRIPE_DOOR = "/stripe-offline"
FUNCTIONS_ENV = PROJECT / "supabase" / "functions" / ".env"
SIGNING = "STRIPE_WEBHOOK_SECRET"


class DeveloperStripe(BaseSettings):
    """The developer's own keys, read as the other settings are."""

    model_config = StackSettings.model_config

    stripe_secret_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class StripeChoice:
    """Additions to the environments of the parts."""

    gateway: dict[str, str]
    worker: dict[str, str]
    functions: dict[str, str]


def choose_stripe(settings: StackSettings, state: State) -> StripeChoice:
    """A key of the developer's means Stripe. The signing secret in ``supabase/functions/.env`` wins."""
    developer = DeveloperStripe()
    theirs = dotenv_values(FUNCTIONS_ENV).get(SIGNING)
    if developer.stripe_secret_key:
        secret = developer.stripe_webhook_secret
        return StripeChoice({}, {}, {SIGNING: secret.get_secret_value()} if secret and not theirs else {})
    signing = theirs.split(",")[0].strip() if theirs else state.stripe_offline_webhook_secret
    gateway = {
        "STRIPE_KEY": state.stripe_offline_key,
        "STRIPE_WEBHOOK_SECRET": signing,
        "STRIPE_FILE": str(settings.lamina_state_dir / "stripe-offline.sqlite3"),
    }
    worker = {
        "STRIPE_API_BASE": f"{state.url}{STRIPE_DOOR}",
        "STRIPE_SECRET_KEY": state.stripe_offline_key,
        SIGNING: signing,
    }
    return StripeChoice(gateway, worker, {} if theirs else {SIGNING: signing})
