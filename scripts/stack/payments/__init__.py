"""The offline twin of Stripe: the part of its API that Lamina uses, with state, pages and signed webhooks.

Without a key of Stripe's the local platform sells through it. No money moves, and every page says so. It
keeps to Stripe's documented behaviour where code can tell the difference. Simpler on purpose: people press
whether the card is declined; no taxes, discounts, trials, drafts or classic billing mode; invoices are final
and attempted at once, and failed ones are retried by people only; usage that is reported after its period was
invoiced is never billed; time passes by the clock or by ``POST /offline/advance``.
"""

from scripts.stack.payments.app import create_offline_stripe_app
from scripts.stack.payments.config import API_VERSION, OfflineStripeConfig

__all__ = ["API_VERSION", "OfflineStripeConfig", "create_offline_stripe_app"]
