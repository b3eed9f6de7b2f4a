"""The port every payment provider fulfils; ``states.py`` has what it reads back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from worker.providers.payments.states import (
    CheckoutRequest,
    CheckoutState,
    CustomerState,
    Hosted,
    Interval,
    InvoiceState,
    MeterFault,
    MeterReceipt,
    MeterState,
    PaymentState,
    PriceState,
    ProductState,
    SubscriptionState,
)


class Payments(Protocol):
    """Money in. Every method raises ProviderError; a state that does not exist (any more) is None.

    Writing methods take an idempotency key: the same key with the same arguments happens once.
    """

    name: str
    offline: bool
    """True when nothing real is paid: shown to users."""

    async def create_customer(
        self, *, workspace_id: UUID, name: str, email: str | None, idempotency_key: str
    ) -> CustomerState: ...

    async def create_checkout(self, request: CheckoutRequest, *, idempotency_key: str) -> Hosted: ...

    async def expire_checkout(self, checkout_id: str) -> None:
        """Closes an open checkout page; one that is no longer open is no error."""
        ...

    async def create_portal(self, *, customer_id: str, return_url: str, idempotency_key: str) -> Hosted: ...

    async def change_subscription(
        self,
        subscription: SubscriptionState,
        *,
        price_id: str,
        metered_price_ids: Sequence[str],
        idempotency_key: str,
    ) -> None:
        """Another plan from now on, difference prorated; the metered items become exactly the given ones."""
        ...

    async def cancel_subscription(self, subscription_id: str, *, idempotency_key: str) -> None:
        """At once; one that is already cancelled or unknown is no error."""
        ...

    async def send_meter_event(
        self, *, event_name: str, customer_id: str, value: int, identifier: str, at: datetime
    ) -> MeterReceipt:
        """Reports usage. Raises ProviderRejected `payments.meter_event_too_old` when `at` is too long ago."""
        ...

    async def subscription(self, subscription_id: str) -> SubscriptionState | None: ...

    async def invoice(self, invoice_id: str) -> InvoiceState | None: ...

    async def checkout(self, checkout_id: str) -> CheckoutState | None: ...

    async def payment(self, payment_id: str) -> PaymentState | None:
        """By the id of the payment intent, or of a charge, refund or dispute of it."""
        ...

    async def customer(self, customer_id: str) -> CustomerState | None: ...

    async def product(self, product_id: str) -> ProductState | None: ...

    async def price(self, price_id: str) -> PriceState | None: ...

    async def meter_fault(self, event_id: str) -> MeterFault | None: ...

    def subscriptions(self) -> AsyncIterator[SubscriptionState]:
        """All of the account, ended ones too, for reconciliation."""
        ...

    def invoices(self, *, since: datetime) -> AsyncIterator[InvoiceState]:
        """Those created since then, newest first."""
        ...

    async def close(self) -> None:
        """Releases connections."""
        ...


class Catalog(Protocol):
    """The provider's products and prices, for `lamina plans`. Every method raises ProviderError."""

    def products(self) -> AsyncIterator[ProductState]:
        """Those that carry our metadata, `plan` or `pack`, archived ones too."""
        ...

    def prices(self) -> AsyncIterator[PriceState]:
        """Those whose lookup key begins with `lamina_`, archived ones too."""
        ...

    def meters(self) -> AsyncIterator[MeterState]: ...

    async def create_product(
        self,
        *,
        name: str,
        description: str,
        plan: str | None = None,
        version: int | None = None,
        pack: str | None = None,
        idempotency_key: str,
    ) -> ProductState:
        """Of a version of a plan, or of a credit pack."""
        ...

    async def update_product(
        self, product_id: str, *, name: str, description: str, active: bool
    ) -> ProductState: ...

    async def create_price(
        self,
        *,
        product_id: str,
        lookup_key: str,
        currency: str,
        unit_amount: str,
        interval: Interval | None,
        meter_id: str | None,
        replaces: bool = False,
        idempotency_key: str,
    ) -> PriceState:
        """`unit_amount` in minor units with decimals; one-time without interval, metered with a meter.

        `replaces`: the price that has the lookup key now loses it.
        """
        ...

    async def set_price_active(self, price_id: str, active: bool) -> None:
        """An archived price is not sold any more; running subscriptions keep it."""
        ...

    async def create_meter(self, *, event_name: str, name: str, idempotency_key: str) -> MeterState: ...
