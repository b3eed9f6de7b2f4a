"""What is sold: products, prices, and the meters that count usage."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from scripts.stack.payments.account import Account, new_id
from scripts.stack.payments.errors import invalid, not_offline
from scripts.stack.payments.listing import listed
from scripts.stack.payments.params import Params
from scripts.stack.payments.store import Obj

INTERVALS = ("day", "week", "month", "year")


def create_product(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/products/create"""
    id = params.text("id") or new_id("prod")
    if account.find("product", id):
        raise invalid(f"Product already exists: {id}", "id", "resource_already_exists")
    product = {
        "id": id,
        "object": "product",
        "active": params.flag("active") is not False,
        "created": account.now,
        "default_price": None,
        "description": params.filled("description"),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": params.metadata(),
        "name": params.required("name"),
        "tax_code": params.text("tax_code") or None,
        "unit_label": params.text("unit_label") or None,
        "updated": account.now,
        "url": params.url("url"),
        "type": "service",
    }
    return account.save(product, "product.created")


def update_product(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/products/update"""
    product = account.get("product", id)
    for name in ("description", "tax_code", "unit_label"):
        if name in params:
            product[name] = params.text(name) or None
    product["name"] = params.text("name") or product["name"]
    product["active"] = product["active"] if (active := params.flag("active")) is None else active
    product["metadata"] = params.metadata(product["metadata"])
    product["updated"] = account.now
    return account.save(product, "product.updated")


def list_products(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/products/list"""
    ids = params.texts("ids")
    return listed(
        account,
        params,
        "product",
        "/v1/products",
        equal=("active",),
        keep=lambda p: not ids or p["id"] in ids,
    )


def create_price(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/prices/create"""
    product = account.refer("product", params.required("product"), "product")
    amount = _amount(params)
    recurring = _recurring(account, params.group("recurring")) if "recurring" in params else None
    params.choice("billing_scheme", ("per_unit",), "per_unit")
    price: Obj = {
        "id": new_id("price"),
        "object": "price",
        "active": params.flag("active") is not False,
        "billing_scheme": "per_unit",
        "created": account.now,
        "currency": params.required("currency").lower(),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": params.metadata(),
        "nickname": params.text("nickname") or None,
        "product": product["id"],
        "recurring": recurring,
        "tax_behavior": params.text("tax_behavior") or "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": int(amount) if amount == amount.to_integral_value() else None,
        "unit_amount_decimal": format(amount.normalize(), "f"),
    }
    _claim_lookup_key(account, price, params)
    return account.save(price, "price.created")


def update_price(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/prices/update: amount and interval of a price never change."""
    price = account.get("price", id)
    price["active"] = price["active"] if (active := params.flag("active")) is None else active
    price["nickname"] = (params.text("nickname") or None) if "nickname" in params else price["nickname"]
    price["metadata"] = params.metadata(price["metadata"])
    _claim_lookup_key(account, price, params)
    return account.save(price, "price.updated")


def list_prices(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/prices/list"""
    keys = params.texts("lookup_keys")
    interval = params.group("recurring").text("interval")

    def keep(price: Obj) -> bool:
        fits = interval is None or (price["recurring"] or {}).get("interval") == interval
        return fits and (not keys or price["lookup_key"] in keys)

    equal = ("active", "currency", "product", "type")
    return listed(account, params, "price", "/v1/prices", equal=equal, keep=keep)


def create_meter(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/billing/meter/create; sums only."""
    name = params.required("event_name")
    if any(m["event_name"] == name and m["status"] == "active" for m in account.all("billing.meter")):
        raise invalid(f"An active meter with event name {name} exists already.", "event_name")
    formula = params.group("default_aggregation").required("formula")
    if formula != "sum":
        raise not_offline(f"meters that aggregate by {formula}", "default_aggregation[formula]")
    customer, value = params.group("customer_mapping"), params.group("value_settings")
    customer.choice("type", ("by_id",), "by_id")
    meter = {
        "id": new_id("mtr"),
        "object": "billing.meter",
        "created": account.now,
        "customer_mapping": {
            "event_payload_key": customer.text("event_payload_key") or "stripe_customer_id",
            "type": "by_id",
        },
        "default_aggregation": {"formula": formula},
        "display_name": params.required("display_name"),
        "event_name": name,
        "event_time_window": None,
        "livemode": False,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": account.now,
        "value_settings": {"event_payload_key": value.text("event_payload_key") or "value"},
    }
    return account.save(meter, "billing.meter.created")


def update_meter(account: Account, params: Params, id: str) -> Obj:
    """docs.stripe.com/api/billing/meter/update"""
    meter = account.get("billing.meter", id)
    meter |= {"display_name": params.text("display_name") or meter["display_name"], "updated": account.now}
    return account.save(meter, "billing.meter.updated")


def list_meters(account: Account, params: Params) -> Obj:
    """docs.stripe.com/api/billing/meter/list"""
    return listed(account, params, "billing.meter", "/v1/billing/meters", equal=("status",))


def _amount(params: Params) -> Decimal:
    """Minor units; with decimals when given as ``unit_amount_decimal``."""
    written = params.text("unit_amount_decimal") or params.text("unit_amount")
    if written is None:
        raise invalid("Missing required param: unit_amount.", "unit_amount", "parameter_missing")
    if "unit_amount" in params and "unit_amount_decimal" in params:
        raise invalid("Give unit_amount or unit_amount_decimal, not both.", "unit_amount")
    try:
        amount = Decimal(written)
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {written}", "unit_amount_decimal") from None
    if not amount.is_finite() or amount < 0:
        raise invalid(f"Invalid amount: {written}", "unit_amount_decimal")
    return amount


def _recurring(account: Account, params: Params) -> Obj:
    usage = params.choice("usage_type", ("licensed", "metered"), "licensed")
    meter = params.text("meter")
    if (usage == "metered") != bool(meter):
        raise invalid("Metered prices, and only they, need a meter.", params.path("meter"))
    if meter:
        account.refer("billing.meter", meter, params.path("meter"))
    return {
        "interval": params.choice("interval", INTERVALS, ""),
        "interval_count": params.integer("interval_count", 1),
        "meter": meter,
        "trial_period_days": None,
        "usage_type": usage,
    }


def _claim_lookup_key(account: Account, price: Obj, params: Params) -> None:
    """A key belongs to one price; ``transfer_lookup_key`` takes it away from the one that has it."""
    transfer = params.flag("transfer_lookup_key")
    if "lookup_key" not in params:
        return
    key = params.text("lookup_key") or None
    holders = [p for p in account.all("price") if p["lookup_key"] == key and p["id"] != price["id"]]
    for holder in holders if key else []:
        if not transfer:
            raise invalid(f"A price (`{holder['id']}`) already uses that lookup key.", "lookup_key")
        account.save(holder | {"lookup_key": None}, "price.updated")
    price["lookup_key"] = key
