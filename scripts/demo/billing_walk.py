"""Billing, walked through as a customer would: from plan Free to a paid plan and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

from scripts.demo.customer import BACK, Customer
from scripts.demo.visitor import DemoFailed, listening, sign_up
from scripts.stack.payments.amounts import written
from supabase import acreate_client

PATIENCE_SECONDS = 120.0
PREMIUM = "models.premium"
PACK = "requests_1000"
QUESTIONS = ("What does the handbook say?", "Who wrote it?", "Is there more?")


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, for people in ``says``, for programs in ``facts``."""

    name: str
    seconds: float
    says: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)


Tell = Callable[[Step], None]
Act = Callable[[Customer], Awaitable[tuple[tuple[str, ...], dict[str, Any]]]]


async def billing_walk(url: str, key: str, tell: Tell) -> list[Step]:
    """As a new user of a platform with the offline twin. Raises DemoFailed."""
    steps: list[Step] = []
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), _customer(url, key) as customer:
            for name, act in STORY:
                began = monotonic()
                says, facts = await act(customer)
                steps.append(Step(name, monotonic() - began, says, facts))
                tell(steps[-1])
    except TimeoutError as error:
        raise DemoFailed(f"Not done after {PATIENCE_SECONDS:.0f} s; see `lamina logs worker`.") from error
    return steps


@asynccontextmanager
async def _customer(url: str, key: str) -> AsyncIterator[Customer]:
    client, moved = await acreate_client(url, key), asyncio.Event()
    workspace_id = await sign_up(client)
    user = await client.auth.get_user()
    if user is None:
        raise DemoFailed("The new user is not signed in.")
    sessions = listening(client, f"user:{user.user.id}", {"billing_session": lambda _: moved.set()})
    plans = listening(client, f"workspace:{workspace_id}", {"billing": lambda _: moved.set()})
    async with sessions, plans, httpx.AsyncClient(timeout=20) as browser:
        yield Customer(client, browser, workspace_id, moved)
        await client.auth.sign_out()


async def _free(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    usage, premium = await customer.usage(), await customer.may(PREMIUM)
    requests = usage["requests"]
    says = (f"{requests['included']} requests a month, premium models: {_yes(premium)}",)
    return says, {"plan": requests["plan"], "included": requests["included"], "premium": premium}


async def _checkout(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    session = await customer.begin(
        "start_checkout",
        "open",
        plan="professional",
        interval="month",
        success_url=f"{BACK}?paid",
        cancel_url=BACK,
    )
    return (f"pay at {session['url']}",), {"session": session["id"], "url": session["url"]}


async def _pay(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    (session,) = await customer.table("billing_sessions", kind="checkout")
    await customer.press(session["url"], "Pay")
    await customer.session(session["id"], "complete")
    await _plan(customer, "professional")
    (subscription,) = await customer.table("subscriptions")
    _, facts = await _free(customer)
    says = (
        f"subscription {subscription['status']}, paid until {subscription['current_period_end'][:10]}",
        f"{facts['included']} requests a month, premium models: {_yes(facts['premium'])}",
    )
    return says, facts | {"status": subscription["status"]}


async def _papers(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    async def look() -> tuple[dict[str, Any], dict[str, Any]] | None:
        invoices = await customer.table("invoices", status="paid")
        payments = await customer.table("payments", status="succeeded")
        return (invoices[0], payments[0]) if invoices and payments else None

    invoice, payment = await customer.until(look)
    for name in ("hosted_url", "pdf_url"):
        if not await customer.opens(invoice[name]):
            raise DemoFailed(f"The invoice's {name} does not open: {invoice[name]}")
    total = written(invoice["total"], invoice["currency"])
    says = (
        f"invoice {invoice['number']}, {total}, {invoice['status']}: {invoice['hosted_url']}",
        f"as a file: {invoice['pdf_url']}",
        f"payment {payment['status']}, {written(payment['amount'], payment['currency'])}",
    )
    return says, {"total": invoice["total"], "paid": payment["amount"], "invoice": invoice["hosted_url"]}


async def _change(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    await customer.begin("change_plan", "complete", plan="business", interval="month")
    await _plan(customer, "business")
    requests = (await customer.usage())["requests"]
    says = (f"{requests['included']} requests a month; the difference is on the next invoice",)
    return says, {"plan": requests["plan"], "included": requests["included"]}


async def _credits(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    session = await customer.begin(
        "buy_credit_pack", "open", pack=PACK, success_url=f"{BACK}?paid", cancel_url=BACK
    )
    await customer.press(session["url"], "Pay")
    await customer.session(session["id"], "complete")
    credits_left = (await customer.usage())["requests"]["credits"]
    return (f"{credits_left} more requests, when the plan's are used up",), {"credits": credits_left}


async def _use(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    for number, question in enumerate(QUESTIONS):
        await customer.call("ask", question=question, idempotency_key=f"demo:{number}")

    async def look() -> dict[str, Any] | None:
        requests = (await customer.usage())["requests"]
        return requests if requests["used"] == len(QUESTIONS) else None

    requests = await customer.until(look)
    says = (
        f"{requests['used']} of {requests['included']} requests used, {requests['credits']} credits left",
        f"begins again on {requests['resets_at'][:10]}",
    )
    return says, {name: requests[name] for name in ("used", "included", "credits", "overage")}


async def _cancel(customer: Customer) -> tuple[tuple[str, ...], dict[str, Any]]:
    portal = await customer.begin("open_portal", "open", return_url=BACK)
    await customer.press(portal["url"], "Cancel now")
    await _plan(customer, "free")
    (subscription,) = await customer.table("subscriptions")
    says, facts = await _free(customer)
    credits_left = (await customer.usage())["requests"]["credits"]
    says = (f"subscription {subscription['status']}", *says, f"credits stay: {credits_left}")
    return says, facts | {"status": subscription["status"], "credits": credits_left}


async def _plan(customer: Customer, wanted: str) -> None:
    async def look() -> str | None:
        plan = await customer.plan()
        return plan if plan == wanted else None

    await customer.until(look)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


STORY: tuple[tuple[str, Act], ...] = (
    ("Plan Free", _free),
    ("Checkout of Professional, by the month", _checkout),
    ("Paid: plan Professional", _pay),
    ("Invoice and payment", _papers),
    ("Changed to Business", _change),
    ("Bought a credit pack", _credits),
    ("Asked three questions", _use),
    ("Cancelled in the portal: plan Free", _cancel),
)
