"""Makes the plans buyable at the local platform's offline twin of Stripe."""

from __future__ import annotations

import asyncio

import psycopg

from scripts.billing.push import push
from scripts.billing.target import twin_till
from scripts.stack.state import State
from worker.errors import LaminaError


class NotSold(Exception):
    """The plans cannot be bought; the text is for people."""


def sell_offline(state: State) -> bool:
    """Pushes to the twin; False when real Stripe is used, which is pushed to by hand. Raises NotSold."""
    till = twin_till(state)
    if till is None:
        return False
    try:
        asyncio.run(till.do(push))
    except (LaminaError, psycopg.Error) as error:
        raise NotSold(f"The plans cannot be bought offline: {error} Try: lamina plans push") from error
    return True
