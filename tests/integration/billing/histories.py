"""What happens to fifty subscriptions at Stripe, each in its own way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.integration.billing.silent_stripe import Stripe

Pause = Callable[[str], Awaitable[None]]
"""Between two steps, while others go on; given what the last step has changed."""


async def sell_pack(stripe: Stripe, number: int, checkout: str, pause: Pause) -> None:
    """A single payment; every second one goes back to the payer."""
    await stripe.press(f"/pay/{checkout}/pay")
    if number % 2:
        session = await stripe.get(f"/v1/checkout/sessions/{checkout}")
        await pause(checkout)
        await stripe.post("/offline/refund", payment_intent=session["payment_intent"])


async def live(stripe: Stripe, number: int, checkout: str, pause: Pause) -> None:
    """From the page of the checkout on."""
    if number % 4 == 0:
        await stripe.press(f"/pay/{checkout}/decline")
    await stripe.press(f"/pay/{checkout}/pay")
    subscription = (await stripe.get(f"/v1/checkout/sessions/{checkout}"))["subscription"]
    await pause(subscription)
    await _LIVES[number % len(_LIVES)](stripe, subscription, pause)


async def _renew(
    stripe: Stripe, subscription: str, pause: Pause, payment: str = "succeeds"
) -> dict[str, Any]:
    done = await stripe.post("/offline/advance", subscription=subscription, payment=payment)
    await pause(subscription)
    return done


async def _renewed_twice(stripe: Stripe, subscription: str, pause: Pause) -> None:
    await _renew(stripe, subscription, pause)
    await _renew(stripe, subscription, pause)


async def _paid_late(stripe: Stripe, subscription: str, pause: Pause) -> None:
    done = await _renew(stripe, subscription, pause, payment="fails")
    await stripe.press(f"/invoice/{done['invoice']['id']}/decline")
    await stripe.press(f"/invoice/{done['invoice']['id']}/pay")


async def _never_paid(stripe: Stripe, subscription: str, pause: Pause) -> None:
    await _renew(stripe, subscription, pause, payment="fails")
    await stripe.cancel(subscription)


async def _cancelled(stripe: Stripe, subscription: str, pause: Pause) -> None:
    await stripe.cancel(subscription)


async def _ends_with_its_period(stripe: Stripe, subscription: str, pause: Pause) -> None:
    await stripe.post(f"/v1/subscriptions/{subscription}", cancel_at_period_end="true")
    await pause(subscription)
    await _renew(stripe, subscription, pause)


async def _stays_after_all(stripe: Stripe, subscription: str, pause: Pause) -> None:
    await stripe.post(f"/v1/subscriptions/{subscription}", cancel_at_period_end="true")
    await pause(subscription)
    await stripe.post(f"/v1/subscriptions/{subscription}", cancel_at_period_end="false")


async def _changes_plan(stripe: Stripe, subscription: str, pause: Pause) -> None:
    now = await stripe.get(f"/v1/subscriptions/{subscription}")
    flat = next(item for item in now["items"]["data"] if "quantity" in item)
    plans = await stripe.get("/v1/prices", active="true", limit=100)
    wanted = _another_plan(plans["data"], flat["price"]["id"], flat["price"]["recurring"]["interval"])
    fields = {"items[0][id]": flat["id"], "items[0][price]": wanted, "proration_behavior": "always_invoice"}
    await stripe.post(f"/v1/subscriptions/{subscription}", **fields)
    await pause(subscription)


async def _money_back(stripe: Stripe, subscription: str, pause: Pause) -> None:
    done = await _renew(stripe, subscription, pause)
    charges = await stripe.get("/v1/charges", customer=done["subscription"]["customer"])
    await stripe.post("/offline/refund", charge=charges["data"][0]["id"], amount=100)
    disputed = charges["data"][1]["id"]
    await stripe.post("/offline/dispute", charge=disputed)
    await pause(disputed)
    await stripe.post("/offline/dispute", charge=disputed, outcome="won")


def _another_plan(prices: list[dict[str, Any]], present: str, interval: str) -> str:
    """Of our plans with the same interval."""
    for price in prices:
        terms = price["recurring"] or {}
        if terms.get("interval") == interval and terms["usage_type"] == "licensed" and price["id"] != present:
            return str(price["id"])
    raise AssertionError("there is one plan only")


_LIVES = (
    _renewed_twice,
    _paid_late,
    _never_paid,
    _cancelled,
    _ends_with_its_period,
    _stays_after_all,
    _changes_plan,
    _money_back,
)
