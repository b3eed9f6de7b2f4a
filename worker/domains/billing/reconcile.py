"""Compares our rows with the provider's objects, reports what differs and mends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from psycopg.types.json import Jsonb

from worker.db.pool import Database, Row
from worker.domains.billing.events import read
from worker.domains.billing.repository import SQL
from worker.domains.billing.rules import (
    FINAL,
    Drift,
    State,
    checkout_drift,
    invoice_drift,
    kind_of,
    subscription_drift,
    to_json,
)
from worker.providers.payments.port import Payments
from worker.providers.payments.states import CheckoutState, InvoiceState, SubscriptionState

PAGE = 100


@dataclass(slots=True)
class Report:
    """``checked`` objects of the provider's were compared."""

    dry_run: bool
    checked: int = 0
    drift: list[Drift] = field(default_factory=list)


async def reconcile(db: Database, payments: Payments, *, dry_run: bool, since: datetime) -> Report:
    """All subscriptions, the invoices made since then, pages still open; ours become what the provider says.

    Objects of customers that are not ours are left alone. Raises ProviderError.
    """
    begun = await db.one(SQL["read_clock"], {})
    assert begun is not None
    run = _Run(db, payments, Report(dry_run), begun["now"])
    await run.subscriptions()
    await run.invoices(since)
    await run.checkouts()
    await run.meter_events()
    await db.one(SQL["save_report"], _report_row(run.report))
    return run.report


def _report_row(report: Report) -> Row:
    drift = Jsonb([asdict(drift) for drift in report.drift])
    return {"dry_run": report.dry_run, "checked": report.checked, "drift": drift}


@dataclass(slots=True)
class _Run:
    """One reconciliation; what is read counts from ``observed_at`` on, so a later event's reading wins."""

    db: Database
    payments: Payments
    report: Report
    observed_at: datetime

    async def subscriptions(self) -> None:
        ours = {row["id"]: row for row in await self.db.rows(SQL["list_subscriptions"], {"id": None})}
        customers = await self._customers()
        seen: set[str] = set()
        async for state in self.payments.subscriptions():
            seen.add(state.id)
            if state.workspace_id is not None or state.customer_id in customers:
                self.report.checked += 1
                await self._mend(subscription_drift(ours.get(state.id), state), state)
        for row in ours.values():
            if row["id"] not in seen and row["status"] not in FINAL:
                self.report.drift.append(Drift(row["id"], "subscription.not_there", row["status"], None))

    async def invoices(self, since: datetime) -> None:
        customers = await self._customers()
        async for page in _pages(self.payments.invoices(since=since)):
            ids = [state.id for state in page]
            ours = {row["id"]: row for row in await self.db.rows(SQL["list_invoices"], {"ids": ids})}
            for state in page:
                if state.customer_id in customers:
                    self.report.checked += 1
                    await self._mend(invoice_drift(ours.get(state.id), state), state)

    async def checkouts(self) -> None:
        """A page whose event never came: what was paid on it is given now."""
        for row in await self.db.rows(SQL["list_open_checkouts"], {}):
            states = await read(self.payments, "checkout", row["id"])
            self.report.checked += 1
            drift = checkout_drift(next((s for s in states if isinstance(s, CheckoutState)), None))
            if drift is None:
                continue
            mended = not self.report.dry_run and "applied" in [await self._apply(state) for state in states]
            self.report.drift.append(replace(drift, mended=mended))

    async def meter_events(self) -> None:
        for row in await self.db.rows(SQL["list_failed_meter_events"], {}):
            self.report.drift.append(
                Drift(str(row["ledger_id"]), "meter_event.failed", row["error_code"], None)
            )

    async def _customers(self) -> set[str]:
        return {row["customer_id"] for row in await self.db.rows(SQL["list_customers"], {})}

    async def _mend(self, drift: Drift | None, state: SubscriptionState | InvoiceState) -> None:
        if drift is None:
            return
        if self.report.dry_run:
            self.report.drift.append(drift)
            return
        if await self._apply(state) != "superseded":
            self.report.drift.append(replace(drift, mended=await self._compare(state) is None))

    async def _apply(self, state: State) -> str:
        parameters = {
            "kind": kind_of(state),
            "state": Jsonb(to_json(state)),
            "observed_at": self.observed_at,
        }
        row = await self.db.one(SQL["apply_state"], parameters)
        return str(row["outcome"]) if row else "unknown"

    async def _compare(self, state: SubscriptionState | InvoiceState) -> Drift | None:
        """What still differs: a subscription at a price that is none of ours stays wrong, for instance."""
        if isinstance(state, SubscriptionState):
            rows = await self.db.rows(SQL["list_subscriptions"], {"id": state.id})
            return subscription_drift(rows[0] if rows else None, state)
        rows = await self.db.rows(SQL["list_invoices"], {"ids": [state.id]})
        return invoice_drift(rows[0] if rows else None, state)


async def _pages(states: AsyncIterator[InvoiceState]) -> AsyncIterator[list[InvoiceState]]:
    """So many at a time are looked up in one statement."""
    page: list[InvoiceState] = []
    async for state in states:
        page.append(state)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
