"""Meter events: usage as it is reported, and what of it was found wrong afterwards."""

from __future__ import annotations

from datetime import UTC, datetime

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.errors import invalid
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj

OLDEST_SECONDS = 35 * 24 * 3600
NEWEST_SECONDS = 5 * 60
"""docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api"""

FAULT_EVENT = "v1.billing.meter.error_report_triggered"


def create_meter_event(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/billing/meter-event/create; an unknown customer is told by an event later.

    A repeated identifier is refused with a sentence and without a code, as Stripe was seen to do.
    """
    meter = _meter(account, params.required("event_name"))
    payload = params.mapping("payload")
    identifier = params.text("identifier") or new_id("mevt")
    if account.store.get(_key(identifier)):
        raise invalid(f"An event already exists with identifier {identifier}.")
    event = {
        "object": "billing.meter_event",
        "created": account.now,
        "event_name": meter["event_name"],
        "identifier": identifier,
        "livemode": False,
        "payload": payload,
        "timestamp": _timestamp(account, params),
    }
    _check_value(meter, payload)
    account.store.put(event, _key(identifier))
    customer = account.find("customer", payload.get(meter["customer_mapping"]["event_payload_key"]))
    if customer is None or customer.get("deleted"):
        _report_fault(account, meter, event)
    return event


def used(account: Account, meter_id: str, customer_id: str, start: int, end: int, invoice_id: str) -> int:
    """The sum from start until end, end included; each event counts for one invoice only."""
    meter = account.get("billing.meter", meter_id)
    customer, value = (
        meter["customer_mapping"]["event_payload_key"],
        meter["value_settings"]["event_payload_key"],
    )
    total = 0
    for event in account.all("billing.meter_event"):
        if (event["event_name"], event["payload"].get(customer)) != (meter["event_name"], customer_id):
            continue
        if "invoice" in event or not start <= event["timestamp"] <= end:
            continue
        account.store.put(event | {"invoice": invoice_id}, _key(event["identifier"]))
        total += int(event["payload"][value])
    return total


def _key(identifier: str) -> str:
    return f"meter_event:{identifier}"


def _meter(account: Account, name: str) -> Obj:
    for meter in account.all("billing.meter"):
        if meter["event_name"] == name and meter["status"] == "active":
            return meter
    raise invalid(f"No active meter found for event name {name}.", "event_name", "no_meter")


def _timestamp(account: Account, params: Params) -> int:
    at = params.integer("timestamp", account.now) or account.now
    oldest, newest = account.now - OLDEST_SECONDS, account.now + NEWEST_SECONDS
    if at < oldest:
        text = "The event timestamp cannot be more than 35 days in past."
        text += f" Expected a timestamp greater than or equal to {oldest}."
        raise invalid(text, "timestamp", "timestamp_too_far_in_past")
    if at > newest:
        text = f"The event timestamp cannot be more than 5 minutes in the future: {newest} at most."
        raise invalid(text, "timestamp", "timestamp_in_future")
    return at


def _check_value(meter: Obj, payload: dict[str, str]) -> None:
    name = meter["value_settings"]["event_payload_key"]
    if not payload.get(name, "").isdecimal():
        param = f"payload[{name}]"
        raise invalid("The value must be a whole number of 0 or more.", param, "meter_event_invalid_value")


def _report_fault(account: Account, meter: Obj, event: Obj) -> None:
    """A thin event that names the request by its idempotency key; Stripe gathers many errors into one."""
    at = datetime.fromtimestamp(account.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    sample = {
        "error_message": "The customer of the meter event was not found.",
        "request": {"identifier": account.origin.idempotency_key or event["identifier"]},
    }
    fault = {
        "code": "meter_event_customer_not_found",
        "error_count": 1,
        "sample_errors": [sample],
    }
    account.emit_thin(
        {
            "id": new_id("evt_test"),
            "object": "v2.core.event",
            "type": FAULT_EVENT,
            "created": at,
            "livemode": False,
            "context": None,
            "reason": None,
            "related_object": {
                "id": meter["id"],
                "type": "billing.meter",
                "url": f"/v1/billing/meters/{meter['id']}",
            },
            "data": {
                "developer_message_summary": "There is 1 invalid event.",
                "reason": {"error_count": 1, "error_types": [fault]},
                "validation_start": at,
                "validation_end": at,
            },
        }
    )
