from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.providers.stripe_api import KEY, StripeApi, running_stripe
from tests.contract.providers.vendor import Vendor, running_vendor
from worker.providers.payments.stripe import StripePayments
from worker.providers.payments.wire import Endpoint, StripeWire


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with running_vendor() as running:
        yield running


@pytest.fixture
async def stripe_api() -> AsyncIterator[StripeApi]:
    async with running_stripe() as running:
        yield running


@pytest.fixture
async def payments(stripe_api: StripeApi) -> AsyncIterator[StripePayments]:
    made = StripePayments(StripeWire(Endpoint(stripe_api.url, KEY, read_timeout=0.5)))
    yield made
    await made.close()
