"""What the pages look like; pure."""

from __future__ import annotations

from datetime import UTC, datetime

from scripts.stack.payments.amounts import written, written_exactly
from scripts.stack.payments.html import Html, button, html, join, link, page, table
from scripts.stack.payments.store import Obj


def checkout_page(base: str, session: Obj, *, declined: bool) -> Html:
    """What is sold, the amount, and the three ways out."""
    lines = table(("What", "Quantity", "Amount"), [_sold(line) for line in session["line_items"]["data"]])
    total = html('<p class="amount">{total}</p>', total=written(session["amount_total"], session["currency"]))
    if session["status"] != "open":
        text = "This was paid already." if session["status"] == "complete" else "This page has expired."
        return page("Checkout", html("<p>{text}</p>", text=text), lines, total)
    at = f"{base}/pay/{session['id']}"
    buttons = [button(f"{at}/pay", "Pay", kind="main"), button(f"{at}/decline", "Card is declined")]
    if session["cancel_url"]:
        buttons.append(button(f"{at}/cancel", "Cancel"))
    problem = html('<p class="problem">{text}</p>', text="Your card was declined.") if declined else Html("")
    return page("Checkout", lines, total, problem, join(buttons))


def portal_page(session: Obj, subscriptions: list[Html], invoices: list[Obj]) -> Html:
    """The customer's subscriptions, each with its buttons, and invoices."""
    blocks = [html("<h2>Subscriptions</h2>")]
    blocks += subscriptions or [html("<p>None.</p>")]
    rows = [
        (
            link(invoice["hosted_invoice_url"], invoice["number"]),
            day(invoice["created"]),
            written(invoice["total"], invoice["currency"]),
            invoice["status"],
        )
        for invoice in invoices
    ]
    blocks += [html("<h2>Invoices</h2>"), table(("Number", "Date", "Total", "Status"), rows)]
    blocks.append(html("<p>{back}</p>", back=link(session["return_url"], "Back")))
    return page("Your subscription", *blocks)


def subscription_block(at: str, subscription: Obj, names: list[str], plans: list[tuple[Obj, str]]) -> Html:
    """One subscription in the portal; ``at`` is where its buttons lead."""
    end = day(subscription["items"]["data"][0]["current_period_end"])
    state = html(
        "<p><strong>{names}</strong> — {status}, period until {end}</p>",
        names=", ".join(names),
        status=subscription["status"],
        end=end,
    )
    if subscription["status"] == "canceled":
        return state
    chosen = {"subscription": subscription["id"]}
    if subscription["cancel_at_period_end"]:
        text = html("<p>It ends on {end}.</p>", end=end)
        buttons = [text, button(f"{at}/resume", "Do not cancel", kind="main", **chosen)]
    else:
        buttons = [button(f"{at}/cancel", "Cancel at the end of the period", **chosen)]
    buttons.append(button(f"{at}/cancel_now", "Cancel now", **chosen))
    for price, name in plans:
        label = f"Change to {name}, {per(price)}"
        buttons.append(button(f"{at}/change", label, price=price["id"], **chosen))
    return join([state, *buttons])


def invoice_page(base: str, invoice: Obj, *, failed: bool) -> Html:
    """The hosted page of an invoice; an open one can be paid."""
    currency = invoice["currency"]
    rows = [
        (
            line["description"],
            day(line["period"]["start"]),
            day(line["period"]["end"]),
            written(line["amount"], currency),
        )
        for line in invoice["lines"]["data"]
    ]
    balance = written(invoice["starting_balance"], currency)
    facts = table(
        ("Total", "Balance before", "Due", "Paid", "Status"),
        [
            (
                written(invoice["total"], currency),
                balance,
                written(invoice["amount_due"], currency),
                written(invoice["amount_paid"], currency),
                invoice["status"],
            )
        ],
    )
    blocks = [table(("What", "From", "Until", "Amount"), rows), facts]
    if failed:
        blocks.append(html('<p class="problem">{text}</p>', text="Your card was declined."))
    if invoice["status"] == "open":
        at = f"{base}/invoice/{invoice['id']}"
        blocks += [button(f"{at}/pay", "Pay", kind="main"), button(f"{at}/decline", "Card is declined")]
    return page(f"Invoice {invoice['number']}", *blocks)


def pdf_page(invoice: Obj) -> Html:
    """In place of a PDF."""
    text = "Offline there are no PDF files of invoices. Stripe makes them when the platform runs with a key."
    return page(f"Invoice {invoice['number']}", html("<p>{text}</p>", text=text))


def receipt_page(charge: Obj) -> Html:
    """Of a payment that nobody made."""
    amount, back = (written(charge[name], charge["currency"]) for name in ("amount", "amount_refunded"))
    return page("Receipt", table(("Date", "Amount", "Refunded"), [(day(charge["created"]), amount, back)]))


def problem_page(text: str) -> Html:
    """When something cannot be done."""
    return page("This is not possible", html('<p class="problem">{text}</p>', text=text))


def day(at: int) -> str:
    """In UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def per(price: Obj) -> str:
    """``20.00 EUR per month``."""
    amount = written(price["unit_amount"] or 0, price["currency"])
    return f"{amount} per {price['recurring']['interval']}" if price["recurring"] else amount


def _sold(line: Obj) -> tuple[str, str, str]:
    price = line["price"]
    if line["quantity"] is None:
        each = f"{written_exactly(price['unit_amount_decimal'], price['currency'])} each, by usage"
        return line["description"], "–", each
    return line["description"], str(line["quantity"]), per(price)
