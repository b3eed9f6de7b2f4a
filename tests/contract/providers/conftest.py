from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.providers.vendor import Vendor, running_vendor


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with running_vendor() as running:
        yield running
